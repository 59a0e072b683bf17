"""Kernels of regions and suppression on both devices; ``regions.cl`` says what they compute."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.kernels import BUFFER, LONG, cpu_kernel, opencl_kernel, opencl_source

Shape = tuple[int, ...]
_INT, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
_TAPS = [BUFFER] * 7 + [LONG] * 7 + [_INT] * 5
opencl_source(str(Path(__file__).with_name("regions.cl")), {
    "tap_pool": _TAPS,
    "tap_pool_grad": _TAPS,
    "span_max": [BUFFER] * 6 + [LONG] * 6 + [_INT] * 2,
    "span_max_grad": [BUFFER] * 4 + [LONG] * 5 + [_INT],
    "suppress": [BUFFER] * 3 + [LONG] * 3 + [np.dtype(np.float32)] * 2,
}, dtypes.FLOATS)
_GROUP = 32  # a work-item owns a plane: few and long, so small groups spread over the device


def _wide(array: np.ndarray) -> np.ndarray:
    """16-bit values as float32, in which sums are made."""
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def _matrix(places: np.ndarray, weights: np.ndarray) -> tuple[slice, np.ndarray]:
    """The positions that some tap of a region touches, and the weights (bins, positions) there."""
    used = places[weights != 0]
    if not used.size:
        return slice(0, 0), np.zeros((len(places), 0), weights.dtype)
    first, last = int(used.min()), int(used.max())
    matrix = np.zeros((len(places), last - first + 1), weights.dtype)
    bins = np.broadcast_to(np.arange(len(places))[:, None], places.shape)
    np.add.at(matrix, (bins, np.clip(places - first, 0, last - first)), weights)
    return slice(first, last + 1), matrix


def _check_pictures(op: str, pictures: np.ndarray, count: int) -> None:
    if pictures.size and not 0 <= pictures.min() <= pictures.max() < count:
        raise IndexError(f"{op}: a region belongs to picture {int(pictures.min())} to "
                         f"{int(pictures.max())}, but there are {count}")


@cpu_kernel
def tap_pool(input: np.ndarray, pictures: np.ndarray, rows: np.ndarray, row_weights: np.ndarray,
             columns: np.ndarray, column_weights: np.ndarray, split: bool) -> np.ndarray:
    """Two matrix products for each region, on a picture whose channels lie side by side."""
    _check_pictures("tap_pool", pictures, len(input))
    down, across = rows.shape[1], columns.shape[1]
    channels = input.shape[1] // (down * across if split else 1)
    x = np.ascontiguousarray(_wide(input).transpose(0, 2, 3, 1))
    out = np.zeros((len(pictures), down, across, channels), x.dtype)
    for k, picture in enumerate(pictures):
        vertical, u = _matrix(rows[k], row_weights[k])
        horizontal, v = _matrix(columns[k], column_weights[k])
        piece = x[picture, vertical, horizontal]
        if not piece.size:
            continue
        if split:
            piece = piece.reshape(*piece.shape[:2], channels, down, across)
            np.einsum("ih,jw,hwcij->ijc", u, v, piece, out=out[k], optimize=True)
        else:
            lines = np.tensordot(u, piece, 1)
            np.matmul(v, lines, out=out[k])
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2)).astype(input.dtype, copy=False)


@cpu_kernel
def tap_pool_grad(grad: np.ndarray, pictures: np.ndarray, rows: np.ndarray,
                  row_weights: np.ndarray, columns: np.ndarray, column_weights: np.ndarray,
                  split: bool, input_shape: Shape) -> np.ndarray:
    """The same products, transposed."""
    g = np.ascontiguousarray(_wide(grad).transpose(0, 2, 3, 1))
    count, planes, height, width = input_shape
    dx = np.zeros((count, height, width, planes), g.dtype)
    for k, picture in enumerate(pictures):
        vertical, u = _matrix(rows[k], row_weights[k])
        horizontal, v = _matrix(columns[k], column_weights[k])
        if split:
            part = np.einsum("ih,jw,ijc->hwcij", u, v, g[k], optimize=True)
            dx[picture, vertical, horizontal] += part.reshape(*part.shape[:2], planes)
        else:
            lines = np.matmul(v.T, g[k])
            dx[picture, vertical, horizontal] += np.tensordot(u.T, lines, 1)
    return np.ascontiguousarray(dx.transpose(0, 3, 1, 2)).astype(grad.dtype, copy=False)


@cpu_kernel
def span_max(input: np.ndarray, pictures: np.ndarray, rows: np.ndarray,
             columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest element of each bin, and its flat position in the plane; 0 and -1 if empty."""
    _check_pictures("span_max", pictures, len(input))
    channels, width = input.shape[1], input.shape[3]
    shape = (len(pictures), channels, rows.shape[1], columns.shape[1])
    values, places = np.zeros(shape, input.dtype), np.full(shape, -1, np.int64)
    every = np.arange(channels)
    x = _wide(input)
    for k, picture in enumerate(pictures):
        for i, (top, bottom) in enumerate(rows[k]):
            for j, (left, right) in enumerate(columns[k]):
                if bottom <= top or right <= left:
                    continue
                piece = x[picture, :, top:bottom, left:right].reshape(channels, -1)
                best = piece.argmax(1)
                values[k, :, i, j] = piece[every, best]
                down, across = np.divmod(best, right - left)
                places[k, :, i, j] = (down + top) * width + across + left
    return values, places


