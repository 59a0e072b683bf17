"""Colour: brightness, contrast, saturation, hue, gamma, sharpness, grey, and coarse tones."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from facula.core import Tensor, cat, float32, from_numpy, maximum, minimum, stack, where
from facula.vision.transforms.functional.kinds import check_picture, get_dimensions, is_pil
from facula.vision.transforms.functional.resample import clip, restore

GREY = (0.2989, 0.587, 0.114)


def _top(image: Tensor) -> float:
    """The value that stands for white."""
    return 1.0 if image.is_floating_point() else float(np.iinfo(image.dtype.numpy).max)


def _floating(image: Tensor) -> Tensor:
    return image if image.is_floating_point() else image.to(float32)


def _cut(x: Tensor, like: Tensor) -> Tensor:
    return clip(x, 0.0, _top(like)).to(like.dtype)


def _blend(image: Tensor, other: Any, ratio: float) -> Tensor:
    return _cut(ratio * _floating(image) + (1.0 - ratio) * other, image)


def _check(op: str, img: Any, factor: float = 0.0, channels: tuple[int, ...] = (1, 3)) -> None:
    check_picture(op, img)
    if factor < 0:
        raise ValueError(f"{op}: the factor {factor} must not be negative")
    have = get_dimensions(img)[0]
    if not is_pil(img) and have not in channels:
        raise ValueError(f"{op}: the picture has {have} channels: it must have "
                         + " or ".join(map(str, channels)))


def _grey(image: Tensor) -> Tensor:
    """The luminance of a tensor, floating, with one channel."""
    x = _floating(image)
    if x.ndim == 2 or x.shape[-3] == 1:
        return x
    r, g, b = x.unbind(-3)
    grey = (GREY[0] * r + GREY[1] * g + GREY[2] * b).unsqueeze(-3)
    return grey if image.is_floating_point() else grey.floor()


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance of a picture, in one channel or three equal ones.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.rgb_to_grayscale(facula.tensor([[[1.0]], [[0.0]], [[0.0]]]))
    tensor([[[0.2989]]])
    """
    _check("rgb_to_grayscale", img)
    if num_output_channels not in (1, 3):
        raise ValueError(f"rgb_to_grayscale: num_output_channels={num_output_channels} must be 1 "
                         "or 3")
    if is_pil(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else Image.merge("RGB", (grey, grey, grey))
    out = _grey(img).to(img.dtype)
    return out if num_output_channels == 1 else cat([out, out, out], dim=-3)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """:func:`rgb_to_grayscale`, under its older name for PIL images."""
    return rgb_to_grayscale(img, num_output_channels)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """A picture made brighter (factor above 1) or darker.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.adjust_brightness(facula.tensor([[[0.25, 0.75]]]), 2.0)
    tensor([[[0.5000, 1.0000]]])
    """
    _check("adjust_brightness", img, brightness_factor)
    if is_pil(img):
        return ImageEnhance.Brightness(img).enhance(brightness_factor)
    return _blend(img, 0.0, brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """A picture with its distances from the mean grey stretched (factor above 1) or shrunk."""
    _check("adjust_contrast", img, contrast_factor)
    if is_pil(img):
        return ImageEnhance.Contrast(img).enhance(contrast_factor)
    dims = (-3, -2, -1) if img.ndim > 2 else (-2, -1)
    return _blend(img, _grey(img).mean(dims, keepdim=True), contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """A picture with stronger colours (factor above 1), or nearer to grey."""
    _check("adjust_saturation", img, saturation_factor)
    if is_pil(img):
        return ImageEnhance.Color(img).enhance(saturation_factor)
    if get_dimensions(img)[0] == 1:
        return img
    return _blend(img, _grey(img), saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """A picture with its colours turned on the wheel by ``hue_factor`` (-0.5 to 0.5) of a turn."""
    _check("adjust_hue", img)
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor={hue_factor} must be between -0.5 and 0.5")
    if is_pil(img):
        if img.mode in ("L", "1", "I", "F"):
            return img
        hue, saturation, value = img.convert("HSV").split()
        turned = (np.asarray(hue).astype(np.int32) + int(hue_factor * 255)) % 256
        parts = (Image.fromarray(turned.astype(np.uint8)), saturation, value)
        return Image.merge("HSV", parts).convert(img.mode)
    if get_dimensions(img)[0] == 1:
        return img
    top = _top(img)
    hue, saturation, value = _to_hsv(_floating(img) / top)
    return restore(_from_hsv((hue + hue_factor) % 1.0, saturation, value) * top, img.dtype)


def _to_hsv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r, g, b = image.unbind(-3)
    high, low = maximum(maximum(r, g), b), minimum(minimum(r, g), b)
    spread = high - low
    flat = spread == 0
    divisor = where(flat, 1.0, spread)
    saturation = spread / where(high == 0, 1.0, high)
    rc, gc, bc = (high - r) / divisor, (high - g) / divisor, (high - b) / divisor
    hue = where(high == r, bc - gc, where(high == g, 2.0 + rc - bc, 4.0 + gc - rc))
    return where(flat, 0.0, hue / 6.0) % 1.0, saturation, high


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    channels = []
    for shift in (5.0, 3.0, 1.0):  # value - value * saturation * clip(min(k, 4 - k), 0, 1)
        k = (shift + hue * 6.0) % 6.0
        channels.append(value - value * saturation * clip(minimum(k, 4.0 - k), 0.0, 1.0))
    return stack(channels, dim=-3)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """``gain * picture ** gamma``, with the picture between 0 and 1."""
    _check("adjust_gamma", img, gamma, (1, 2, 3, 4))
    if is_pil(img):
        mode = img.mode
        table = [int((255 + 1 - 1e-3) * gain * pow(i / 255.0, gamma)) for i in range(256)] * 3
        return img.convert("RGB").point([min(max(v, 0), 255) for v in table]).convert(mode)
    top = _top(img)
    out = clip(gain * (_floating(img) / top) ** gamma, 0.0, 1.0)
    return out if img.is_floating_point() else (out * (top + 1.0 - 1e-3)).to(img.dtype)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """A picture made sharper (factor above 1) or softer."""
    _check("adjust_sharpness", img, sharpness_factor)
    if is_pil(img):
        return ImageEnhance.Sharpness(img).enhance(sharpness_factor)
    height, width = img.shape[-2:]
    if min(height, width) <= 2:
        return img
    x = _floating(img)
    total = 4.0 * x[..., 1:-1, 1:-1]
    for i in range(3):
        for j in range(3):
            total = total + x[..., i:height - 2 + i, j:width - 2 + j]
    soft = x.clone()
    soft[..., 1:-1, 1:-1] = restore(total / 13.0, img.dtype).to(x.dtype)
    return _blend(img, soft, sharpness_factor)


def invert(img: Any) -> Any:
    """The negative of a picture.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.invert(facula.tensor([[[0.25]]]))
    tensor([[[0.7500]]])
    """
    _check("invert", img)
    if is_pil(img):
        return ImageOps.invert(img)
    return (_top(img) - img) if img.is_floating_point() else int(_top(img)) - img


def posterize(img: Any, bits: int) -> Any:
    """A picture with only ``bits`` bits for each 8-bit value."""
    _check("posterize", img)
    if not 0 <= bits <= 8:
        raise ValueError(f"posterize: bits={bits} must be between 0 and 8")
    if is_pil(img):
        return ImageOps.posterize(img, bits)
    if img.dtype.name != "uint8":
        raise TypeError(f"posterize: only uint8 pictures have bits to drop, not {img.dtype.name}")
    return img & (256 - 2 ** (8 - bits))


def solarize(img: Any, threshold: float) -> Any:
    """A picture with the values from ``threshold`` on inverted."""
    _check("solarize", img)
    if is_pil(img):
        return ImageOps.solarize(img, int(threshold))
    if threshold > _top(img):
        raise ValueError(f"solarize: threshold={threshold} is above white, {_top(img):g}")
    return where(img >= threshold, invert(img), img)


def autocontrast(img: Any) -> Any:
    """A picture with each channel stretched from black to white."""
    _check("autocontrast", img)
    if is_pil(img):
        return ImageOps.autocontrast(img)
    x, top = _floating(img), _top(img)
    low, high = x.amin((-2, -1), keepdim=True), x.amax((-2, -1), keepdim=True)
    flat = high == low
    scale = where(flat, 1.0, top / where(flat, 1.0, high - low))
    return _cut((x - where(flat, 0.0, low)) * scale, img)


def equalize(img: Any) -> Any:
    """A picture whose values are spread so that each is about as frequent as the others."""
    _check("equalize", img)
    if is_pil(img):
        return ImageOps.equalize(img)
    if img.dtype.name != "uint8":
        raise TypeError(f"equalize: needs a uint8 picture, not {img.dtype.name}")
    array = img.numpy(force=True)
    planes = array.reshape(-1, *array.shape[-2:])
    out = np.stack([_equalized(plane) for plane in planes]).reshape(array.shape)
    return from_numpy(out).to(img.device)


def _equalized(plane: np.ndarray) -> np.ndarray:
    counts = np.bincount(plane.reshape(-1), minlength=256)
    present = counts[counts != 0]
    step = int(present[:-1].sum()) // 255
    if step == 0:
        return plane.copy()
    table = (np.cumsum(counts) - counts + step // 2) // step
    return np.clip(table, 0, 255).astype(np.uint8)[plane]
