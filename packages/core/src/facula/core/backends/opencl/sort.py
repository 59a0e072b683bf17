"""Where the extremes stand, and running sums: kernels that go along one axis in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import declare
from facula.core.backends.opencl.neural import lines_of
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel

_INT = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
declare("sort.cl", {
    "arg_best": [BUFFER] * 3 + [LONG] * 4 + [_INT] * 2,
    "scan_lines": [BUFFER] * 2 + [LONG] * 4 + [_INT],
})


def _best(backend: Any, name: str, input: CLArray, dim: int | None, keepdim: bool, is_max: bool,
          with_values: bool) -> tuple[CLArray, CLArray]:
    runtime = backend.runtime
    input = backend.contiguous(input)
    kept = (1,) * input.ndim if keepdim else ()
    if dim is None or input.ndim == 0:
        line = input.reshaped((input.size,))
        shape, axis = (kept if dim is None else ()), 0
    else:
        line, axis = input, dim
        shape = (*input.shape[:dim], *((1,) if keepdim else ()), *input.shape[dim + 1:])
    before, length, after = lines_of(line, axis)
    lines = before * after
    if lines and not length:
        raise ValueError(f"{name}: input of shape {input.shape} has no elements to choose from: "
                         f"the reduced axis must not be empty")
    where = runtime.new(shape, _INT64)
    values = runtime.new(shape, input.dtype) if with_values else where
    if lines:
        run = backend.families.kernel("arg_best", input.dtype)
        runtime.launch_flat(run, lines, values.mem, where.mem, line.mem, line.offset, lines,
                            length, after, int(is_max), int(with_values))
    return values, where


@kernel("argmax")
def argmax(backend: Any, input: CLArray, dim: int | None, keepdim: bool) -> CLArray:
    """The first position of the largest element."""
    return _best(backend, "argmax", input, dim, keepdim, True, False)[1]


@kernel("argmin")
def argmin(backend: Any, input: CLArray, dim: int | None, keepdim: bool) -> CLArray:
    """The first position of the smallest element."""
    return _best(backend, "argmin", input, dim, keepdim, False, False)[1]


@kernel("max_dim")
def max_dim(backend: Any, input: CLArray, dim: int, keepdim: bool) -> tuple[CLArray, CLArray]:
    """The largest elements along ``dim`` and their first positions."""
    return _best(backend, "max", input, dim, keepdim, True, True)


@kernel("min_dim")
def min_dim(backend: Any, input: CLArray, dim: int, keepdim: bool) -> tuple[CLArray, CLArray]:
    """The smallest elements along ``dim`` and their first positions."""
    return _best(backend, "min", input, dim, keepdim, False, True)


def _scan(backend: Any, input: CLArray, dim: int, is_product: bool) -> CLArray:
    input = backend.contiguous(input)
    out: CLArray = backend.runtime.new(input.shape, input.dtype)
    if out.size:
        line, axis = (input, dim) if input.ndim else (input.reshaped((1,)), 0)
        before, length, after = lines_of(line, axis)
        run = backend.families.kernel("scan_lines", input.dtype)
        backend.runtime.launch_flat(run, before * after, out.mem, line.mem, line.offset,
                                    before * after, length, after, int(is_product))
    return out


@kernel("cumsum")
def cumsum(backend: Any, input: CLArray, dim: int) -> CLArray:
    """Running sums along ``dim``."""
    return _scan(backend, input, dim, False)


@kernel("cumprod")
def cumprod(backend: Any, input: CLArray, dim: int) -> CLArray:
    """Running products along ``dim``."""
    return _scan(backend, input, dim, True)