@cpu_kernel
def span_max_grad(grad: np.ndarray, places: np.ndarray, pictures: np.ndarray,
                  input_shape: Shape) -> np.ndarray:
    """Each gradient added where its bin's largest element stands."""
    count, channels, height, width = input_shape
    area = height * width
    planes = pictures[:, None] * channels + np.arange(channels)
    flat = planes[:, :, None, None] * area + places
    g = _wide(grad)
    out = np.zeros(count * channels * area, g.dtype)
    np.add.at(out, flat[places >= 0], g[places >= 0])
    return out.reshape(input_shape).astype(grad.dtype, copy=False)


def _below(threshold: float) -> np.float32:
    """The largest float32 that is not above: float32 overlaps compare alike."""
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))


@cpu_kernel
def suppress(boxes: np.ndarray, groups: np.ndarray, threshold: float) -> np.ndarray:
    """Group by group, one kept box after the other, against those of the group that are left."""
    boxes = _wide(boxes)
    limit = boxes.dtype.type(threshold) if boxes.dtype == np.float64 else _below(threshold)
    low, high = boxes[:, :2], boxes[:, 2:]
    areas = (high - low).prod(1)
    keep = np.zeros(len(boxes), bool)
    by_group = np.argsort(groups, kind="stable")
    for rest in np.split(by_group, np.flatnonzero(np.diff(groups[by_group])) + 1):
        while rest.size:
            first, rest = rest[0], rest[1:]
            keep[first] = True
            sides = np.minimum(high[rest], high[first]) - np.maximum(low[rest], low[first])
            inside = np.maximum(sides, 0).prod(1)
            with np.errstate(divide="ignore", invalid="ignore"):
                overlap = inside / (areas[first] + areas[rest] - inside)
            rest = rest[~(overlap > limit)]
    return keep


def _from_start(backend: Any, *arrays: Any) -> list[Any]:
    """The arrays, each alone from the start of its buffer."""
    return [backend.copy(a) if a.offset or not a.contiguous else a for a in arrays]


@opencl_kernel("tap_pool")
def opencl_tap_pool(backend: Any, input: Any, pictures: Any, rows: Any, row_weights: Any,
                    columns: Any, column_weights: Any, split: bool) -> Any:
    """One work-item for each value."""
    count, planes, height, width = input.shape
    regions, down, taps = rows.shape
    across = columns.shape[1]
    channels = planes // (down * across if split else 1)
    arrays = _from_start(backend, pictures, rows, row_weights, columns, column_weights)
    input = backend.contiguous(input)
    out = backend.runtime.new((regions, channels, down, across), input.dtype)
    if out.size:
        backend.runtime.launch_flat(
            backend.families.kernel("tap_pool", input.dtype), out.size, out.mem, input.mem,
            *[a.mem for a in arrays], input.offset, out.size, count, channels, planes, height,
            width, down, across, taps, columns.shape[2], int(split))
    return out


