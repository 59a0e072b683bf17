"""Where the extremes are, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel


def _index(function: Callable[..., Any], input: np.ndarray, dim: int | None,
           keepdim: bool) -> np.ndarray:
    if input.ndim == 0:
        return np.zeros((), np.int64)
    index = np.asarray(function(input, axis=dim, keepdims=keepdim))
    return index.astype(np.int64, copy=False)


@kernel
def argmax(input: np.ndarray, dim: int | None, keepdim: bool) -> np.ndarray:
    return _index(np.argmax, input, dim, keepdim)


@kernel
def argmin(input: np.ndarray, dim: int | None, keepdim: bool) -> np.ndarray:
    return _index(np.argmin, input, dim, keepdim)


def _extreme(function: Callable[..., Any], input: np.ndarray, dim: int,
             keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    if input.ndim == 0:
        return input.copy(), np.zeros((), np.int64)
    index = np.asarray(function(input, axis=dim, keepdims=True)).astype(np.int64, copy=False)
    values = np.take_along_axis(input, index, dim)
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


@kernel
def max_dim(input: np.ndarray, dim: int, keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    return _extreme(np.argmax, input, dim, keepdim)


@kernel
def min_dim(input: np.ndarray, dim: int, keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    return _extreme(np.argmin, input, dim, keepdim)


def _running(accumulate: Any, input: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    if input.ndim == 0:
        return input.copy(), np.zeros((), np.int64)
    values = accumulate(input, axis=dim)
    place = np.arange(input.shape[dim]).reshape((-1,) + (1,) * (input.ndim - dim - 1))
    fresh = (input == values) | (input != input)
    indices = np.maximum.accumulate(np.where(fresh, place, 0), axis=dim)
    return values, indices.astype(np.int64, copy=False)


@kernel
def cummax_indices(input: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    return _running(np.maximum.accumulate, input, dim)


@kernel
def cummin_indices(input: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    return _running(np.minimum.accumulate, input, dim)
