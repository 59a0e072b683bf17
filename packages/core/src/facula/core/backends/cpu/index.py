"""Gathering and scattering on the CPU: NumPy's ``take`` and fancy indexing, sums by sorting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly

_ALL = slice(None)


def _only(indices: Sequence[Any]) -> int:
    """The one indexed dimension, or -1 where there are several."""
    found = -1
    for d, index in enumerate(indices):
        if index is not None:
            if found >= 0:
                return -1
            found = d
    return found


def _complain(shape: tuple[int, ...], indices: Sequence[Any], error: IndexError) -> IndexError:
    """The error that names the index, its dimension and the size."""
    for dim, index in enumerate(indices):
        if index is not None and index.size:
            low, high, n = int(index.min()), int(index.max()), shape[dim]
            if low < -n or high >= n:
                return IndexError(
                    f"index: {low if low < -n else high} is out of range: dimension {dim} has size "
                    f"{n}, so the index must be between {-n} and {n - 1}")
    return error


@kernel
def advanced_index(input: np.ndarray, indices: Sequence[Any]) -> np.ndarray:
    try:
        dim = _only(indices)
        if dim >= 0:
            return np.asarray(input.take(indices[dim], axis=dim))
        return np.asarray(input[tuple([_ALL if i is None else i for i in indices])])
    except IndexError as error:
        raise _complain(input.shape, indices, error) from None


@kernel
def advanced_index_put(input: np.ndarray, indices: Sequence[Any], values: np.ndarray,
                       accumulate: bool) -> np.ndarray:
    out = np.array(input, order="C")
    advanced_index_put_(out, indices, values, accumulate)
    return out


@kernel
def advanced_index_put_(out: np.ndarray, indices: Sequence[Any], values: np.ndarray,
                        accumulate: bool) -> None:
    try:
        if accumulate:
            _add_at(out, indices, values)
        else:
            if np.may_share_memory(out, values):
                values = values.copy()
            out[tuple([_ALL if i is None else i for i in indices])] = values
    except IndexError as error:
        raise _complain(out.shape, indices, error) from None


def _add_at(out: np.ndarray, indices: Sequence[Any], values: np.ndarray) -> None:
    """``out[indices] += values``, positions that come several times included.

    Rows of more than a few elements are sorted by position and summed by ``reduceat``, which is
    about ten times as fast as ``np.add.at``, and always adds in the same order.
    """
    dim = _only(indices)
    half = out.dtype.itemsize == 2 and out.dtype.kind not in "iu"
    if half:
        wide = out.astype(np.float32)
        _add_at(wide, indices, values.astype(np.float32))
        out[...] = wide
        return
    if dim >= 0 and out.size and indices[dim].size and out.size // out.shape[dim] >= 4:
        index = indices[dim]
        rows = np.moveaxis(values.reshape(
            *values.shape[:dim], index.size, *values.shape[dim + index.ndim:]), dim, 0)
        _add_rows(np.moveaxis(out, dim, 0), index.reshape(-1), rows)
    else:
        call_quietly(np.add.at, out, tuple([_ALL if i is None else i for i in indices]), values)


def _add_rows(out: np.ndarray, index: np.ndarray, rows: np.ndarray) -> None:
    n = out.shape[0]
    low, high = index.min(), index.max()
    if low < -n or high >= n:
        raise IndexError
    if low < 0:
        index = np.where(index < 0, index + n, index)
    order = np.argsort(index, kind="stable")
    index = index[order]
    first = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    if first.size == index.size:
        out[index] += rows[order]
    else:
        out[index[first]] += call_quietly(np.add.reduceat, rows[order], first, axis=0)


@kernel
def nonzero_positions(input: np.ndarray) -> np.ndarray:
    if input.ndim == 0:
        return np.zeros((0, int(bool(input))), np.int64)
    if input.ndim == 1:
        return np.flatnonzero(input).astype(np.int64, copy=False)[None]
    return np.stack(np.nonzero(input)).astype(np.int64, copy=False)


@kernel
def masked_fill_(out: np.ndarray, mask: np.ndarray, value: np.ndarray) -> None:
    np.copyto(out, value, where=mask, casting="unsafe")


@kernel
def masked_fill(input: np.ndarray, mask: np.ndarray, value: np.ndarray) -> np.ndarray:
    out = np.array(np.broadcast_to(input, np.broadcast_shapes(input.shape, mask.shape)), order="C")
    np.copyto(out, value, where=mask, casting="unsafe")
    return out


@kernel
def cat(tensors: tuple[np.ndarray, ...], dim: int) -> np.ndarray:
    return np.concatenate(tensors, axis=dim)


@kernel
def stack(tensors: tuple[np.ndarray, ...], dim: int) -> np.ndarray:
    return np.stack(tensors, axis=dim)


# Along one dimension


def _along(part: np.ndarray, dim: int, index: np.ndarray, name: str) -> tuple[Any, ...]:
    """The key that pairs each position of the index with its own place in the other dimensions."""
    if index.size:
        low, high, n = int(index.min()), int(index.max()), part.shape[dim]
        if low < 0 or high >= n:
            raise IndexError(f"{name}: index {low if low < 0 else high} is out of range: dimension "
                             f"{dim} has size {n}, so it must be between 0 and {n - 1}")
    return tuple([index if d == dim else np.arange(n).reshape(
        (1,) * d + (-1,) + (1,) * (index.ndim - d - 1)) for d, n in enumerate(index.shape)])


def _line(data: np.ndarray) -> np.ndarray:
    return data if data.ndim else data.reshape(1)


@kernel
def gather(input: np.ndarray, dim: int, index: np.ndarray) -> np.ndarray:
    shape = index.shape
    input, index = _line(input), _line(index)
    return np.asarray(input[_along(input, dim, index, "gather")]).reshape(shape)


@kernel
def scatter(input: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray) -> np.ndarray:
    out = np.array(input, order="C")
    scatter_(out, dim, index, src)
    return out


@kernel
def scatter_(out: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray) -> None:
    out, index, src = _line(out), _line(index), _line(src)
    if np.may_share_memory(out, src):
        src = src.copy()
    out[_along(out, dim, index, "scatter")] = src


@kernel
def scatter_add(input: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray) -> np.ndarray:
    out = np.array(input, order="C")
    scatter_add_(out, dim, index, src)
    return out


@kernel
def scatter_add_(out: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray) -> None:
    out, index, src = _line(out), _line(index), _line(src)
    _add_at(out, _along(out, dim, index, "scatter_add"), src)


@kernel
def scatter_fold(input: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray,
                 reduce: str) -> np.ndarray:
    out = np.array(input, order="C")
    ufunc = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    line, at = _line(out), _line(index)
    call_quietly(ufunc.at, line, _along(line, dim, at, "scatter_reduce"), _line(src))
    return out


@kernel
def index_select(input: np.ndarray, dim: int, index: np.ndarray) -> np.ndarray:
    line = _line(input)
    y = advanced_index(line, [index if d == dim else None for d in range(line.ndim)])
    return y if input.ndim else y.reshape(())


@kernel
def index_add(input: np.ndarray, dim: int, index: np.ndarray, source: np.ndarray) -> np.ndarray:
    out = np.array(input, order="C")
    index_add_(out, dim, index, source)
    return out


@kernel
def index_add_(out: np.ndarray, dim: int, index: np.ndarray, source: np.ndarray) -> None:
    out, source = _line(out), _line(source)
    advanced_index_put_(out, [index if d == dim else None for d in range(out.ndim)], source, True)
