"""Kernels of neural networks: softmax and its kin, classes' values, variance and mean."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl import families
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.operation import Reduce

_INT = np.dtype(np.int32)
_GROUP_ROW = 64     # from this length on a GPU gives a line a whole work-group
_ROW_WORK = 8192    # values a CPU work-group should have
_CLASS_RUN = 4096   # lines whose classes' values one work-group adds up
_FORWARD = [BUFFER, BUFFER, LONG, LONG, LONG]
_BACKWARD = [BUFFER, BUFFER, BUFFER, LONG, LONG, LONG, LONG]
_CLASSES: dict[str, list[Any]] = {"nll_sums": [BUFFER] * 4 + [LONG] * 7 + [_INT],
                                  "nll_spread": [BUFFER] * 3 + [LONG] * 6}
_ENTROPY: list[Any] = [BUFFER] * 5 + [LONG] * 8 + [_INT]
_LINES: dict[str, list[Any]] = {"softmax_lines": [*_FORWARD, LONG, _INT],
                                "softmax_grad_lines": [*_BACKWARD, LONG, _INT]}
_CPU = {**_CLASSES, **_LINES, "softmax_rows": [*_FORWARD, LONG, _INT],
        "softmax_grad_rows": [*_BACKWARD, LONG, _INT],
        "class_entropy_rows": _ENTROPY, "class_entropy_lines": _ENTROPY}
_GPU = {**_CLASSES, **_LINES, "softmax_groups": [*_FORWARD, _INT],
        "softmax_grad_groups": [*_BACKWARD, _INT],
        "class_entropy_each": _ENTROPY}
families.declare("neural.cl", _CPU, dtypes.FLOATS, families.CPU)
families.declare("neural.cl", _GPU, dtypes.FLOATS, families.GPU)


def lines_of(data: CLArray, dim: int) -> tuple[int, int, int]:
    """(A, R, B) of a contiguous array around one axis."""
    return size_of(data.shape[:dim]), data.shape[dim], size_of(data.shape[dim + 1:])


def _run(backend: Any, name: str, arrays: tuple[CLArray, ...], dim: int, is_log: bool) -> CLArray:
    runtime = backend.runtime
    arrays = tuple([backend.contiguous(a) for a in arrays])
    out: CLArray = runtime.new(arrays[0].shape, arrays[0].dtype)
    if not out.size:
        return out
    if not out.ndim:
        arrays, dim = tuple([a.reshaped((1,)) for a in arrays]), 0
    find = functools.partial(backend.families.kernel, dtype=out.dtype)
    before, length, after = lines_of(arrays[0], dim)
    lines = before * after
    buffers = (out.mem, *[a.mem for a in arrays], *[a.offset for a in arrays], lines, length)
    if after > 1 or (not runtime.is_cpu and length < _GROUP_ROW):
        runtime.launch_flat(find(name + "_lines"), lines, *buffers, after, int(is_log))
    elif runtime.is_cpu:
        run = _lines_each(runtime, lines, length)
        runtime.launch(find(name + "_rows"), (-(-lines // run),), (1,), *buffers, run,
                       int(is_log))
    else:
        runtime.launch(find(name + "_groups"), (lines * 256,), (256,), *buffers, int(is_log))
    return out


def _lines_each(runtime: Any, lines: int, length: int) -> int:
    """How many lines a CPU device's work-group takes."""
    return max(1, min(lines // (8 * runtime.device.compute_units), _ROW_WORK // length))


@kernel("softmax")
def softmax(backend: Any, input: CLArray, dim: int) -> CLArray:
    """e^x over its sum along ``dim``."""
    return _run(backend, "softmax", (input,), dim, False)


@kernel("log_softmax")
def log_softmax(backend: Any, input: CLArray, dim: int) -> CLArray:
    """The logarithm of softmax, without leaving the logarithms."""
    return _run(backend, "softmax", (input,), dim, True)


@kernel("softmax_grad")
def softmax_grad(backend: Any, g: CLArray, y: CLArray, dim: int) -> CLArray:
    """The gradient of softmax's input from its output's."""
    return _run(backend, "softmax_grad", (g, y), dim, False)


@kernel("log_softmax_grad")
def log_softmax_grad(backend: Any, g: CLArray, y: CLArray, dim: int) -> CLArray:
    """The gradient of log_softmax's input from its output's."""
    return _run(backend, "softmax_grad", (g, y), dim, True)


@kernel("nll_sums")
def nll_sums(backend: Any, input: CLArray, target: CLArray, ignore_index: int,
             mean: bool = False) -> tuple[CLArray, ...]:
    """Minus the sum or mean of the values at the classes, and how many count.

    One launch, or three and for the mean four where the lines are many or of 16 bits.
    """
    d = BY_NUMPY[input.dtype]
    wide = SCALARS[d].partial
    lines, dim = target.size, min(1, input.ndim - 1)
    groups = max(1, -(-lines // _CLASS_RUN))
    input, target = backend.contiguous(input), backend.contiguous(target)
    _, classes, after = lines_of(input, dim)
    shape = () if groups == 1 else (groups,)
    sums = backend.runtime.new(shape, wide.numpy), backend.runtime.new(shape, wide.numpy)
    local = (1,) if backend.runtime.is_cpu else (256,)
    backend.runtime.launch(
        backend.families.kernel("nll_sums", input.dtype), (groups * local[0],), local,
        sums[0].mem, sums[1].mem, input.mem, target.mem, input.offset, target.offset, lines,
        classes, max(1, after), _CLASS_RUN, ignore_index, int(mean and groups == 1))
    if groups == 1 and wide is d:
        return sums
    fold = backend.folded("sum", Reduce(), wide, d)
    dims = (0,) if sums[0].ndim else ()
    if not mean or groups == 1:
        return tuple([fold(s, dims, False) for s in sums])
    whole = backend.folded("sum", Reduce(), wide, wide)
    over = backend.mapped("t / c", {"t": wide, "c": wide}, (), d)
    return over(*[whole(s, dims, False) for s in sums]), fold(sums[1], dims, False)


@kernel("nll_spread")
def nll_spread(backend: Any, grad: CLArray, target: CLArray, ignore_index: int,
               size: tuple[int, ...]) -> CLArray:
    """Minus the gradient at each class, 0 elsewhere."""
    out: CLArray = backend.runtime.new(size, grad.dtype)
    if out.size:
        target = backend.contiguous(target)
        _, classes, after = lines_of(out, min(1, out.ndim - 1))
        backend.runtime.launch_flat(
            backend.families.kernel("nll_spread", out.dtype), out.size, out.mem, grad.mem,
            target.mem, grad.offset, target.offset, out.size, classes, after, ignore_index)
    return out


@kernel("class_entropy")
def class_entropy(backend: Any, input: CLArray, target: CLArray, ignore_index: int,
                  mean: bool) -> tuple[CLArray, ...]:
    """The cross entropy, how many lines count, and the logarithm of the softmax."""
    logp = _run(backend, "softmax", (input,), min(1, input.ndim - 1), True)
    return *nll_sums(backend, logp, target, ignore_index, mean), logp


@kernel("class_entropy_grad")
def class_entropy_grad(backend: Any, grad: CLArray, output: CLArray, target: CLArray,
                       count: CLArray | None, ignore_index: int) -> CLArray:
    """The softmax less 1 at the class, times the gradient; 0 in lines that do not count."""
    runtime = backend.runtime
    output, target = backend.contiguous(output), backend.contiguous(target)
    out: CLArray = runtime.new(output.shape, output.dtype)
    if not out.size:
        return out
    before, classes, after = lines_of(out, min(1, out.ndim - 1)) if out.ndim else (1, 1, 1)
    number = grad if count is None else count
    lines = before * after
    find = functools.partial(backend.families.kernel, dtype=out.dtype)
    arguments = (out.mem, grad.mem, output.mem, target.mem, number.mem, grad.offset,
                 output.offset, target.offset, number.offset, lines, classes)
    rest = (ignore_index, int(count is not None))
    if not runtime.is_cpu:
        runtime.launch_flat(find("class_entropy_each"), out.size, *arguments, after, *rest)
    elif after > 1:
        runtime.launch_flat(find("class_entropy_lines"), lines, *arguments, after, *rest)
    else:
        run = _lines_each(runtime, lines, classes)
        runtime.launch(find("class_entropy_rows"), (-(-lines // run),), (1,), *arguments, run,
                       *rest)
    return out


@kernel("var_mean")
def var_mean(backend: Any, input: CLArray, dims: tuple[int, ...], correction: float,
             keepdim: bool) -> tuple[CLArray, CLArray]:
    """Variance and mean over ``dims``: the mean first, then the squares of what differs from it."""
    d = BY_NUMPY[input.dtype]
    wide = SCALARS[d].partial
    mean = backend.folded("mean", Reduce(finish="a / count"), d, wide)(input, dims, True)
    squares = backend.mapped("(x - m) * (x - m)", {"x": d, "m": wide}, (), wide)(input, mean)
    total = backend.folded("sum", Reduce(), wide, wide)(squares, dims, keepdim)
    divisor = max(0.0, size_of([input.shape[i] for i in dims]) - correction)
    variance = backend.mapped("x / s", {"x": wide}, ("s",), d)(total, divisor)
    mean = mean.reshaped(total.shape)
    return variance, mean if wide is d else backend.cast(mean, d)
