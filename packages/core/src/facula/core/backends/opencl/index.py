"""Indexing by arrays of positions: gather, scatter and NumPy-style advanced indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import declare
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.neural import lines_of
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.sort import ordered

_INT = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
_FLOAT = np.dtype(np.float32)
_REPLACES, _ADDS = 0, 1
_HOW = {"prod": 2, "amax": 3, "amin": 4}
_ROUNDED = (_ADDS, _HOW["prod"])  # in 16 bits each step would round: 256 + 1 is 256 in bfloat16
_HALVES = (dtypes.float16.numpy, dtypes.bfloat16.numpy)
_FEW, _MANY = 1 << 15, 256  # on GPUs: lines that leave it idle, positions that are worth sorting
declare("index.cl", {
    "index_take": [BUFFER] * 3 + [LONG] * 6 + [_INT],
    "index_put": [BUFFER] * 3 + [LONG] * 6 + [_INT] * 2,
    "index_put_sorted": [BUFFER] * 4 + [LONG] * 3 + [_INT],
    "index_linear": [BUFFER] * 2 + [LONG] * 3 + [_INT],
})


def _check(name: str, length: int, index: CLArray) -> None:
    if length == 0 and index.size:
        raise IndexError(f"{name}: the indexed axis has length 0, but {index.size} positions "
                         f"are asked for")


def _take(backend: Any, x: CLArray, index: CLArray, dim: int, shape: tuple[int, ...], count: int,
          per_element: bool) -> CLArray:
    """``count`` positions of axis ``dim``; one list of them, or a list per output element."""
    out: CLArray = backend.runtime.new(shape, x.dtype)
    if out.size:
        x, index = backend.contiguous(x), backend.contiguous(index)
        _, length, after = lines_of(x, dim)
        _check("index", length, index)
        backend.runtime.launch_flat(
            backend.families.kernel("index_take", x.dtype), out.size, out.mem, x.mem, index.mem,
            x.offset, index.offset, out.size, length, count, after, int(per_element))
    return out


def _put(backend: Any, y: CLArray, source: CLArray, index: CLArray, dim: int, count: int,
         per_element: bool, how: int) -> None:
    """Write into the contiguous ``y`` in place."""
    if not (source.size and index.size):
        return
    source, index = backend.contiguous(source), backend.contiguous(index)
    before, length, after = lines_of(y, dim)
    _check("index", length, index)
    one_list = before == 1 and (after == 1 or not per_element)
    if one_list and after < _FEW and count >= _MANY and not backend.runtime.is_cpu:
        _put_sorted(backend, y, source, index, length, after, how)
        return
    if how in _ROUNDED and count > 1 and y.dtype in _HALVES:
        wide, y_wide = _in_float32(backend, source), _in_float32(backend, y)
        _put(backend, y_wide, wide, index, dim, count, per_element, how)
        backend.assign(y, y_wide)
        return
    backend.runtime.launch_flat(
        backend.families.kernel("index_put", y.dtype), before * after, y.mem, source.mem, index.mem,
        source.offset, index.offset, before * after, length, count, after, int(per_element), how)


def _in_float32(backend: Any, data: CLArray) -> CLArray:
    wide: CLArray = backend.runtime.new(data.shape, _FLOAT)
    backend.assign(wide, data)
    return wide


def _put_sorted(backend: Any, y: CLArray, source: CLArray, index: CLArray, length: int,
                after: int, how: int) -> None:
    """The same with equal positions side by side: one work-item for each, not one for all."""
    runtime, n = backend.runtime, index.size
    position = runtime.new((n,), _INT64)
    runtime.launch_flat(backend.families.kernel("index_linear", _INT64), n, position.mem,
                        index.mem, index.offset, n, length, 1)
    order = ordered(backend, position, 0)
    runtime.launch_flat(backend.families.kernel("index_put_sorted", y.dtype), n * after, y.mem,
                        source.mem, order.keys.mem, order.places.mem, source.offset, n, after,
                        how)


def _line(data: CLArray) -> CLArray:
    return data[None] if data.ndim == 0 else data


def _part(data: CLArray, shape: tuple[int, ...], dim: int | None = None) -> CLArray:
    """The leading corner of ``data`` of this shape (axis ``dim`` whole)."""
    return data[tuple(slice(None) if axis == dim else slice(0, n)
                      for axis, n in enumerate(shape))]


@kernel("gather")
def gather(backend: Any, input: CLArray, dim: int, index: CLArray) -> CLArray:
    """``out[i][j][k] = input[index[i][j][k]][j][k]`` for dim 0, and so on."""
    shape = index.shape
    input, index = _line(input), _line(index)
    part = _part(input, index.shape, dim)
    out = _take(backend, part, index, dim, index.shape, index.shape[dim], True)
    return out.reshaped(shape)


def _scattered(backend: Any, input: CLArray, dim: int, index: CLArray, src: CLArray,
               how: int) -> CLArray:
    out: CLArray = backend.copy(input)
    y, index, src = _line(out), _line(index), _line(src)
    source = _part(src, index.shape)
    target = _part(y, index.shape, dim)
    if target.contiguous:
        _put(backend, target, source, index, dim, index.shape[dim], True, how)
    else:
        whole = backend.copy(target)
        _put(backend, whole, source, index, dim, index.shape[dim], True, how)
        backend.assign(target, whole)
    return out


@kernel("scatter")
def scatter(backend: Any, input: CLArray, dim: int, index: CLArray, src: CLArray) -> CLArray:
    """A copy of the input with ``src`` written at the positions; the last one stays."""
    return _scattered(backend, input, dim, index, src, _REPLACES)


@kernel("scatter_add")
def scatter_add(backend: Any, input: CLArray, dim: int, index: CLArray, src: CLArray) -> CLArray:
    """A copy of the input with ``src`` added at the positions, in their order."""
    return _scattered(backend, input, dim, index, src, _ADDS)


@kernel("scatter_fold")
def scatter_fold(backend: Any, input: CLArray, dim: int, index: CLArray, src: CLArray,
                 reduce: str) -> CLArray:
    """A copy of the input multiplied, or its extremes, with ``src`` at the positions."""
    return _scattered(backend, input, dim, index, src, _HOW[reduce])


@kernel("index_select")
def index_select(backend: Any, input: CLArray, dim: int, index: CLArray) -> CLArray:
    """The slices of ``dim`` at the positions."""
    shape = (*input.shape[:dim], index.size, *input.shape[dim + 1:])
    return _take(backend, _line(input), index, dim, shape if input.ndim else (), index.size, False)


@kernel("index_add")
def index_add(backend: Any, input: CLArray, dim: int, index: CLArray,
              source: CLArray) -> CLArray:
    """A copy of the input with slices added at the positions, in their order."""
    out: CLArray = backend.copy(input)
    _put(backend, _line(out), _line(source), index, dim, index.size, False, _ADDS)
    return out


def _positions(backend: Any, input: CLArray, indices: tuple[CLArray | None, ...],
               indexed: list[int]) -> CLArray:
    """One position in the indexed axes taken together, per element of the index arrays."""
    arrays = [backend.contiguous(indices[d]) for d in indexed]
    first = arrays[0]
    if len(indexed) == 1:
        return first  # type: ignore[no-any-return]
    out: CLArray = backend.runtime.new(first.shape, _INT64)
    if out.size:
        run = backend.families.kernel("index_linear", _INT64)
        for which, (d, array) in enumerate(zip(indexed, arrays, strict=True)):
            _check("index", input.shape[d], array)
            backend.runtime.launch_flat(run, out.size, out.mem, array.mem, array.offset, out.size,
                                        input.shape[d], int(which == 0))
    return out


def _arranged(backend: Any, input: CLArray, indices: tuple[CLArray | None, ...]) -> Any:
    """The indexed axes side by side and merged: (contiguous 3-d view, axes' order, first axis)."""
    indexed = [d for d, index in enumerate(indices) if index is not None]
    others = [d for d in range(input.ndim) if d not in indexed]
    adjacent = indexed == list(range(indexed[0], indexed[0] + len(indexed)))
    first = indexed[0] if adjacent else 0
    order = tuple(range(input.ndim)) if adjacent else (*indexed, *others)
    moved = input if adjacent else input.transpose(order)
    return indexed, others, first, order, moved


@kernel("advanced_index")
def advanced_index(backend: Any, input: CLArray,
                   indices: tuple[CLArray | None, ...]) -> CLArray:
    """NumPy's integer-array indexing; all index arrays have one shape."""
    indexed, others, first, _, moved = _arranged(backend, input, indices)
    where = _positions(backend, input, indices, indexed)
    shape = moved.shape
    last = first + len(indexed)
    merged = backend.contiguous(moved).reshaped(
        (*shape[:first], size_of(shape[first:last]), *shape[last:]))
    out_shape = (*shape[:first], *where.shape, *shape[last:])
    return _take(backend, merged, where, first, out_shape, where.size, False)


@kernel("advanced_index_put")
def advanced_index_put(backend: Any, input: CLArray, indices: tuple[CLArray | None, ...],
                       value: CLArray, accumulate: bool) -> CLArray:
    """A copy of the input with ``value`` (broadcast) written or added at the positions."""
    indexed, _, first, order, moved = _arranged(backend, input, indices)
    where = _positions(backend, input, indices, indexed)
    shape = moved.shape
    last = first + len(indexed)
    y = backend.copy(moved)
    merged = y.reshaped((*shape[:first], size_of(shape[first:last]), *shape[last:]))
    source_shape = (*shape[:first], *where.shape, *shape[last:])
    if value.shape != source_shape or value.dtype != input.dtype:
        source = backend.runtime.new(source_shape, input.dtype)
        backend.assign(source, value)
        value = source
    _put(backend, merged, value, where, first, where.size, False,
         _ADDS if accumulate else _REPLACES)
    back = tuple(sorted(range(len(order)), key=lambda position: order[position]))
    return backend.contiguous(y.transpose(back))  # type: ignore[no-any-return]
