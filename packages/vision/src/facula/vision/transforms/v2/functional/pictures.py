"""What v2 adds for pictures: types, noise, JPEG's losses, channels, sizes, frames."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image as PIL

from facula.core import Tensor, cat, clamp, float32, from_numpy, randn_like, stack, uint8
from facula.vision.transforms import functional as V1
from facula.vision.transforms.functional.geometry import resized_size
from facula.vision.transforms.functional.kinds import (
    PIL_MODES,
    InterpolationMode,
    interpolation_mode,
    is_pil,
)
from facula.vision.tv_tensors import BoundingBoxes, Image, KeyPoints


def to_image(inpt: Any) -> Image:
    """A PIL image, an array (H, W, C) or a tensor as an :class:`~facula.vision.tv_tensors.Image`.

    Examples
    --------
    >>> import numpy as np
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.to_image(np.zeros((4, 5, 3), np.uint8)).shape
    facula.Size([3, 4, 5])
    """
    if isinstance(inpt, np.ndarray):
        array = inpt[:, :, None] if inpt.ndim == 2 else inpt
        axes = (*range(array.ndim - 3), array.ndim - 1, array.ndim - 3, array.ndim - 2)
        inpt = from_numpy(np.ascontiguousarray(array.transpose(axes)))
    elif is_pil(inpt):
        inpt = V1.pil_to_tensor(inpt)
    elif not isinstance(inpt, Tensor):
        raise TypeError("to_image: the input must be a PIL image, an array or a Tensor, but is of "
                        f"type {type(inpt).__name__}")
    image: Image = Image(inpt)
    return image


def to_dtype(inpt: Any, dtype: Any = float32, scale: bool = False) -> Any:
    """A tensor of another dtype; with ``scale``, its values scaled to that dtype's range.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.to_dtype(facula.tensor([0, 255], dtype=facula.uint8), facula.float32, scale=True)
    tensor([0., 1.])
    """
    return V1.convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


def gaussian_noise(inpt: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    """A tensor picture with Gaussian noise; ``clip`` keeps its values in range.

    For uint8, mean and deviation are shares of 255.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.gaussian_noise(facula.zeros(1, 2, 2), mean=1.0, sigma=0.0)
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    if not isinstance(inpt, Tensor):
        raise TypeError("gaussian_noise: PIL images are not supported: use ToImage first")
    if sigma < 0:
        raise ValueError(f"gaussian_noise: sigma={sigma} must not be negative")
    if inpt.is_floating_point():
        out = inpt + mean + randn_like(inpt) * sigma
        return clamp(out, 0, 1) if clip else out
    if inpt.dtype.name != "uint8":
        raise ValueError(f"gaussian_noise: the picture must be floating or uint8, not "
                         f"{inpt.dtype.name}")
    values = inpt.to(float32)
    out = values + (mean + randn_like(values) * sigma) * 255
    if clip:
        return clamp(out, 0, 255).to(inpt.dtype)
    return out.to(inpt.dtype)


def jpeg(image: Any, quality: int) -> Any:
    """A uint8 picture after JPEG compression of this quality, 1 to 100.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.jpeg(facula.zeros(3, 8, 8, dtype=facula.uint8), 50).shape
    facula.Size([3, 8, 8])
    """
    if is_pil(image):
        held = io.BytesIO()
        image.save(held, "JPEG", quality=quality)
        return PIL.open(held).convert(image.mode)
    if image.dtype.name != "uint8":
        raise ValueError(f"jpeg: the picture must be uint8, not {image.dtype.name}")
    planes = image.cpu().reshape(-1, *image.shape[-3:])
    coded = [V1.pil_to_tensor(jpeg(V1.to_pil_image(part), quality)) for part in planes]
    out = stack(coded) if coded else planes
    return out.reshape(image.shape).to(image.device)


def permute_channels(inpt: Any, permutation: Sequence[int]) -> Any:
    """A picture with its channels in another order.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.permute_channels(facula.arange(3).reshape(3, 1, 1), [2, 0, 1]).reshape(-1)
    tensor([2, 0, 1])
    """
    image = V1.pil_to_tensor(inpt) if is_pil(inpt) else inpt
    if sorted(permutation) != list(range(image.shape[-3])):
        raise ValueError(f"permute_channels: permutation={list(permutation)} must hold each of the "
                         f"{image.shape[-3]} channels once")
    out = stack([image[..., i, :, :] for i in permutation], dim=-3)
    return V1.to_pil_image(out, inpt.mode) if is_pil(inpt) else out


