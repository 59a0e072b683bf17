"""Batch and layer normalisation: statistics by hand-written kernels, the rest generated."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.elementwise import remember_expression
from facula.core.backends.opencl.families import declare
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.operation import Reduce

_INT = np.dtype(np.int32)


def _signatures(number: np.dtype[Any]) -> dict[str, list[Any]]:
    return {
        "batch_norm_stats": [BUFFER] * 3 + [LONG] * 4,
        "batch_norm_sums": [BUFFER] * 6 + [LONG] * 7 + [number],
        "layer_norm_rows": [BUFFER] * 6 + [LONG] * 3 + [_INT] * 2 + [LONG, number],
        "layer_norm_rows_grad": [BUFFER] * 6 + [LONG] * 5 + [_INT, LONG],
    }


for _d in dtypes.FLOATS:
    declare(("neural.cl", "norm.cl"), _signatures(SCALARS[_d].argument), (_d,))


NORMALISED = "(x-m)*rsqrt(v+eps)*w+b"
GRADIENT = "(g-t*r-(x-m)*rsqrt(v+eps)*p*r)*rsqrt(v+eps)*w"
remember_expression(NORMALISED, ("x", "m", "v", "w", "b"), ("eps",))
remember_expression(GRADIENT, ("g", "x", "m", "v", "t", "p", "w"), ("eps", "r"))


def _launch(backend: Any, name: str, groups: int, first: CLArray, *arguments: Any) -> None:
    width = 1 if backend.runtime.is_cpu else 256
    backend.runtime.launch(backend.families.kernel(name, first.dtype), (groups * width,),
                           (width,), first.mem, *arguments)


def _per_channel(array: CLArray | None) -> CLArray | None:
    return None if array is None else array[:, None]


def _applied(backend: Any, expression: str, result: Any, tensors: dict[str, CLArray | None],
             *numbers: tuple[str, float]) -> CLArray:
    """An expression over the tensors that are there; the others' names stand for 1 or 0."""
    given = {name: array for name, array in tensors.items() if array is not None}
    for name, array in tensors.items():
        if array is None:
            expression = expression.replace(f"*{name}", "").replace(f"+{name}", "")
    function = backend.mapped(expression, {n: BY_NUMPY[a.dtype] for n, a in given.items()},
                              tuple(name for name, _ in numbers), result)
    out: CLArray = function(*given.values(), *[value for _, value in numbers])
    return out


@kernel("batch_norm_train")
def batch_norm_train(backend: Any, input: CLArray, weight: CLArray | None, bias: CLArray | None,
                     eps: float) -> tuple[CLArray, CLArray, CLArray]:
    """Output, mean and variance of each channel of (N, C, *)."""
    x = backend.contiguous(input)
    n, channels = x.shape[:2]
    length = size_of(x.shape[2:])
    runtime = backend.runtime
    mean, variance = runtime.new((channels,), x.dtype), runtime.new((channels,), x.dtype)
    if channels:
        _launch(backend, "batch_norm_stats", channels, mean, variance.mem, x.mem, x.offset, n,
                channels, length)
    y = _applied(backend, NORMALISED, BY_NUMPY[x.dtype],
                 {"x": x.reshaped((n, channels, length)), "m": _per_channel(mean),
                  "v": _per_channel(variance), "w": _per_channel(weight),
                  "b": _per_channel(bias)}, ("eps", eps))
    return y.reshaped(x.shape), mean, variance


@kernel("batch_norm_train_grad")
def batch_norm_train_grad(backend: Any, grad: CLArray, input: CLArray, weight: CLArray | None,
                          mean: CLArray, variance: CLArray,
                          eps: float) -> tuple[CLArray, CLArray, CLArray]:
    """The gradients by input, weight and bias."""
    g, x = backend.contiguous(grad), backend.contiguous(input)
    mean, variance = backend.contiguous(mean), backend.contiguous(variance)
    n, channels = x.shape[:2]
    length = size_of(x.shape[2:])
    runtime = backend.runtime
    total, product = runtime.new((channels,), x.dtype), runtime.new((channels,), x.dtype)
    if channels:
        _launch(backend, "batch_norm_sums", channels, total, product.mem, g.mem, x.mem, mean.mem,
                variance.mem, g.offset, x.offset, mean.offset, variance.offset, n, channels,
                length, eps)
    shape = (n, channels, length)
    dx = _applied(backend, GRADIENT, BY_NUMPY[x.dtype],
                  {"g": g.reshaped(shape), "x": x.reshaped(shape), "m": _per_channel(mean),
                   "v": _per_channel(variance), "t": _per_channel(total),
                   "p": _per_channel(product), "w": _per_channel(weight)},
                  ("eps", eps), ("r", 1 / max(1, n * length)))
    return dx.reshaped(x.shape), product, total


@kernel("layer_norm_rows")
def layer_norm_rows(backend: Any, input: CLArray, weight: CLArray | None, bias: CLArray | None,
                    eps: float) -> tuple[CLArray, CLArray, CLArray]:
    """Output, mean and 1 / sqrt(variance + eps) of each row of (N, D)."""
    x = backend.contiguous(input)
    rows, width = x.shape
    new = backend.runtime.new
    y, mean, factor = new(x.shape, x.dtype), new((rows, 1), x.dtype), new((rows, 1), x.dtype)
    w = x if weight is None else backend.contiguous(weight)
    b = x if bias is None else backend.contiguous(bias)
    if rows:
        _launch(backend, "layer_norm_rows", rows, y, mean.mem, factor.mem, x.mem, w.mem, b.mem,
                x.offset, w.offset, b.offset, int(weight is not None), int(bias is not None),
                width, eps)
    return y, mean, factor


@kernel("layer_norm_rows_grad")
def layer_norm_rows_grad(backend: Any, grad: CLArray, input: CLArray, weight: CLArray | None,
                         mean: CLArray, factor: CLArray) -> tuple[CLArray, CLArray, CLArray]:
    """The gradients by input, weight and bias."""
    g, x = backend.contiguous(grad), backend.contiguous(input)
    mean, factor = backend.contiguous(mean), backend.contiguous(factor)
    w = x if weight is None else backend.contiguous(weight)
    dx: CLArray = backend.runtime.new(x.shape, x.dtype)
    if dx.size:
        _launch(backend, "layer_norm_rows_grad", x.shape[0], dx, g.mem, x.mem, w.mem, mean.mem,
                factor.mem, g.offset, x.offset, w.offset, mean.offset, factor.offset,
                int(weight is not None), x.shape[1])
    d = BY_NUMPY[x.dtype]
    wide = SCALARS[d].partial
    products = backend.mapped("g*(x-m)*f", {"g": d, "x": d, "m": d, "f": d}, (), wide)(
        g, x, mean, factor)
    total = backend.folded("sum", Reduce(), wide, d)
    return dx, total(products, (0,), False), backend.folded("sum", Reduce(), d, d)(g, (0,), False)
