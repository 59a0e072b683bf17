"""Transforms as functions, on PIL images and on tensors (..., C, H, W)."""

from facula.vision.transforms.functional.color import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
    autocontrast,
    equalize,
    invert,
    posterize,
    rgb_to_grayscale,
    solarize,
    to_grayscale,
)
from facula.vision.transforms.functional.convert import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from facula.vision.transforms.functional.distort import (
    affine,
    elastic_transform,
    perspective,
    rotate,
)
from facula.vision.transforms.functional.filters import erase, gaussian_blur
from facula.vision.transforms.functional.geometry import (
    center_crop,
    crop,
    five_crop,
    hflip,
    pad,
    resize,
    resized_crop,
    ten_crop,
    vflip,
)
from facula.vision.transforms.functional.kinds import (
    InterpolationMode,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
)

__all__ = [
    "to_tensor", "pil_to_tensor", "to_pil_image", "convert_image_dtype", "normalize",
    "resize", "crop", "center_crop", "resized_crop", "five_crop", "ten_crop", "pad",
    "hflip", "vflip", "rotate", "affine", "perspective", "elastic_transform",
    "adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_hue", "adjust_gamma",
    "adjust_sharpness", "rgb_to_grayscale", "to_grayscale", "invert", "posterize", "solarize",
    "autocontrast", "equalize", "gaussian_blur", "erase",
    "get_dimensions", "get_image_size", "get_image_num_channels", "InterpolationMode",
]
