"""Sorting, ranks, running sums, unique elements and histograms on the CPU, by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.dtypes import bfloat16

Pair = tuple[np.ndarray, np.ndarray]


def _keys(input: np.ndarray) -> np.ndarray:
    """The numbers as NumPy can sort them: of bfloat16 it does not know that NaN comes last."""
    return input.astype(np.float32) if input.dtype == bfloat16.numpy else input


def _order(input: np.ndarray, dim: int, descending: bool) -> np.ndarray:
    """The stable order along a dimension, NaN last (or first, where descending)."""
    if not descending:
        return np.argsort(_keys(input), axis=dim, kind="stable")
    backwards = np.argsort(np.flip(_keys(input), dim), axis=dim, kind="stable")
    return np.flip(input.shape[dim] - 1 - backwards, dim)


def _picked(input: np.ndarray, index: np.ndarray, dim: int, keepdim: bool = True) -> Pair:
    index = np.ascontiguousarray(index, np.int64)
    values = np.take_along_axis(input, index, dim)
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


def _scalar(input: np.ndarray) -> Pair:
    return input.copy(), np.zeros((), np.int64)


@kernel
def sort_indices(input: np.ndarray, dim: int, descending: bool) -> Pair:
    return _picked(input, _order(input, dim, descending), dim) if input.ndim else _scalar(input)


@kernel
def topk_indices(input: np.ndarray, k: int, dim: int, largest: bool) -> Pair:
    if not input.ndim:
        return _scalar(input)
    n = input.shape[dim]
    first = [slice(None)] * input.ndim
    if not 0 < k < n // 4:
        first[dim] = slice(0, k)
        return _picked(input, _order(input, dim, largest)[tuple(first)], dim)
    first[dim] = slice(n - k, n) if largest else slice(0, k)
    some = np.argpartition(_keys(input), n - k if largest else k - 1, axis=dim)[tuple(first)]
    some = np.sort(some, axis=dim)
    inner = _order(np.take_along_axis(input, some, dim), dim, largest)
    return _picked(input, np.take_along_axis(some, inner, dim), dim)


@kernel
def kth_index(input: np.ndarray, k: int, dim: int, keepdim: bool) -> Pair:
    if not input.ndim:
        return _scalar(input)
    order = np.argpartition(_keys(input), k - 1, axis=dim)
    return _picked(input, np.take(order, [k - 1], axis=dim), dim, keepdim)


@kernel
def median_index(input: np.ndarray, dim: int, keepdim: bool, ignore_nan: bool) -> Pair:
    if not input.ndim:
        return _scalar(input)
    order = _order(input, dim, False)
    bad = (input != input).sum(axis=dim, keepdims=True)
    n = input.shape[dim]
    if ignore_nan:
        rank = np.maximum(n - bad - 1, 0) // 2
    else:  # the first NaN, if there is one
        rank = np.where(bad > 0, n - bad, (n - 1) // 2)
    return _picked(input, np.take_along_axis(order, rank, dim), dim, keepdim)


@kernel
def mode_index(input: np.ndarray, dim: int, keepdim: bool) -> Pair:
    if not input.ndim:
        return _scalar(input)
    order = np.moveaxis(_order(input, dim, False), dim, -1)
    lines = np.take_along_axis(np.moveaxis(input, dim, -1), order, -1)
    n = lines.shape[-1]
    place = np.arange(n)
    starts = np.ones(lines.shape, bool)
    starts[..., 1:] = lines[..., 1:] != lines[..., :-1]
    run = place - np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    last = np.argmax(run, axis=-1)[..., None]  # the end of the first longest run
    index = np.moveaxis(np.take_along_axis(order, last, -1), -1, dim)
    return _picked(input, index, dim, keepdim)


def _accumulate(ufunc: Any, input: np.ndarray, dim: int) -> np.ndarray:
    if not input.ndim:
        return input.copy()
    if input.dtype.itemsize == 2 and input.dtype.kind not in "iu":
        wide = call_quietly(ufunc.accumulate, input.astype(np.float32), axis=dim)
        return call_quietly(wide.astype, input.dtype)
    # Said to NumPy, which would go on in int64 for bool and narrow integers.
    return call_quietly(ufunc.accumulate, input, axis=dim, dtype=input.dtype)


@kernel
def cumsum(input: np.ndarray, dim: int) -> np.ndarray:
    return _accumulate(np.add, input, dim)


@kernel
def cumprod(input: np.ndarray, dim: int) -> np.ndarray:
    return _accumulate(np.multiply, input, dim)


@kernel
def logcumsumexp(input: np.ndarray, dim: int) -> np.ndarray:
    if input.dtype.kind != "c" or not input.ndim:
        return _accumulate(np.logaddexp, input, dim)
    # NumPy's has no complex form. Scaled by the largest real part so far, step by step.
    y = np.moveaxis(input.copy(), dim, 0)
    for k in range(1, len(y)):
        before, now = y[k - 1:k], y[k:k + 1]
        top = np.maximum(before.real, now.real)
        top = np.where(np.isfinite(top), top, 0)
        now[...] = np.log(np.exp(before - top) + np.exp(now - top)) + top
    return np.moveaxis(y, 0, dim)


@kernel
def unique_all(input: np.ndarray, dim: int | None,
               consecutive: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if consecutive:
        return _runs(input, dim)
    if dim is not None and not input.size:
        return _runs(input, dim)
    values, inverse, counts = np.unique(_keys(input), return_inverse=True, return_counts=True,
                                        axis=dim, equal_nan=False)
    inverse = inverse.reshape(input.shape if dim is None else (input.shape[dim],))
    values = values.astype(input.dtype, copy=False)
    return values, inverse.astype(np.int64, copy=False), counts.astype(np.int64, copy=False)


def _runs(input: np.ndarray, dim: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first slice of every run of equal ones."""
    slices = input.reshape(-1, 1) if dim is None else np.moveaxis(input, dim, 0)
    flat = slices.reshape(slices.shape[0], -1) if slices.size else slices.reshape(
        slices.shape[0], 0)
    n = flat.shape[0]
    starts = np.ones(n, bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    first = np.flatnonzero(starts)
    counts = np.diff(np.append(first, n))
    inverse = np.cumsum(starts) - 1
    if dim is None:
        return input.reshape(-1)[first], inverse.reshape(input.shape), counts
    return np.take(input, first, axis=dim), inverse, counts


@kernel
def search_rows(sequence: np.ndarray, values: np.ndarray, right: bool) -> np.ndarray:
    side: Any = "right" if right else "left"
    sequence, values = _keys(sequence), _keys(values)
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side=side), np.int64)
    rows = sequence.reshape(-1, sequence.shape[-1])
    wanted = values.reshape(rows.shape[0], -1)
    found = np.empty(wanted.shape, np.int64)
    for i in range(rows.shape[0]):
        found[i] = np.searchsorted(rows[i], wanted[i], side=side)
    return found.reshape(values.shape)


@kernel
def bincount(input: np.ndarray, weights: np.ndarray | None, minlength: int) -> np.ndarray:
    if input.size and input.min() < 0:
        raise RuntimeError(f"bincount: the input holds {input.min()}: numbers must not be negative")
    counts = np.bincount(input, weights, minlength)
    if weights is not None:
        return counts.astype(np.float32 if weights.dtype == np.float32 else np.float64, copy=False)
    return counts.astype(np.int64, copy=False)


@kernel
def histogram_counts(input: np.ndarray, edges: np.ndarray, weight: np.ndarray | None) -> Any:
    flat = input.reshape(-1)
    inside = (flat >= edges[0]) & (flat <= edges[-1])
    place = np.searchsorted(edges, flat[inside], side="right") - 1
    place = np.minimum(place, edges.size - 2)
    weights = None if weight is None else weight.reshape(-1)[inside]
    return np.bincount(place, weights, edges.size - 1).astype(input.dtype)