def grayscale_to_rgb(inpt: Any) -> Any:
    """A picture in three channels, equal ones where it had one; others stay as they are.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.grayscale_to_rgb(facula.zeros(1, 2, 2)).shape
    facula.Size([3, 2, 2])
    """
    if is_pil(inpt):
        return inpt.convert("RGB")
    return cat([inpt] * 3, dim=-3) if inpt.shape[-3] == 1 else inpt


def posterize(inpt: Any, bits: int) -> Any:
    """A picture with only ``bits`` bits for each value; floating ones get ``2 ** bits`` levels.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.posterize(facula.tensor([[[0.2, 0.6, 1.0]]]), 1)
    tensor([[[0.0000, 0.5000, 0.5000]]])
    """
    if not isinstance(inpt, Tensor) or not inpt.is_floating_point():
        return V1.posterize(inpt, bits)
    if not 0 <= bits <= 8:
        raise ValueError(f"posterize: bits={bits} must be between 0 and 8")
    levels = 1 << bits
    return clamp((inpt * levels).floor(), 0, levels - 1) / levels


def equalize(inpt: Any) -> Any:
    """A picture whose values are spread so that each is about as frequent as the others.

    Floating pictures are spread in steps of 1 / 255.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.equalize(facula.full((1, 2, 2), 0.2)).shape
    facula.Size([1, 2, 2])
    """
    if not isinstance(inpt, Tensor) or not inpt.is_floating_point():
        return V1.equalize(inpt)
    return to_dtype(V1.equalize(to_dtype(inpt, uint8, True)), inpt.dtype, True)


def uniform_temporal_subsample(inpt: Any, num_samples: int) -> Any:
    """``num_samples`` pictures of a video (..., T, C, H, W), evenly spread over its time.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.uniform_temporal_subsample(facula.zeros(9, 3, 2, 2), 4).shape
    facula.Size([4, 3, 2, 2])
    """
    frames = inpt.shape[-4]
    at = np.linspace(0, frames - 1, num_samples).astype(np.int64)
    return inpt.index_select(inpt.ndim - 4, from_numpy(at).to(inpt.device))


def get_size(inpt: Any) -> list[int]:
    """Height and width of a picture, a mask, or the canvas of boxes and points.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import functional as F
    >>> F.get_size(facula.zeros(3, 4, 5))
    [4, 5]
    """
    if isinstance(inpt, (BoundingBoxes, KeyPoints)):
        return list(inpt.canvas_size)
    return V1.get_dimensions(inpt)[1:]


def get_num_frames(inpt: Any) -> int:
    """The number of pictures in a video (..., T, C, H, W)."""
    if not isinstance(inpt, Tensor) or inpt.ndim < 4:
        raise TypeError("get_num_frames: the input must be a video (..., T, C, H, W)")
    return int(inpt.shape[-4])


def resize(img: Any, size: Any, interpolation: Any = InterpolationMode.BILINEAR,
           max_size: int | None = None, antialias: bool | None = True) -> Any:
    """A picture in another size; uint8 on the CPU by Pillow, which rounds after each axis."""
    mode = interpolation_mode("resize", interpolation)
    if not (isinstance(img, Tensor) and img.dtype is uint8 and img.device.type == "cpu"
            and antialias and img.ndim >= 2
            and mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)):
        return V1.resize(img, size, mode, max_size, antialias)
    height, width = img.shape[-2:]
    new = resized_size("resize", height, width, size, max_size)
    if new == (height, width) or min(new) < 1 or 0 in img.shape:
        return V1.resize(img, size, mode, max_size, antialias)
    out = np.empty((*img.shape[:-2], *new), np.uint8)
    planes = np.ascontiguousarray(img.numpy()).reshape(-1, height, width)
    for plane, made in zip(planes, out.reshape(-1, *new), strict=True):
        made[...] = PIL.fromarray(plane).resize(new[::-1], PIL_MODES[mode])
    return from_numpy(out)


def resized_crop(img: Any, top: int, left: int, height: int, width: int, size: Any,
                 interpolation: Any = InterpolationMode.BILINEAR,
                 antialias: bool | None = True) -> Any:
    """A rectangle of a picture, resized as by :func:`resize`."""
    return resize(V1.crop(img, top, left, height, width), size, interpolation, None, antialias)
