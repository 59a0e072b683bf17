"""Where the extremes stand along one axis, or among all elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import CPU, GPU, declare
from facula.core.backends.opencl.neural import lines_of
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel

_INT = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
_CPU_CHUNK, _GPU_CHUNK, _GPU_ITEMS = 1 << 15, 1 << 13, 1 << 15
_LEAST = 64  # no chunk is shorter
_BOTH = {"arg_best": [BUFFER] * 3 + [LONG] * 5 + [_INT] * 2,
         "arg_best_joined": [BUFFER] * 4 + [LONG] * 2 + [_INT] * 2}
declare("extremes.cl", {**_BOTH, "arg_best_rows": _BOTH["arg_best"]}, kinds=CPU)
declare("extremes.cl", {**_BOTH, "arg_best_groups": _BOTH["arg_best"]}, kinds=GPU)


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
        _launch(backend, line, (lines, length, after), values, where, is_max, with_values)
    return values, where


def _launch(backend: Any, x: CLArray, sizes: tuple[int, int, int], values: CLArray, where: CLArray,
            is_max: bool, with_values: bool) -> None:
    runtime = backend.runtime
    lines, length, after = sizes

    def find(name: str) -> Any:
        return backend.families.kernel(name, x.dtype)

    by_rows = after == 1 and (runtime.is_cpu or length > _LEAST)
    if runtime.is_cpu:
        parts = -(-2 * runtime.device.compute_units // (lines if by_rows else -(-lines // 256)))
        chunk = max(_CPU_CHUNK if by_rows else _LEAST, -(-length // parts))
    elif by_rows:
        chunk = _GPU_CHUNK
    else:
        chunk = max(_LEAST, -(-length // -(-_GPU_ITEMS // lines)))
    chunks = -(-length // chunk)
    to = (values, where)
    if chunks > 1:
        to = runtime.new((chunks * lines,), x.dtype), runtime.new((chunks * lines,), _INT64)
    arguments = (to[0].mem, to[1].mem, x.mem, x.offset, lines, length, after, chunk, int(is_max),
                 int(with_values or chunks > 1))
    if not by_rows:
        runtime.launch_flat(find("arg_best"), lines * chunks, *arguments)
    elif runtime.is_cpu:
        runtime.launch(find("arg_best_rows"), (lines * chunks,), (1,), *arguments)
    else:
        runtime.launch(find("arg_best_groups"), (lines * chunks * 256,), (256,), *arguments)
    if chunks > 1:
        runtime.launch_flat(find("arg_best_joined"), lines, values.mem, where.mem, to[0].mem,
                            to[1].mem, lines, chunks, int(is_max), int(with_values))


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
