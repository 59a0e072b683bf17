"""Size, position and orientation: resize, crop, pad, flip, and what is built from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from facula.core import Tensor, cat, from_numpy, full
from facula.vision.transforms.functional.kinds import (
    PIL_MODES,
    InterpolationMode,
    check_picture,
    get_dimensions,
    interpolation_mode,
    is_pil,
    pair,
)
from facula.vision.transforms.functional.resample import apply_matrices, resize_matrix


def pil_fill(picture: Image.Image, fill: Any) -> Any:
    """A fill value as Pillow wants it: a number or a tuple for all channels."""
    bands = len(picture.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)):
        return fill if bands == 1 else (int(fill),) * bands
    values = tuple(fill)
    if len(values) == 1:
        values = values * bands
    if len(values) != bands:
        raise ValueError(f"fill: {len(values)} values for a picture of {bands} channels: {fill}")
    return values[0] if bands == 1 else tuple(int(v) for v in values)


def resized_size(op: str, height: int, width: int, size: Any,
                 max_size: int | None = None) -> tuple[int, int]:
    """The height and width that ``size`` (one number: of the shorter side) means."""
    numbers = [size] if isinstance(size, int) else list(size or ())
    if size is None:
        if max_size is None:
            raise ValueError(f"{op}: size is None, so max_size must be given")
        scale = max_size / max(height, width)
        return (max_size, max(1, int(width * scale))) if height > width else (
            max(1, int(height * scale)), max_size)
    if len(numbers) == 2:
        if max_size is not None:
            raise ValueError(f"{op}: max_size={max_size} is for a size of one number, not {size}")
        return int(numbers[0]), int(numbers[1])
    if len(numbers) != 1:
        raise ValueError(f"{op}: size={size!r} must be one or two ints")
    short = int(numbers[0])
    if max_size is not None and max_size <= short:
        raise ValueError(f"{op}: max_size={max_size} must be above size={short}")
    small, large = min(height, width), max(height, width)
    long = int(short * large / small)
    if max_size is not None and long > max_size:
        short, long = int(max_size * short / long), max_size
    return (short, long) if height <= width else (long, short)


def resize(img: Any, size: Any, interpolation: Any = InterpolationMode.BILINEAR,
           max_size: int | None = None, antialias: bool | None = True) -> Any:
    """A picture in another size.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    size : int or sequence of int
        Height and width; one number is the shorter side, and the other keeps the ratio.
    interpolation : InterpolationMode
        For tensors nearest, nearest-exact, bilinear or bicubic.
    max_size : int, optional
        The most that the longer side may become.
    antialias : bool
        Whether to average when shrinking; Pillow always does.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.resize(facula.zeros(3, 20, 10), 5).shape
    facula.Size([3, 10, 5])
    """
    check_picture("resize", img)
    mode = interpolation_mode("resize", interpolation)
    _, height, width = get_dimensions(img)
    new = resized_size("resize", height, width, size, max_size)
    if min(new) < 1:
        raise ValueError(f"resize: size={size!r} leaves nothing of {height} x {width} pixels")
    if new == (height, width):
        return img
    if is_pil(img):
        return img.resize(new[::-1], PIL_MODES[mode])
    if mode in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT):
        half = 0.5 if mode is InterpolationMode.NEAREST_EXACT else 0.0
        rows = ((np.arange(new[0]) + half) * (height / new[0])).astype(np.int64)
        columns = ((np.arange(new[1]) + half) * (width / new[1])).astype(np.int64)
        return take(img, rows, columns)
    if mode not in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC):
        raise ValueError(f"resize: interpolation {mode.value!r} is not for tensors: use nearest, "
                         "bilinear or bicubic")
    return apply_matrices(img, resize_matrix(height, new[0], mode, bool(antialias)),
                          resize_matrix(width, new[1], mode, bool(antialias)))


def take(picture: Tensor, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """The named rows and columns of a tensor, in their order."""
    row = from_numpy(np.ascontiguousarray(rows[:, None])).to(picture.device)
    return picture[..., row, from_numpy(columns).to(picture.device)]


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A rectangle of a picture; what lies outside is black.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.crop(facula.arange(9.0).view(1, 3, 3), 1, 1, 2, 2)
    tensor([[[4., 5.],
             [7., 8.]]])
    """
    check_picture("crop", img)
    if is_pil(img):
        return img.crop((left, top, left + width, top + height))
    _, h, w = get_dimensions(img)
    inside = img[..., max(top, 0):max(top + height, 0), max(left, 0):max(left + width, 0)]
    if left < 0 or top < 0 or left + width > w or top + height > h:
        return pad(inside, [min(max(-left, 0), width), min(max(-top, 0), height),
                            width - inside.shape[-1] - min(max(-left, 0), width),
                            height - inside.shape[-2] - min(max(-top, 0), height)])
    return inside


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of a picture, padded with black where the picture is smaller.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.center_crop(facula.arange(9.0).view(1, 3, 3), 1)
    tensor([[[4.]]])
    """
    height, width = pair("center_crop", "output_size", output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        more = [max(width - w, 0), max(height - h, 0)]
        img = pad(img, [more[0] // 2, more[1] // 2, (more[0] + 1) // 2, (more[1] + 1) // 2])
        _, h, w = get_dimensions(img)
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def sides_of(padding: Any) -> tuple[int, int, int, int]:
    """Left, top, right, bottom from one, two or four numbers."""
    if isinstance(padding, int):
        return padding, padding, padding, padding
    numbers = tuple(int(p) for p in padding)
    if len(numbers) not in (1, 2, 4):
        raise ValueError(f"pad: padding={padding!r} must be 1, 2 (left/right, top/bottom) or 4 "
                         "(left, top, right, bottom) ints")
    left, top, right, bottom = numbers * (4 // len(numbers))
    return left, top, right, bottom


_NUMPY_PAD: dict[str, Any] = {"edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """A picture with a border.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    padding : int or sequence of int
        One number for all sides, two for left/right and top/bottom, or left, top, right, bottom;
        negative numbers crop.
    fill : number or sequence
        The border's value, or one for each channel.
    padding_mode : str
        ``"constant"``, ``"edge"`` (repeats the last pixel), ``"reflect"`` or ``"symmetric"``
        (mirrors without and with the last pixel).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.pad(facula.ones(1, 1, 2), [1, 0], padding_mode="edge").shape
    facula.Size([1, 1, 4])
    """
    check_picture("pad", img)
    left, top, right, bottom = sides_of(padding)
    if padding_mode not in ("constant", *_NUMPY_PAD):
        raise ValueError(f"pad: unknown padding_mode {padding_mode!r}: use constant, edge, reflect "
                         "or symmetric")
    _, height, width = get_dimensions(img)
    if min(left, top, right, bottom) < 0:
        cut = [min(side, 0) for side in (left, top, right, bottom)]
        img = crop(img, -cut[1], -cut[0], height + cut[1] + cut[3], width + cut[0] + cut[2])
        left, top, right, bottom = (max(side, 0) for side in (left, top, right, bottom))
        _, height, width = get_dimensions(img)
    if padding_mode == "constant":
        return _pad_constant(img, (left, top, right, bottom), fill)
    rows = np.pad(np.arange(height), (top, bottom), _NUMPY_PAD[padding_mode])
    columns = np.pad(np.arange(width), (left, right), _NUMPY_PAD[padding_mode])
    if not is_pil(img):
        return take(img, rows, columns)
    out = Image.fromarray(np.asarray(img)[rows][:, columns])
    if img.mode == "P":
        out = out.convert("P") if out.mode != "L" else Image.frombytes("P", out.size, out.tobytes())
        out.putpalette(img.getpalette() or [])
    return out


def _pad_constant(img: Any, sides: tuple[int, int, int, int], fill: Any) -> Any:
    if is_pil(img):
        return ImageOps.expand(img, border=sides, fill=pil_fill(img, fill))
    left, top, right, bottom = sides
    values = list(fill) if isinstance(fill, Sequence) else [fill]
    if len(values) > 1:
        if len(values) != img.shape[-3]:
            raise ValueError(f"pad: fill has {len(values)} values, but the picture has "
                             f"{img.shape[-3]} channels")
        planes = [_pad_constant(img[..., i:i + 1, :, :], sides, v) for i, v in enumerate(values)]
        return cat(planes, dim=-3)
    *front, height, width = img.shape
    out = full((*front, height + top + bottom, width + left + right), values[0],
               dtype=img.dtype, device=img.device)
    out[..., top:top + height, left:left + width] = img
    return out


def resized_crop(img: Any, top: int, left: int, height: int, width: int, size: Any,
                 interpolation: Any = InterpolationMode.BILINEAR,
                 antialias: bool | None = True) -> Any:
    """A rectangle of a picture, resized."""
    return resize(crop(img, top, left, height, width), size, interpolation, None, antialias)


def hflip(img: Any) -> Any:
    """The picture with left and right exchanged.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.hflip(facula.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """
    check_picture("hflip", img)
    if is_pil(img):
        return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return img[..., _backwards(img.shape[-1], img)]


def vflip(img: Any) -> Any:
    """The picture with top and bottom exchanged.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.vflip(facula.tensor([[1], [2]]))
    tensor([[2],
            [1]])
    """
    check_picture("vflip", img)
    if is_pil(img):
        return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return img[..., _backwards(img.shape[-2], img), :]


def _backwards(n: int, like: Tensor) -> Tensor:
    return from_numpy(np.arange(n - 1, -1, -1)).to(like.device)


def five_crop(img: Any, size: Any) -> tuple[Any, ...]:
    """The four corners and the middle of a picture.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> len(F.five_crop(facula.zeros(3, 8, 8), 4))
    5
    """
    height, width = pair("five_crop", "size", size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        raise ValueError(f"five_crop: size={(height, width)} is above the picture's {(h, w)}")
    return (crop(img, 0, 0, height, width), crop(img, 0, w - width, height, width),
            crop(img, h - height, 0, height, width),
            crop(img, h - height, w - width, height, width), center_crop(img, (height, width)))


def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """:func:`five_crop` of a picture and of its mirror image."""
    flipped = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(flipped, size)
