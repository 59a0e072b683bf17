"""Conversions between PIL images, arrays and tensors, and of tensors' ranges."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from facula.core import Tensor, as_tensor, float32, from_numpy, get_default_dtype, where

_WIDE = {"I": np.int32, "I;16": np.uint16, "I;16B": np.uint16, "I;16L": np.uint16,
         "F": np.float32}
_CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def _pil_array(pic: Image.Image) -> np.ndarray:
    """The picture's values as (C, H, W) in memory order; a fresh array."""
    if pic.mode == "1":
        array = np.array(pic, np.uint8) * np.uint8(255)
    elif pic.mode in _WIDE:
        array = np.array(pic).astype(_WIDE[pic.mode])
    else:
        array = np.array(pic)
    if array.ndim == 2:
        return array[None]
    return np.ascontiguousarray(array.transpose(2, 0, 1))


def to_tensor(pic: Any) -> Tensor:
    """A picture as a floating tensor (C, H, W); 8-bit values 0 to 255 become 0 to 1.

    Parameters
    ----------
    pic : PIL image or numpy.ndarray
        An array has shape (H, W) or (H, W, C).

    Returns
    -------
    Tensor
        In the default floating dtype if the values were of 8 bits; else of the same type.

    Raises
    ------
    TypeError
        If it is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from facula.vision.transforms import functional as F
    >>> F.to_tensor(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """
    if isinstance(pic, Image.Image):
        array = _pil_array(pic)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_tensor: an array has shape (H, W) or (H, W, C), not {pic.shape}")
        array = np.ascontiguousarray(pic[None] if pic.ndim == 2 else pic.transpose(2, 0, 1))
    else:
        raise TypeError("to_tensor: the picture must be a PIL image or a NumPy array, but is of "
                        f"type {type(pic).__name__}")
    if array.dtype == np.uint8:
        scaled = array.astype(get_default_dtype().numpy)
        scaled /= 255
        return from_numpy(scaled)
    return from_numpy(array)


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) with the values as they are.

    Examples
    --------
    >>> from PIL import Image
    >>> from facula.vision.transforms import functional as F
    >>> F.pil_to_tensor(Image.new("L", (3, 1), 7))
    tensor([[[7, 7, 7]]], dtype=facula.uint8)
    """
    if not isinstance(pic, Image.Image):
        raise TypeError(f"pil_to_tensor: the picture must be a PIL image, but is of type "
                        f"{type(pic).__name__}")
    return from_numpy(_pil_array(pic))


def to_pil_image(pic: Any, mode: str | None = None) -> Image.Image:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a PIL image.

    Parameters
    ----------
    pic : Tensor or numpy.ndarray
        Floating values 0 to 1 become 0 to 255, except for mode F.
    mode : str, optional
        Pillow's mode; by default it follows from the channels and the dtype.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.to_pil_image(facula.ones(3, 2, 4)).getpixel((0, 0))
    (255, 255, 255)
    """
    if isinstance(pic, Tensor):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_pil_image: needs 2 or 3 dimensions, but shape is "
                             f"{tuple(pic.shape)}")
        array = pic.numpy(force=True)
        array = array.transpose(1, 2, 0) if pic.ndim == 3 else array[:, :, None]
        if array.dtype.kind == "f" and mode != "F":
            array = (array * 255).astype(np.uint8)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_pil_image: needs 2 or 3 dimensions, but shape is {pic.shape}")
        array = pic if pic.ndim == 3 else pic[:, :, None]
    else:
        raise TypeError("to_pil_image: the picture must be a Tensor or a NumPy array, but is of "
                        f"type {type(pic).__name__}")
    channels = array.shape[2]
    if channels not in _CHANNELS:
        raise ValueError(f"to_pil_image: {channels} channels: a picture has 1 to 4")
    if channels == 1:
        array = array[:, :, 0]
    if array.dtype == np.uint8:
        return _with_mode(Image.fromarray(np.ascontiguousarray(array)), channels, mode)
    if channels > 1 or array.dtype.kind not in "iuf":
        raise TypeError(f"to_pil_image: {channels} channels of dtype {array.dtype}: use uint8, or "
                        "floating values 0 to 1")
    wide: Any = np.float32 if array.dtype.kind == "f" else np.int32
    if array.dtype in (np.int16, np.uint16):
        wide = np.uint16
    return Image.fromarray(np.ascontiguousarray(array.astype(wide)))