def _per_plane(backend: Any, name: str, out: Any, *arguments: Any) -> None:
    planes = out.shape[0] * out.shape[1]
    if out.size:
        backend.runtime.launch(backend.families.kernel(name, out.dtype),
                               (-(-planes // _GROUP) * _GROUP,), (_GROUP,), out.mem, *arguments)


@opencl_kernel("tap_pool_grad")
def opencl_tap_pool_grad(backend: Any, grad: Any, pictures: Any, rows: Any, row_weights: Any,
                         columns: Any, column_weights: Any, split: bool,
                         input_shape: Shape) -> Any:
    """One work-item for each plane of the input; 16-bit types add up in float32."""
    if grad.dtype.itemsize == 2:
        wide = opencl_tap_pool_grad(backend, backend.cast(grad, dtypes.float32), pictures, rows,
                                    row_weights, columns, column_weights, split, input_shape)
        return backend.cast(wide, _named(grad.dtype))
    grad = backend.contiguous(grad)
    arrays = _from_start(backend, pictures, rows, row_weights, columns, column_weights)
    out = backend.runtime.new(tuple(input_shape), grad.dtype)
    regions, channels, down, across = grad.shape
    planes, height, width = input_shape[1:]
    _per_plane(backend, "tap_pool_grad", out, grad.mem, *[a.mem for a in arrays], grad.offset,
               out.shape[0] * planes, regions, channels, planes, height, width, down, across,
               rows.shape[2], columns.shape[2], int(split))
    return out


def _named(numpy: np.dtype) -> Any:
    return next(d for d in dtypes.FLOATS if d.numpy == numpy)


@opencl_kernel("span_max")
def opencl_span_max(backend: Any, input: Any, pictures: Any, rows: Any, columns: Any) -> Any:
    """One work-item for each value."""
    count, channels, height, width = input.shape
    shape = (rows.shape[0], channels, rows.shape[1], columns.shape[1])
    input = backend.contiguous(input)
    arrays = _from_start(backend, pictures, rows, columns)
    values = backend.runtime.new(shape, input.dtype)
    places = backend.runtime.new(shape, _INT64)
    if values.size:
        backend.runtime.launch_flat(
            backend.families.kernel("span_max", input.dtype), values.size, values.mem, places.mem,
            input.mem, *[a.mem for a in arrays], input.offset, values.size, count, channels,
            height, width, shape[2], shape[3])
    return values, places


@opencl_kernel("span_max_grad")
def opencl_span_max_grad(backend: Any, grad: Any, places: Any, pictures: Any,
                         input_shape: Shape) -> Any:
    """One work-item for each plane of the input; 16-bit types add up in float32."""
    if grad.dtype.itemsize == 2:
        wide = opencl_span_max_grad(backend, backend.cast(grad, dtypes.float32), places, pictures,
                                    input_shape)
        return backend.cast(wide, _named(grad.dtype))
    grad = backend.contiguous(grad)
    arrays = _from_start(backend, places, pictures)
    out = backend.runtime.new(tuple(input_shape), grad.dtype)
    _per_plane(backend, "span_max_grad", out, grad.mem, *[a.mem for a in arrays], grad.offset,
               out.shape[0] * out.shape[1], grad.shape[0], input_shape[1],
               math.prod(input_shape[2:]), math.prod(grad.shape[2:]))
    return out


@opencl_kernel("suppress")
def opencl_suppress(backend: Any, boxes: Any, groups: Any, threshold: float) -> Any:
    """The overlaps of all pairs as bits on the device, the choice on the host."""
    count, words = boxes.shape[0], -(-boxes.shape[0] // 64)
    keep = np.ones(count, bool)
    if not count:
        return backend.from_numpy(keep)
    boxes = backend.contiguous(boxes)
    (groups,) = _from_start(backend, groups)
    high, low = _below(threshold), 0.0
    if boxes.dtype.itemsize == 8:  # two float32 hold what one of them lacks
        low = float(threshold) - float(high)
    bits = backend.runtime.new((count, words), _INT64)
    backend.runtime.launch_flat(
        backend.families.kernel("suppress", boxes.dtype), count * words, bits.mem, boxes.mem,
        groups.mem, boxes.offset, count, words, float(high), low)
    rows = backend.to_numpy(bits)
    gone = np.zeros(words, _INT64)
    for i in range(count):
        keep[i] = not int(gone[i >> 6]) >> (i & 63) & 1
        if keep[i]:
            gone |= rows[i]
    return backend.from_numpy(keep)
