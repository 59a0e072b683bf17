"""What all functional transforms share: kinds of pictures, sizes, interpolation modes."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from facula.core import Tensor


class InterpolationMode(enum.Enum):
    """How values between pixels are found.

    Examples
    --------
    >>> from facula.vision.transforms import InterpolationMode
    >>> InterpolationMode("bilinear")
    <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"  # PIL only, like the next two
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_BY_PIL_NUMBER = {
    0: InterpolationMode.NEAREST, 1: InterpolationMode.LANCZOS, 2: InterpolationMode.BILINEAR,
    3: InterpolationMode.BICUBIC, 4: InterpolationMode.BOX, 5: InterpolationMode.HAMMING}
PIL_MODES = {mode: Image.Resampling(number) for number, mode in _BY_PIL_NUMBER.items()}
PIL_MODES[InterpolationMode.NEAREST_EXACT] = Image.Resampling.NEAREST


def interpolation_mode(op: str, value: Any) -> InterpolationMode:
    """The mode meant by a member, its name, or Pillow's number."""
    if isinstance(value, int):
        value = _BY_PIL_NUMBER.get(value, value)
    try:
        return InterpolationMode(value)
    except ValueError:
        raise ValueError(f"{op}: unknown interpolation {value!r}: use one of "
                         + ", ".join(repr(m.value) for m in InterpolationMode)) from None


def is_pil(picture: Any) -> bool:
    """Whether it is a picture of Pillow's."""
    return isinstance(picture, Image.Image)


def check_picture(op: str, picture: Any) -> None:
    """Refuse what is neither a PIL image nor a tensor of at least two dimensions."""
    if isinstance(picture, Image.Image):
        return
    if not isinstance(picture, Tensor):
        raise TypeError(f"{op}: the picture must be a PIL image or a Tensor, but is of type "
                        f"{type(picture).__name__}")
    if picture.ndim < 2:
        raise ValueError(f"{op}: a picture needs shape (..., C, H, W), but has "
                         f"{tuple(picture.shape)}")


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width of a picture.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.get_dimensions(facula.zeros(3, 4, 5))
    [3, 4, 5]
    """
    check_picture("get_dimensions", img)
    if is_pil(img):
        return [len(img.getbands()), img.height, img.width]
    channels = 1 if img.ndim == 2 else img.shape[-3]
    return [channels, img.shape[-2], img.shape[-1]]


def get_image_size(img: Any) -> list[int]:
    """Width and height of a picture, in this order."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels of a picture."""
    return get_dimensions(img)[0]


def pair(op: str, name: str, value: Any) -> tuple[int, int]:
    """Two ints from one, or from a sequence of one or two."""
    if isinstance(value, (int, np.integer)):
        return int(value), int(value)
    if isinstance(value, Sequence) and len(value) in (1, 2):
        return int(value[0]), int(value[-1])
    raise ValueError(f"{op}: {name}={value!r} must be an int, or one or two of them")
