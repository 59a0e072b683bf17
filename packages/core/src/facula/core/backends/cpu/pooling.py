"""Pooling on the CPU: one pass over the input per position in the window, by blocks of images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.convolution import shifts
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.threads import LARGE, get_num_threads, run_all, spans
from facula.core.windows import Ints, pooled_size

BLOCK = 1 << 16  # elements of the input per block
_ALL = slice(None)


def _over_planes(part: Any, planes: int, size: int) -> None:
    """``part`` over slices of the planes: small blocks for the cache, threads for large inputs."""
    step = max(1, BLOCK // max(1, size))

    def run(span: slice) -> None:
        for i in range(span.start, span.stop, step):
            part(slice(i, min(i + step, span.stop)))

    large = planes * size >= LARGE
    if planes:
        run_all(run, spans(planes, get_num_threads() if large else 1))


def _floor_value(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind not in "iub" else np.iinfo(dtype).min


@kernel
def max_pool(input: np.ndarray, kernel_size: Ints, stride: Ints, padding: Ints, dilation: Ints,
             ceil_mode: bool) -> tuple[np.ndarray, np.ndarray]:
    sizes = input.shape[2:]
    out = pooled_size(sizes, kernel_size, stride, padding, dilation, ceil_mode)
    planes = math.prod(input.shape[:2])
    x = input.reshape(planes, *sizes)
    y = np.empty((planes, *out), input.dtype)
    where = np.empty((planes, *out), np.int64)
    steps = list(shifts(sizes, out, kernel_size, stride, padding, dilation))
    weights = [math.prod(sizes[i + 1:]) for i in range(len(sizes))]
    # The flat input position of each window's corner, and the way from there to each element.
    corner = sum((np.arange(o) * s - p).reshape(-1, *(1,) * (len(out) - 1 - i)) * w
                 for i, (o, s, p, w) in enumerate(zip(out, stride, padding, weights, strict=True)))
    ways = np.array([sum(i * d * w for i, d, w in zip(at, dilation, weights, strict=True))
                     for at, _, _ in steps], np.int64)
    code_type = np.uint8 if len(steps) <= 256 else np.int32
    whole = all(to == tuple(slice(0, o) for o in out) for _, to, _ in steps)

    apart = stride[-1] > 1 and len(steps) <= 16

    def part(span: slice) -> None:
        source, top = x[span], y[span]
        pieces = [source[(_ALL, *of)] for _, _, of in steps]
        if apart:  # read with a stride once instead of twice
            pieces = [np.ascontiguousarray(piece) for piece in pieces]
        if whole:
            np.copyto(top, pieces[0])
        else:
            top.fill(_floor_value(y.dtype))
        places = [(_ALL, *to) for _, to, _ in steps]
        for piece, at in zip(pieces[whole:], places[whole:], strict=True):
            np.maximum(top[at], piece, out=top[at])
        # The number of elements before the first largest: of equal ones the first wins.
        code = np.zeros(top.shape, code_type)
        before, lesser = np.ones(top.shape, bool), np.ones(top.shape, bool)
        for piece, at in zip(pieces[:-1], places, strict=False):
            if whole:
                np.less(piece, top, out=lesser)
            else:
                lesser.fill(True)
                lesser[at] = np.less(piece, top[at])
            before &= lesser
            code += before.view(np.uint8)
        lost = top != top
        if lost.any():  # PyTorch's place of a NaN is that of the window's last
            for k, (piece, at) in enumerate(zip(pieces, places, strict=True)):
                code[at][(piece != piece) & lost[at]] = k
        np.add(ways[code], corner, out=where[span])

    call_quietly(_over_planes, part, planes, math.prod(sizes))
    shape = (*input.shape[:2], *out)
    return y.reshape(shape), where.reshape(shape)


def _flat_positions(indices: np.ndarray, area: int) -> np.ndarray:
    planes = math.prod(indices.shape[:2])
    flat = indices.reshape(planes, -1)
    return (flat + np.arange(0, planes * area, max(area, 1))[:, None]).reshape(-1)


@kernel
def max_pool_grad(g: np.ndarray, indices: np.ndarray, input_shape: Ints) -> np.ndarray:
    area = math.prod(input_shape[2:])
    half = g.dtype.itemsize == 2
    out = np.zeros(math.prod(input_shape), np.float32 if half else g.dtype)
    values = np.ascontiguousarray(g, out.dtype).reshape(-1)
    np.add.at(out, _flat_positions(indices, area), values)
    return out.astype(g.dtype, copy=False).reshape(tuple(input_shape))


@kernel
def max_pool_pick(input: np.ndarray, indices: np.ndarray) -> np.ndarray:
    flat = _flat_positions(indices, math.prod(input.shape[2:]))
    return input.reshape(-1)[flat].reshape(indices.shape)


def _divisors(sizes: Ints, out: Ints, kernel_size: Ints, stride: Ints, padding: Ints,
              count_include_pad: bool, divisor_override: int | None) -> Any:
    """By what each window's sum is divided: one number, or an array of the output's shape."""
    if divisor_override is not None:
        return divisor_override
    counts = []
    for n, o, k, s, p in zip(sizes, out, kernel_size, stride, padding, strict=True):
        start = np.arange(o) * s - p
        stop = np.minimum(start + k, n + p)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        counts.append(stop - start)
    total = counts[0]
    for more in counts[1:]:
        total = total[..., None] * more
    first = int(total.flat[0])
    return first if (total == first).all() else total


@kernel
def avg_pool(input: np.ndarray, kernel_size: Ints, stride: Ints, padding: Ints, ceil_mode: bool,
             count_include_pad: bool, divisor_override: int | None) -> np.ndarray:
    if input.dtype.itemsize == 2 and input.dtype.kind not in "iu":
        return avg_pool(input.astype(np.float32), kernel_size, stride, padding, ceil_mode,
                        count_include_pad, divisor_override).astype(input.dtype)
    sizes = input.shape[2:]
    ones = (1,) * len(sizes)
    out = pooled_size(sizes, kernel_size, stride, padding, ones, ceil_mode)
    planes = math.prod(input.shape[:2])
    x = input.reshape(planes, *sizes)
    y = np.zeros((planes, *out), input.dtype)
    steps = list(shifts(sizes, out, kernel_size, stride, padding, ones))
    divisor = _divisors(sizes, out, kernel_size, stride, padding, count_include_pad,
                        divisor_override)

    def part(span: slice) -> None:
        source, target = x[span], y[span]
        for _, to, of in steps:
            target[(_ALL, *to)] += source[(_ALL, *of)]
        np.divide(target, divisor, out=target, casting="unsafe")

    call_quietly(_over_planes, part, planes, math.prod(sizes))
    return y.reshape(*input.shape[:2], *out)


@kernel
def avg_pool_grad(g: np.ndarray, input_shape: Ints, kernel_size: Ints, stride: Ints, padding: Ints,
                  ceil_mode: bool, count_include_pad: bool,
                  divisor_override: int | None) -> np.ndarray:
    if g.dtype.itemsize == 2:
        return avg_pool_grad(g.astype(np.float32), input_shape, kernel_size, stride, padding,
                             ceil_mode, count_include_pad, divisor_override).astype(g.dtype)
    sizes, out = tuple(input_shape[2:]), g.shape[2:]
    planes = math.prod(input_shape[:2])
    grad = np.zeros((planes, *sizes), g.dtype)
    steps = list(shifts(sizes, out, kernel_size, stride, padding, (1,) * len(sizes)))
    divisor = _divisors(sizes, out, kernel_size, stride, padding, count_include_pad,
                        divisor_override)
    source = g.reshape(planes, *out)

    def part(span: slice) -> None:
        target, share = grad[span], (source[span] / divisor).astype(g.dtype, copy=False)
        for _, to, of in steps:
            target[(_ALL, *of)] += share[(_ALL, *to)]

    call_quietly(_over_planes, part, planes, math.prod(sizes))
    return grad.reshape(tuple(input_shape))