def _with_mode(picture: Image.Image, channels: int, mode: str | None) -> Image.Image:
    """The same bytes called another mode (YCbCr, HSV, ...), where that has as many channels."""
    if mode is None or mode == picture.mode:
        return picture
    if Image.getmodebands(mode) != channels:
        raise ValueError(f"to_pil_image: mode={mode!r} has {Image.getmodebands(mode)} channels, "
                         f"but the picture has {channels}")
    if mode == "1":
        return picture.convert("1")
    return Image.frombytes(mode, picture.size, picture.tobytes())


def convert_image_dtype(image: Tensor, dtype: Any = None) -> Tensor:
    """A tensor of another dtype, its values scaled to it: 0 to 1, or 0 to the largest integer.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.convert_image_dtype(facula.tensor([0.0, 0.5, 1.0]), facula.uint8)
    tensor([  0, 127, 255], dtype=facula.uint8)
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"convert_image_dtype: needs a Tensor, not {type(image).__name__}")
    dtype = float32 if dtype is None else dtype
    if image.dtype is dtype:
        return image
    if dtype.is_floating_point:
        if image.is_floating_point():
            return image.to(dtype)
        return image.to(dtype) / _largest(image.dtype)
    if image.is_floating_point():
        if dtype.itemsize >= 8 or (dtype.itemsize == 4 and image.dtype.itemsize <= 4):
            raise RuntimeError(f"convert_image_dtype: {image.dtype.name} values cannot reach the "
                               f"largest {dtype.name} exactly: use a smaller integer type")
        scaled = image * (_largest(dtype) + 1.0 - 1e-3)
        if dtype.itemsize == 2 or image.dtype.itemsize == 2:  # white is rounded up to no value
            scaled = where(scaled > _largest(dtype), float(_largest(dtype)), scaled)
        return scaled.to(dtype)
    have, want = _largest(image.dtype), _largest(dtype)
    if have > want:
        return (image // ((have + 1) // (want + 1))).to(dtype)
    return image.to(dtype) * ((want + 1) // (have + 1))


def _largest(dtype: Any) -> int:
    return 1 if dtype.itemsize == 1 and dtype.numpy == np.bool_ else int(np.iinfo(dtype.numpy).max)


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float],
              inplace: bool = False) -> Tensor:
    """``(tensor - mean) / std`` for each channel of a floating tensor (..., C, H, W).

    Raises
    ------
    ValueError
        If a ``std`` is 0, or their number is not that of the channels.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.normalize(facula.tensor([[[0.0, 1.0]]]), mean=[0.5], std=[0.25])
    tensor([[[-2.,  2.]]])
    """
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        raise TypeError(f"normalize: needs a floating tensor, but got {_name(tensor)}: use "
                        "ToTensor or ConvertImageDtype first")
    if tensor.ndim < 3:
        raise ValueError(f"normalize: needs shape (..., C, H, W), but got {tuple(tensor.shape)}")
    shift, scale = _moments(_listed(mean), _listed(std), tensor.shape[-3], tensor.dtype,
                            tensor.device)
    if inplace:
        return tensor.sub_(shift).true_divide_(scale)
    return (tensor - shift) / scale


def _listed(values: Any) -> tuple[float, ...]:
    if isinstance(values, Tensor):
        return tuple(values.reshape(-1).tolist())
    return (float(values),) if isinstance(values, (int, float)) else tuple(values)


@functools.lru_cache(maxsize=32)
def _moments(mean: tuple[float, ...], std: tuple[float, ...], channels: int, dtype: Any,
             device: Any) -> tuple[Tensor, Tensor]:
    """Mean and deviation as tensors (C, 1, 1), made once for all pictures of a kind."""
    for name, values in (("mean", mean), ("std", std)):
        if len(values) not in (1, channels):
            raise ValueError(f"normalize: {name} has {len(values)} values, but the picture has "
                             f"{channels} channels")
    if 0 in std:
        raise ValueError(f"normalize: std={std} holds a zero, and it divides")
    shift, scale = (as_tensor(list(values), dtype=dtype, device=device).view(-1, 1, 1)
                    for values in (mean, std))
    return shift, scale


def _name(value: Any) -> str:
    return value.dtype.name + " values" if isinstance(value, Tensor) else type(value).__name__
