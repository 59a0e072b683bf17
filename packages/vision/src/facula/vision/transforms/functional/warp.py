"""Sampling of tensors at mapped positions: what affine, projective and elastic maps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import Tensor, as_tensor, float32, from_numpy, where
from facula.vision.transforms.functional.kinds import InterpolationMode
from facula.vision.transforms.functional.resample import restore


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The x and y of all pixels' centres, in a picture whose corner is (0, 0)."""
    ys, xs = np.mgrid[0:height, 0:width]
    return xs + 0.5, ys + 0.5


def sample(op: str, picture: Tensor, xs: np.ndarray, ys: np.ndarray, mode: InterpolationMode,
           fill: Any) -> Tensor:
    """The picture's values at positions (in the coordinates of :func:`grid`), ``fill`` outside.

    The positions are found on the host; the pixels are gathered where the picture is.
    """
    if mode not in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR):
        raise ValueError(f"{op}: interpolation {mode.value!r} is not for tensors: use nearest or "
                         "bilinear")
    height, width = picture.shape[-2:]
    dtype = picture.dtype
    if mode is InterpolationMode.NEAREST:
        return _nearest(picture, np.floor(xs), np.floor(ys), _background(op, fill, picture))
    x = picture if dtype.is_floating_point else picture.to(float32)
    pixels = x.reshape(*picture.shape[:-2], height * width)
    background = _background(op, fill, picture).to(x.dtype)

    def at(row: np.ndarray, column: np.ndarray, weight: np.ndarray) -> Tensor:
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        index = np.where(inside, row * width + column, 0).astype(np.int64)
        device = picture.device
        share = from_numpy(np.where(inside, weight, 0).astype(np.float32)).to(device).to(x.dtype)
        rest = from_numpy(np.where(inside, 0, weight).astype(np.float32)).to(device).to(x.dtype)
        taken = pixels[..., from_numpy(index.reshape(-1)).to(device)]
        return taken.reshape(*picture.shape[:-2], *row.shape) * share + background * rest

    left, top = np.floor(xs - 0.5), np.floor(ys - 0.5)
    right, below = xs - 0.5 - left, ys - 0.5 - top
    out = (at(top, left, (1 - below) * (1 - right)) + at(top, left + 1, (1 - below) * right)
           + at(top + 1, left, below * (1 - right)) + at(top + 1, left + 1, below * right))
    return restore(out, dtype)


def _nearest(picture: Tensor, column: np.ndarray, row: np.ndarray, background: Tensor) -> Tensor:
    """The pixels themselves, whatever their dtype."""
    height, width = picture.shape[-2:]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    index = from_numpy(np.where(inside, row * width + column, 0).astype(np.int64).reshape(-1))
    pixels = picture.reshape(*picture.shape[:-2], height * width)
    taken = pixels[..., index.to(picture.device)].reshape(*picture.shape[:-2], *row.shape)
    return where(from_numpy(inside).to(picture.device), taken, background.to(picture.dtype))


def _background(op: str, fill: Any, picture: Tensor) -> Tensor:
    if fill is None:
        fill = 0
    values = list(fill) if isinstance(fill, Sequence) else [fill]
    channels = 1 if picture.ndim == 2 else picture.shape[-3]
    if len(values) not in (1, channels):
        raise ValueError(f"{op}: fill has {len(values)} values, but the picture has {channels} "
                         "channels")
    out = as_tensor([float(v) for v in values], dtype=float32, device=picture.device)
    return out.view(-1, 1, 1) if picture.ndim > 2 else out.view(1, 1)
