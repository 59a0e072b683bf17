"""Softmax on the CPU, by blocks of rows that stay in the cache; sums over classes' values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.rows import largest, sums
from facula.core.backends.cpu.threads import LARGE, get_num_threads, run_all, spans

_ALL = slice(None)
ROWS = 1 << 16  # elements of a block: what its five passes write stays in the level-2 cache


def _quietly(function: Callable[..., None], *args: Any) -> None:
    """The call; where the caller made errors of NumPy's warnings, once more with them off."""
    try:
        function(*args)
    except RuntimeWarning:
        call_quietly(function, *args)


def _blocked(function: Callable[..., None], dim: int, *inputs: np.ndarray) -> np.ndarray:
    """``function(out, *inputs, axis)`` on slices of dimension 0, or whole where that is reduced.

    float16 and bfloat16 are computed in float32.
    """
    first = inputs[0]
    if first.dtype.char in "fd" and first.ndim and 0 < first.size <= ROWS:
        result = np.empty(first.shape, first.dtype)
        try:
            function(result, *inputs, dim)
        except RuntimeWarning:
            call_quietly(function, result, *inputs, dim)
        return result
    half = first.dtype.itemsize == 2
    out: np.ndarray = np.empty(first.shape, np.float32 if half else first.dtype)
    if not first.size:
        return out.astype(first.dtype)
    if not first.ndim:
        inputs, result, dim = tuple([a.reshape(1) for a in inputs]), out.reshape(1), 0
    else:
        result = out

    def part(span: slice) -> None:
        given = [a[span] for a in inputs]
        if half:
            given = [call_quietly(a.astype, np.float32) for a in given]
        _quietly(function, result[span], *given, dim)

    if dim == 0 or first.size <= ROWS:
        part(_ALL)
    else:
        length = result.shape[0]
        rows = max(1, ROWS * length // first.size)

        def share(span: slice) -> None:
            for i in range(span.start, span.stop, rows):
                part(slice(i, min(i + rows, span.stop)))

        run_all(share, spans(length, 4 * get_num_threads() if first.size >= LARGE else 1))
    return out.astype(first.dtype) if half else out


def _softmax(out: np.ndarray, x: np.ndarray, dim: int) -> None:
    np.subtract(x, largest(x, dim), out)
    np.exp(out, out)
    np.divide(out, sums(out, dim), out)


def _log_softmax(out: np.ndarray, x: np.ndarray, dim: int) -> None:
    np.subtract(x, largest(x, dim), out)
    total = sums(np.exp(out), dim)
    np.subtract(out, np.log(total, total), out)


def _softmax_grad(out: np.ndarray, g: np.ndarray, y: np.ndarray, dim: int) -> None:
    np.multiply(g, y, out)
    total = sums(out, dim)
    np.subtract(g, total, out)
    np.multiply(out, y, out)


def _log_softmax_grad(out: np.ndarray, g: np.ndarray, y: np.ndarray, dim: int) -> None:
    np.exp(y, out)
    np.multiply(out, sums(g, dim), out)
    np.subtract(g, out, out)


@kernel
def softmax(input: np.ndarray, dim: int) -> Any:
    return _blocked(_softmax, dim, input)


@kernel
def log_softmax(input: np.ndarray, dim: int) -> Any:
    return _blocked(_log_softmax, dim, input)


@kernel
def softmax_grad(g: np.ndarray, y: np.ndarray, dim: int) -> Any:
    return _blocked(_softmax_grad, dim, g, y)


@kernel
def log_softmax_grad(g: np.ndarray, y: np.ndarray, dim: int) -> Any:
    return _blocked(_log_softmax_grad, dim, g, y)


def _places(shape: tuple[int, ...], target: np.ndarray, ignore_index: int) -> tuple[Any, Any]:
    """Where the classes stand in an array seen as (A, C, B), and which of them count (or None).

    Raises
    ------
    IndexError
        If a class that counts does not exist.
    """
    classes = shape[1] if len(shape) > 1 else shape[0]
    first = shape[0] if len(shape) > 1 else 1
    numbers = target.reshape(first, -1)
    if not numbers.size:
        return (slice(0), 0, slice(0)), None
    kept = None
    if numbers.min() < 0 or numbers.max() >= classes or 0 <= ignore_index < classes:
        kept = numbers != ignore_index
        wrong = numbers[kept & ((numbers < 0) | (numbers >= classes))]
        if wrong.size:
            raise IndexError(f"{int(wrong[0])} is not a class: there are {classes}")
        numbers = np.where(kept, numbers, 0)
    return (np.arange(first)[:, None], numbers, np.arange(numbers.shape[1])), kept


@kernel
def nll_sums(input: np.ndarray, target: np.ndarray, ignore_index: int) -> Any:
    if not target.size:
        return np.zeros((), input.dtype), np.zeros((), input.dtype)
    places, kept = _places(input.shape, target, ignore_index)
    first, classes = input.shape[:2] if input.ndim > 1 else (1, input.shape[0])
    values = input.reshape(first, classes, -1)[places]
    wide = np.float32 if input.dtype.itemsize == 2 else input.dtype
    total = -values.sum(dtype=wide) if kept is None else -values[kept].sum(dtype=wide)
    count = target.size if kept is None else np.count_nonzero(kept)
    return np.asarray(total).astype(input.dtype), np.full((), count, input.dtype)


@kernel
def class_entropy(input: np.ndarray, target: np.ndarray, ignore_index: int, mean: bool) -> Any:
    logp = _blocked(_log_softmax, min(1, input.ndim - 1), input)
    total, count = nll_sums(logp, target, ignore_index)
    if mean:
        total = np.full((), np.nan, total.dtype) if not count else np.asarray(total / count)
    return total, count, logp


@kernel
def class_entropy_grad(grad: np.ndarray, output: np.ndarray, target: np.ndarray,
                       count: np.ndarray | None, ignore_index: int) -> Any:
    if not target.size:
        return np.zeros_like(output)
    places, kept = _places(output.shape, target, ignore_index)
    first, classes = output.shape[:2] if output.ndim > 1 else (1, output.shape[0])
    wide = np.float32 if output.dtype.itemsize == 2 else output.dtype
    dx = np.exp(output, dtype=wide) if wide == output.dtype else np.exp(output.astype(wide))
    planes = dx.reshape(first, classes, -1)
    planes[places] -= 1
    if kept is not None:
        np.copyto(planes, 0, where=~kept[:, None])
    factor = grad.astype(wide)
    if count is not None and count:
        factor = factor / count.astype(wide)
    planes *= factor
    return dx.astype(output.dtype, copy=False)


@kernel
def nll_spread(grad: np.ndarray, target: np.ndarray, ignore_index: int,
               size: tuple[int, ...]) -> Any:
    out = np.zeros(size, grad.dtype)
    if target.size:
        places, kept = _places(size, target, ignore_index)
        first, classes = size[:2] if len(size) > 1 else (1, size[0])
        value = -grad if kept is None else np.where(kept, -grad, grad.dtype.type(0))
        out.reshape(first, classes, -1)[places] = value
    return out
