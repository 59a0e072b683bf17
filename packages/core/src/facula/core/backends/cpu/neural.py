"""Kernels for the layers of networks on the CPU: few passes, by blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from facula.core.backends.cpu import rows as short
from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.threads import LARGE, get_num_threads, run_all, spans

BLOCK = 1 << 16


def _is_half(a: np.ndarray) -> bool:
    return a.dtype.itemsize == 2 and a.dtype.kind not in "iu"


def in_single(function: Any) -> Any:
    """Compute 16-bit floats in float32."""
    def call(first: np.ndarray, *rest: Any) -> Any:
        if not _is_half(first):
            return call_quietly(function, first, *rest)
        wide = [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in (first, *rest)]
        y = call_quietly(function, *wide)
        if isinstance(y, tuple):
            return tuple([call_quietly(a.astype, first.dtype) for a in y])
        return call_quietly(y.astype, first.dtype)
    call.__name__ = function.__name__
    return call


@kernel
@in_single
def linear(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    if input.ndim > 2:  # one product, not one per leading index
        y = np.matmul(input.reshape(-1, input.shape[-1]), weight.T)
    else:
        y = np.matmul(input, weight.T)
    if bias is not None:
        y += bias
    return y.reshape(*input.shape[:-1], len(weight)) if input.ndim > 2 else np.asarray(y)


def _parts(n: int, size: int) -> list[slice]:
    """Slices of ``range(n)``: one per thread where ``n * size`` elements are many."""
    return spans(n, get_num_threads() if n * size >= LARGE else 1) if n else []


def _blocks(span: slice, size: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(1, size))
    for i in range(span.start, span.stop, step):
        yield slice(i, min(i + step, span.stop))


def _summed(part: Any, n: int, size: int) -> Any:
    return sum(run_all(part, _parts(n, size)))


@kernel
@in_single
def batch_norm_train(input: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None,
                     eps: float) -> tuple[np.ndarray, ...]:
    n, channels = input.shape[:2]
    x = np.ascontiguousarray(input).reshape(n, channels, -1)
    size, count = x[0].size if n else 0, n * x.shape[2]
    f = x.dtype.type

    def sums(span: slice) -> Any:
        return x[span].sum(2).sum(0)

    mean = _summed(sums, n, size) / f(count)
    centre = mean[:, None]

    def squares(span: slice) -> Any:
        total = np.zeros(channels, x.dtype)
        for block in _blocks(span, size):
            d = x[block] - centre
            total += np.einsum("ncl,ncl->nc", d, d).sum(0)
        return total

    variance = _summed(squares, n, size) / f(count)
    scale = 1 / np.sqrt(variance + f(eps))
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    y = np.empty_like(x)

    def apply(span: slice) -> None:
        for block in _blocks(span, size):
            np.multiply(x[block], scale[:, None], out=y[block])
            y[block] += shift[:, None]

    run_all(apply, _parts(n, size))
    return y.reshape(input.shape), mean, variance


@kernel
@in_single
def batch_norm_train_grad(grad: np.ndarray, input: np.ndarray, weight: np.ndarray | None,
                          mean: np.ndarray, variance: np.ndarray,
                          eps: float) -> tuple[np.ndarray, ...]:
    n, channels = input.shape[:2]
    x = np.ascontiguousarray(input).reshape(n, channels, -1)
    g = np.ascontiguousarray(grad).reshape(x.shape)
    size, count = x[0].size if n else 0, n * x.shape[2]
    f = x.dtype.type
    centre, inverse = mean[:, None], 1 / np.sqrt(variance + f(eps))

    def sums(span: slice) -> Any:
        total = np.zeros((2, channels), x.dtype)
        for block in _blocks(span, size):
            total[0] += g[block].sum(2).sum(0)
            total[1] += np.einsum("ncl,ncl->nc", g[block], x[block] - centre).sum(0)
        return total

    total, product = _summed(sums, n, size)
    # dx = a g + b x + c, each constant within a channel
    a = inverse if weight is None else inverse * weight
    b = -a * inverse * inverse * product / f(count)
    c = -a * total / f(count) - b * mean
    dx = np.empty_like(x)

    def apply(span: slice) -> None:
        for block in _blocks(span, size):
            out = dx[block]
            np.multiply(x[block], b[:, None], out=out)
            out += c[:, None]
            out += g[block] * a[:, None]

    run_all(apply, _parts(n, size))
    return dx.reshape(input.shape), product * inverse, total


@kernel
@in_single
def layer_norm_rows(input: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None,
                    eps: float) -> tuple[np.ndarray, ...]:
    x = np.ascontiguousarray(input)
    n, size = x.shape
    f = x.dtype.type
    y = np.empty_like(x)
    mean, factor = np.empty((n, 1), x.dtype), np.empty((n, 1), x.dtype)

    def part(span: slice) -> None:
        for block in _blocks(span, size):
            out = y[block]
            np.divide(short.sums(x[block], 1), f(size), out=mean[block])
            np.subtract(x[block], mean[block], out=out)
            variance = np.einsum("nd,nd->n", out, out)[:, None] / f(size)
            np.divide(f(1), np.sqrt(variance + f(eps)), out=factor[block])
            out *= factor[block]
            if weight is not None:
                out *= weight
            if bias is not None:
                out += bias

    run_all(part, _parts(n, size))
    return y, mean, factor


@kernel
@in_single
def layer_norm_rows_grad(grad: np.ndarray, input: np.ndarray, weight: np.ndarray | None,
                         mean: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, ...]:
    x, g = np.ascontiguousarray(input), np.ascontiguousarray(grad)
    n, size = x.shape
    f = x.dtype.type
    dx = np.empty_like(x)
    w = np.ones(size, x.dtype) if weight is None else weight
    share = f(-1) / f(size)

    def part(span: slice) -> Any:
        total = np.zeros((2, size), x.dtype)
        for block in _blocks(span, size):
            rows, out = g[block], dx[block]
            normal = x[block] - mean[block]
            normal *= factor[block]
            np.multiply(rows, normal, out=out)
            total[0] += out.sum(0)
            total[1] += rows.sum(0)
            # Both means of weighted rows are products with the weight: no pass for the weighting.
            slope, level = np.matmul(out, w), np.matmul(rows, w)
            normal *= np.multiply(slope, share, out=slope)[:, None]
            normal += np.multiply(level, share, out=level)[:, None]
            np.multiply(rows, w, out=out)
            out += normal
            out *= factor[block]
        return total

    if n:
        dweight, dbias = sum(run_all(part, _parts(n, size)))
    else:
        dweight = dbias = np.zeros(size, x.dtype)
    return dx, dweight, dbias
