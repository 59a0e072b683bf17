"""Resizing and cutting pieces out of pictures, fixed and at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula.vision.transforms import _random
from facula.vision.transforms import functional as F
from facula.vision.transforms.base import Transform, shown
from facula.vision.transforms.functional.kinds import (
    InterpolationMode,
    interpolation_mode,
    pair,
)

BILINEAR = InterpolationMode.BILINEAR


class Resize(Transform):
    """A picture in another size; one number is the shorter side's.

    Parameters
    ----------
    size : int or sequence of int
        Height and width, or the shorter side.
    interpolation : InterpolationMode
        How values between pixels are found.
    max_size : int, optional
        The most that the longer side may become.
    antialias : bool
        For tensors: whether to average when shrinking.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.Resize(4)(facula.zeros(3, 8, 16)).shape
    facula.Size([3, 4, 8])
    """

    def __init__(self, size: int | Sequence[int] | None, interpolation: Any = BILINEAR,
                 max_size: int | None = None, antialias: bool | None = True) -> None:
        super().__init__()
        if isinstance(size, str) or not (size is None or isinstance(size, (int, Sequence))):
            raise TypeError(f"Resize: size={size!r} must be an int or a sequence of ints")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError(f"Resize: size={size!r} must have one or two numbers")
        self.size = size
        self.interpolation = interpolation_mode("Resize", interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(Transform):
    """The middle of a picture, padded with black where the picture is smaller.

    Parameters
    ----------
    size : int or sequence of int
        Height and width.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair("CenterCrop", "size", size)

    def forward(self, img: Any) -> Any:
        return F.center_crop(img, self.size)


class Pad(Transform):
    """A picture with a border.

    Parameters
    ----------
    padding : int or sequence of int
        For all sides; for left/right and top/bottom; or left, top, right, bottom.
    fill : number or sequence
        The border's value.
    padding_mode : str
        ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.
    """

    def __init__(self, padding: int | Sequence[int], fill: Any = 0,
                 padding_mode: str = "constant") -> None:
        super().__init__()
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class RandomCrop(Transform):
    """A piece of fixed size from a random place, after padding.

    Parameters
    ----------
    size : int or sequence of int
        Height and width.
    padding : int or sequence of int, optional
        A border to add first, as for :class:`Pad`.
    pad_if_needed : bool
        Pad pictures that are smaller than ``size``; otherwise they are an error.
    fill, padding_mode
        As for :class:`Pad`.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.RandomCrop(8, padding=1)(facula.zeros(1, 8, 8)).shape
    facula.Size([1, 8, 8])
    """

    _shown = ("size", "padding")

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] | None = None,
                 pad_if_needed: bool = False, fill: Any = 0,
                 padding_mode: str = "constant") -> None:
        super().__init__()
        self.size = pair("RandomCrop", "size", size)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of a random piece."""
        _, height, width = F.get_dimensions(img)
        return RandomCrop.place(height, width, output_size)

    @staticmethod
    def place(height: int, width: int,
              output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The same for a picture of this size."""
        if height < output_size[0] or width < output_size[1]:
            raise ValueError(f"RandomCrop: size={tuple(output_size)} is above the picture's "
                             f"{(height, width)}: use pad_if_needed=True or a smaller size")
        top = _random.integer(0, height - output_size[0])
        left = _random.integer(0, width - output_size[1])
        return top, left, output_size[0], output_size[1]

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            down, right = max(self.size[0] - height, 0), max(self.size[1] - width, 0)
            if down or right:
                img = F.pad(img, [right, down], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))


class RandomResizedCrop(Transform):
    """A piece of random area and shape, resized: Inception's augmentation.

    Parameters
    ----------
    size : int or sequence of int
        Height and width of the result.
    scale : sequence of float
        The least and the largest share of the picture's area.
    ratio : sequence of float
        The least and the largest width divided by height.
    interpolation : InterpolationMode
        How values between pixels are found.
    antialias : bool
        For tensors: whether to average when shrinking.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.RandomResizedCrop(8)(facula.zeros(3, 20, 30)).shape
    facula.Size([3, 8, 8])
    """

    def __init__(self, size: int | Sequence[int], scale: Sequence[float] = (0.08, 1.0),
                 ratio: Sequence[float] = (3 / 4, 4 / 3), interpolation: Any = BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__()
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            raise ValueError(f"RandomResizedCrop: scale={scale} and ratio={ratio} must be (least, "
                             "largest)")
        self.size = pair("RandomResizedCrop", "size", size)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation_mode("RandomResizedCrop", interpolation)
        self.antialias = antialias

    def __repr__(self) -> str:
        ranges = (f"{name}={tuple(round(x, 4) for x in getattr(self, name))}"
                  for name in ("scale", "ratio"))
        size, modes = shown(self, ["size"]), shown(self, ["interpolation", "antialias"])
        return f"{type(self).__name__}({', '.join([*size, *ranges, *modes])})"

    @staticmethod
    def get_params(img: Any, scale: Sequence[float],
                   ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Top, left, height and width of a random piece; the middle one if ten draws don't fit."""
        _, height, width = F.get_dimensions(img)
        return RandomResizedCrop.place(height, width, scale, ratio)

    @staticmethod
    def place(height: int, width: int, scale: Sequence[float],
              ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """The same for a picture of this size."""
        for _ in range(10):
            area = height * width * _random.uniform(scale[0], scale[1])
            shape = _random.log_uniform(ratio[0], ratio[1])
            w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if 0 < w <= width and 0 < h <= height:
                return _random.integer(0, height - h), _random.integer(0, width - w), h, w
        w, h = width, height
        if width / height < ratio[0]:
            h = round(width / ratio[0])
        elif width / height > ratio[1]:
            w = round(height * ratio[1])
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        piece = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *piece, self.size, self.interpolation, self.antialias)


class FiveCrop(Transform):
    """The four corners and the middle of a picture, as a tuple.

    Parameters
    ----------
    size : int or sequence of int
        Height and width.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair("FiveCrop", "size", size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        return F.five_crop(img, self.size)


class TenCrop(Transform):
    """The five crops of a picture and of its mirror image, as a tuple.

    Parameters
    ----------
    size : int or sequence of int
        Height and width.
    vertical_flip : bool
        Mirror upside down instead.
    """

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = pair("TenCrop", "size", size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        return F.ten_crop(img, self.size, self.vertical_flip)
