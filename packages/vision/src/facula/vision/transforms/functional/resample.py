"""Resizing and blurring of tensors as two matrix products, one for each axis.

An output row is a weighted sum of input rows, so resizing is ``A @ picture @ B.T`` with matrices
that depend on the sizes alone. They have a narrow band of numbers about the diagonal; by blocks of
rows, each with the columns that it needs, most of the zeros are left out. That is still more
arithmetic than sliding a filter, but at the speed of BLAS, on every device, and differentiable for
nothing. What nobody differentiates on the CPU, the common case, is done in NumPy's own memory.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from facula.core import (
    Tensor,
    cat,
    float32,
    from_numpy,
    is_grad_enabled,
    matmul,
    maximum,
    minimum,
)
from facula.vision.transforms.functional.kinds import InterpolationMode


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: np.ndarray, a: float) -> np.ndarray:
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@functools.lru_cache(maxsize=64)
def resize_matrix(have: int, want: int, mode: InterpolationMode, antialias: bool) -> np.ndarray:
    """The (want, have) matrix of an axis; with ``antialias`` by Pillow's method."""
    scale = have / want
    wide = max(scale, 1.0) if antialias else 1.0
    centers = (np.arange(want) + 0.5) * scale
    # Pillow's cubic has a = -0.5; without antialiasing PyTorch (as OpenCV) takes -0.75
    cubic = mode is InterpolationMode.BICUBIC
    reach = math.ceil((2 if cubic else 1) * wide) + 1
    first = np.floor(centers).astype(np.int64) - reach
    sources = first[:, None] + np.arange(2 * reach + 2)
    distance = (sources + 0.5 - centers[:, None]) / wide
    weights = _cubic(distance, -0.5 if antialias else -0.75) if cubic else _triangle(distance)
    if antialias:
        weights = np.where((sources >= 0) & (sources < have), weights, 0.0)
    weights /= weights.sum(1, keepdims=True)
    margin = 2 * reach + 2  # for the places beyond the ends, which exist once each
    matrix = np.zeros((want, have + 2 * margin), np.float32)
    matrix[np.arange(want)[:, None], sources + margin] = weights
    inside = matrix[:, margin:margin + have]
    if not antialias:  # the ends count for what lies beyond them
        inside[:, 0] += matrix[:, :margin].sum(1)
        inside[:, -1] += matrix[:, margin + have:].sum(1)
    return inside


@functools.lru_cache(maxsize=64)
def blur_matrix(size: int, kernel: int, sigma: float) -> np.ndarray:
    """The (size, size) matrix of a Gaussian filter that reflects at the ends."""
    offsets = np.arange(kernel) - (kernel - 1) / 2
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    sources = np.arange(size)[:, None] + np.arange(kernel) - kernel // 2
    period = max(2 * (size - 1), 1)
    sources = np.abs((sources + size - 1) % period - (size - 1))
    matrix = np.zeros((size, size))
    rows = np.broadcast_to(np.arange(size)[:, None], sources.shape)
    np.add.at(matrix, (rows, sources), np.broadcast_to(weights, sources.shape))
    return matrix.astype(np.float32)


BLOCK = 32  # rows of a matrix that are multiplied together


def _bands(matrix: np.ndarray) -> list[tuple[np.ndarray, int, int]]:
    """Blocks of rows of a banded matrix, each with the columns from first to last it needs."""
    if len(matrix) <= BLOCK:
        return [(matrix, 0, matrix.shape[1])]
    parts = []
    for top in range(0, len(matrix), BLOCK):
        rows = matrix[top:top + BLOCK]
        used = np.flatnonzero(rows.any(0))
        first, last = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 1)
        parts.append((np.ascontiguousarray(rows[:, first:last]), first, last))
    return parts


def _along(matrix: np.ndarray, x: Tensor, rows: bool) -> Tensor:
    """``matrix @ x``, or ``x @ matrix.T``."""
    done = []
    for part, first, last in _bands(matrix):
        factor = from_numpy(part).to(device=x.device, dtype=x.dtype)
        done.append(matmul(factor, x[..., first:last, :]) if rows
                    else matmul(x[..., first:last], factor.t()))
    return done[0] if len(done) == 1 else cat(done, dim=-2 if rows else -1)


def apply_matrices(picture: Tensor, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """``rows @ picture @ columns.T``; integer pictures are rounded and kept in range."""
    dtype = picture.dtype
    if picture.device.type == "cpu" and (dtype is float32 or not dtype.is_floating_point) and not (
            picture.requires_grad and is_grad_enabled()):
        return from_numpy(_in_numpy(picture.detach().numpy(), rows, columns))
    x = picture if picture.is_floating_point() else picture.to(float32)
    return restore(_along(columns, _along(rows, x, True), False), dtype)


def _in_numpy(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """:func:`apply_matrices` of an array, its blocks written where they belong."""
    dtype, (height, width) = picture.dtype, picture.shape[-2:]
    x = picture.reshape(-1, height, width).astype(np.float32, copy=False)
    high = np.empty((len(x), len(rows), width), np.float32)
    top = 0
    for part, first, last in _bands(rows):
        np.matmul(part, x[:, first:last], out=high[:, top:top + len(part)])
        top += len(part)
    lines = high.reshape(-1, width)
    out = np.empty((len(lines), len(columns)), np.float32)
    left = 0
    for part, first, last in _bands(columns):
        np.matmul(lines[:, first:last], part.T, out=out[:, left:left + len(part)])
        left += len(part)
    out = out.reshape(*picture.shape[:-2], len(rows), len(columns))
    if dtype == np.float32:
        return out
    limits = np.iinfo(dtype)
    np.clip(np.rint(out, out=out), limits.min, limits.max, out=out)
    return out.astype(dtype)


def clip(x: Tensor, low: float, high: float) -> Tensor:
    """The values, none below ``low`` or above ``high``."""
    return minimum(maximum(x, low), high)


def restore(picture: Tensor, dtype: Any) -> Tensor:
    """Floating values in a picture's own dtype: rounded and within range for integers."""
    if dtype.is_floating_point:
        return picture.to(dtype)
    limits = np.iinfo(dtype.numpy)
    return clip(picture.round(), float(limits.min), float(limits.max)).to(dtype)
