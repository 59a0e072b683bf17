"""Functions that treat pictures, videos, masks, boxes and points each as they need it.

The first argument is a tensor, a PIL image, or one of the classes of
:mod:`facula.vision.tv_tensors`; the kernels for pictures are those of
:mod:`facula.vision.transforms.functional`.
"""

from typing import Any

from facula.vision.transforms import functional as _v1
from facula.vision.transforms.functional import (
    InterpolationMode,
    get_dimensions,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from facula.vision.transforms.v2.functional import boxes as _boxes
from facula.vision.transforms.v2.functional import moves as _moves
from facula.vision.transforms.v2.functional import pictures as _pictures
from facula.vision.transforms.v2.functional.boxes import (
    clamp_bounding_boxes,
    clamp_keypoints,
    convert_bounding_box_format,
    sanitize_bounding_boxes,
    sanitize_keypoints,
)
from facula.vision.transforms.v2.functional.dispatch import functional as _functional
from facula.vision.transforms.v2.functional.dispatch import (
    is_pure_tensor,
    register_kernel,
)
from facula.vision.transforms.v2.functional.pictures import (
    get_num_frames,
    get_size,
    to_image,
)
from facula.vision.tv_tensors import BoundingBoxes as _BoundingBoxes
from facula.vision.tv_tensors import KeyPoints as _KeyPoints
from facula.vision.tv_tensors import Mask as _Mask
from facula.vision.tv_tensors import wrap as _wrap

# Colours and values: pictures and videos only.
adjust_brightness = _functional(_v1.adjust_brightness)
adjust_contrast = _functional(_v1.adjust_contrast)
adjust_saturation = _functional(_v1.adjust_saturation)
adjust_hue = _functional(_v1.adjust_hue)
adjust_gamma = _functional(_v1.adjust_gamma)
adjust_sharpness = _functional(_v1.adjust_sharpness)
rgb_to_grayscale = _functional(_v1.rgb_to_grayscale, videos=False)
to_grayscale = rgb_to_grayscale
grayscale_to_rgb = _functional(_pictures.grayscale_to_rgb, videos=False)
invert = _functional(_v1.invert)
posterize = _functional(_pictures.posterize)
solarize = _functional(_v1.solarize)
autocontrast = _functional(_v1.autocontrast)
equalize = _functional(_pictures.equalize)
permute_channels = _functional(_pictures.permute_channels)
gaussian_blur = _functional(_v1.gaussian_blur)
gaussian_noise = _functional(_pictures.gaussian_noise)
normalize = _functional(_v1.normalize)
erase = _functional(_v1.erase)
jpeg = _functional(_pictures.jpeg)
convert_image_dtype = _functional(_v1.convert_image_dtype)
uniform_temporal_subsample = _functional(_pictures.uniform_temporal_subsample)
five_crop = _functional(_v1.five_crop)
ten_crop = _functional(_v1.ten_crop)
to_dtype = _functional(_pictures.to_dtype)

# Geometry: everything that has a place in the picture.
resize = _functional(_pictures.resize)
horizontal_flip = _functional(_v1.hflip)
vertical_flip = _functional(_v1.vflip)
crop = _functional(_v1.crop)
center_crop = _functional(_v1.center_crop)
resized_crop = _functional(_pictures.resized_crop)
pad = _functional(_v1.pad)
affine = _functional(_v1.affine)
rotate = _functional(_v1.rotate)
perspective = _functional(_v1.perspective)
elastic = _functional(_v1.elastic_transform)
hflip, vflip, elastic_transform = horizontal_flip, vertical_flip, elastic


def _place(front: Any, name: str, picture: Any) -> None:
    """Kernels for masks, boxes and points of a geometric functional."""
    mover = getattr(_moves, name)
    samples = "interpolation" in picture.__code__.co_varnames

    def mask(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        if samples:  # labels are never mixed
            args, kwargs = _with_nearest(picture, args, kwargs)
        return _wrap(picture(inpt, *args, **kwargs), like=inpt)

    def boxes(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        return _boxes.moved(inpt, mover(inpt.canvas_size, *args, **kwargs))

    def points(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        move = mover(inpt.canvas_size, *args, **kwargs)
        return _wrap(_moves.moved_points(inpt, move), like=inpt, canvas_size=move.canvas)

    front.kernels.update({_Mask: mask, _BoundingBoxes: boxes, _KeyPoints: points})


def _with_nearest(picture: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    """The arguments with nearest sampling in place of any other."""
    at = picture.__code__.co_varnames.index("interpolation") - 1
    if at < len(args):
        return (*args[:at], InterpolationMode.NEAREST, *args[at + 1:]), kwargs
    return args, {**kwargs, "interpolation": InterpolationMode.NEAREST}


for _name, _front, _kernel in (
        ("resize", resize, _pictures.resize), ("horizontal_flip", horizontal_flip, _v1.hflip),
        ("vertical_flip", vertical_flip, _v1.vflip), ("crop", crop, _v1.crop),
        ("center_crop", center_crop, _v1.center_crop),
        ("resized_crop", resized_crop, _pictures.resized_crop), ("pad", pad, _v1.pad),
        ("affine", affine, _v1.affine), ("rotate", rotate, _v1.rotate),
        ("perspective", perspective, _v1.perspective),
        ("elastic", elastic, _v1.elastic_transform)):
    _place(_front, _name, _kernel)
for _kind in (_Mask, _BoundingBoxes, _KeyPoints):
    to_dtype.kernels[_kind] = lambda inpt, dtype=None, scale=False: (
        inpt if dtype is None else inpt.to(dtype))

get_image_num_channels = get_num_channels = _v1.get_image_num_channels
get_image_size = _v1.get_image_size

__all__ = [
    "InterpolationMode", "register_kernel", "is_pure_tensor",
    "resize", "horizontal_flip", "hflip", "vertical_flip", "vflip", "crop", "center_crop",
    "resized_crop", "pad", "affine", "rotate", "perspective", "elastic", "elastic_transform",
    "five_crop", "ten_crop",
    "adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_hue", "adjust_gamma",
    "adjust_sharpness", "rgb_to_grayscale", "to_grayscale", "grayscale_to_rgb", "invert",
    "posterize", "solarize", "autocontrast", "equalize", "permute_channels", "gaussian_blur",
    "gaussian_noise", "normalize", "erase", "jpeg", "uniform_temporal_subsample",
    "to_image", "to_dtype", "to_pil_image", "pil_to_tensor", "to_tensor", "convert_image_dtype",
    "convert_bounding_box_format", "clamp_bounding_boxes", "clamp_keypoints",
    "sanitize_bounding_boxes", "sanitize_keypoints",
    "get_dimensions", "get_size", "get_num_channels", "get_image_num_channels", "get_image_size",
    "get_num_frames",
]
