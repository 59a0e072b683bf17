"""Matrix products of views: batches broadcast, transposed operands taken as they lie."""

from __future__ import annotations

import functools
from typing import Any

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.gemm import product
from facula.core.backends.opencl.layout import broadcast_shape, collapse, size_of
from facula.core.backends.opencl.operands import STRIDED, Left, Right, Sizes
from facula.core.backends.opencl.registry import kernel


@kernel("matmul")
@kernel("batched_matmul")
def matmul(backend: Any, input: CLArray, other: CLArray) -> CLArray:
    """``input @ other`` for arrays of two or more axes; batch axes broadcast."""
    m, k = input.shape[-2:]
    n = other.shape[-1]
    batch = broadcast_shape("matmul", [input.shape[:-2], other.shape[:-2]])
    out: CLArray = backend.runtime.new((*batch, m, n), input.dtype)
    if not out.size:
        return out
    run = product(backend.families, input, other, input.dtype, STRIDED).run
    launch = _launch((input.shape, input.strides, other.shape, other.strides, batch,
                      input.dtype.itemsize, other.dtype.itemsize))
    if launch is None:  # batch axes that do not collapse to two
        return matmul(backend, backend.contiguous(input), _contiguous_batch(backend, other, batch))
    left, right, sizes, place = launch
    run(out, place, Left(input, left, max(1, k)), Right(other, STRIDED, right), sizes)
    return out


@kernel("linear")
def linear(backend: Any, input: CLArray, weight: CLArray, bias: CLArray | None) -> CLArray:
    """``input @ weight.T + bias`` over the last axis: one product, the bias added as it ends."""
    features, depth = weight.shape
    rows = input.size // depth if depth else size_of(input.shape[:-1])
    out: CLArray = backend.runtime.new((*input.shape[:-1], features), input.dtype)
    if out.size:
        if input.ndim != 2:
            input = backend.contiguous(input).reshaped((rows, depth))
        itemsize = input.dtype.itemsize
        am, ak = (s // itemsize for s in input.strides)
        bn, bk = (s // itemsize for s in weight.strides)
        bias_step = 0 if bias is None else bias.strides[0] // itemsize
        product(backend.families, input, weight, out.dtype, STRIDED).run(
            out, (0, 0, features), Left(input, (0, 0, am, 0, ak), max(1, depth)),
            Right(weight, STRIDED, (0, 0, bk, bn)), Sizes(rows, features, depth, 1, 1, 1, 1),
            bias, None, (0, bias_step))
    return out


def _contiguous_batch(backend: Any, other: CLArray, batch: tuple[int, ...]) -> CLArray:
    whole: CLArray = backend.runtime.new((*batch, *other.shape[-2:]), other.dtype)
    backend.assign(whole, other)
    return whole


@functools.lru_cache(maxsize=4096)
def _launch(key: Any) -> Any:
    """Strides of A and B, sizes, and C's place; None where the batch needs more than two levels."""
    a_shape, a_strides, b_shape, b_strides, batch, a_size, b_size = key
    m, k = a_shape[-2:]
    n = b_shape[-1]
    am, ak = (s // a_size for s in a_strides[-2:])
    bk, bn = (s // b_size for s in b_strides[-2:])
    a_batch = _expand(a_shape[:-2], a_strides[:-2], a_size, batch)
    b_batch = _expand(b_shape[:-2], b_strides[:-2], b_size, batch)
    count = size_of(batch)
    lengths, (az, bz) = collapse(batch, [a_batch, b_batch])
    if count == 1:
        az, bz = [0], [0]
    if not any(bz) and len(lengths) == 1 and (az[0] == am * m or m == 1):
        # One B for the whole batch: the rows of all batches are the rows of one tall A.
        return ((0, 0, az[0] if m == 1 else am, 0, ak), (0, 0, bk, bn),
                Sizes(m * count, n, k, 1, 1, 1, 1), (0, 0, n))
    if len(lengths) > 2:
        return None
    inner = lengths[-1]
    az, bz = [0] * (2 - len(az)) + az, [0] * (2 - len(bz)) + bz
    sizes = Sizes(m, n, k, count, inner, count if any(az) else 1, count if any(bz) else 1)
    return (*az, am, 0, ak), (*bz, bk, bn), sizes, (0, m * n, n)


def _expand(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int,
            batch: tuple[int, ...]) -> list[int]:
    own = [0 if length == 1 else stride // itemsize
           for length, stride in zip(shape, strides, strict=True)]
    return [0] * (len(batch) - len(own)) + own
