"""Pooling and convolutions over 1 to 3 axes, NCHW; convolutions as products wherever that pays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl import convolution_rows
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import CPU, GPU, declare
from facula.core.backends.opencl.gemm import product
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.operands import COLUMNS, COLUMNS_ROWS, Left, Right, Sizes
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS
from facula.core.operation import Reduce

Ints = tuple[int, ...]
_INT = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
_DIRECT = [_INT] * 18
_ALL: dict[str, list[Any]] = {
    "max_pool": [BUFFER] * 3 + [LONG] * 2 + [_INT] * 18,
    "max_pool_grad": [BUFFER] * 3 + [LONG] * 5,
    "avg_pool": [BUFFER] * 2 + [LONG] * 2 + [_INT] * 16 + [LONG],
    "avg_pool_grad": [BUFFER] * 2 + [LONG] * 2 + [_INT] * 16 + [LONG],
    "convolution_direct": [BUFFER] * 4 + [LONG] * 3 + [_INT, LONG] + [_INT] * 3 + _DIRECT,
    "convolution_direct_input": [BUFFER] * 3 + [LONG] * 3 + [_INT] * 3 + _DIRECT,
    "convolution_direct_weight": [BUFFER] * 3 + [LONG] * 3 + [_INT] * 4 + _DIRECT,
}
declare("spatial.cl", _ALL, dtypes.FLOATS, GPU)
declare("pool_grad.cl", {"max_pool_grad_groups": _ALL["max_pool_grad"]}, dtypes.FLOATS, GPU)
declare("spatial.cl", {**_ALL, "max_pool_rows": [BUFFER] * 3 + [LONG] * 3 + [_INT] * 18},
        dtypes.FLOATS, CPU)
_POOL_WORK = 4096     # values that a CPU device's work-group gives
WORKSPACE = 64 << 20  # bytes of packed pictures that one product may need
SHALLOW = 64          # products per value below which grouped convolutions run directly


def _three(values: Ints, fill: int) -> Ints:
    return (fill,) * (3 - len(values)) + tuple(values)


def _pooled(size: int, window: int, stride: int, pad: int, dilation: int, ceil_mode: bool) -> int:
    """PyTorch's length: with ``ceil_mode`` a last window that starts in the right padding goes."""
    reach = size + 2 * pad - dilation * (window - 1) - 1
    if not ceil_mode:
        return reach // stride + 1
    out = -(-reach // stride) + 1
    return out - 1 if (out - 1) * stride >= size + pad else out


@functools.lru_cache(maxsize=1024)
def _pool_shape(size: Ints, window: Ints, stride: Ints, pad: Ints, dilation: Ints,
                ceil_mode: bool) -> Ints:
    return tuple(_pooled(*axis, ceil_mode)
                 for axis in zip(size, window, stride, pad, dilation, strict=True))


@kernel("max_pool")
def max_pool(backend: Any, input: CLArray, kernel_size: Ints, stride: Ints, padding: Ints,
             dilation: Ints, ceil_mode: bool) -> tuple[CLArray, CLArray]:
    """The largest value per window, and its flat place in the plane."""
    input = backend.contiguous(input)
    axes = len(kernel_size)
    size = input.shape[-axes:]
    out = _pool_shape(size, kernel_size, stride, padding, dilation, ceil_mode)
    shape = (*input.shape[:-axes], *out)
    values, where = backend.runtime.new(shape, input.dtype), backend.runtime.new(shape, _INT64)
    if values.size:
        numbers = (*_three(size, 1), *_three(out, 1), *_three(kernel_size, 1),
                   *_three(stride, 1), *_three(padding, 0), *_three(dilation, 1))
        runtime, find = backend.runtime, backend.families.kernel
        if runtime.is_cpu and size_of(size) < 1 << 31:
            lines = values.size // out[-1]
            run = max(1, min(lines // (4 * runtime.device.compute_units), _POOL_WORK // out[-1]))
            runtime.launch(find("max_pool_rows", input.dtype), (-(-lines // run),), (1,),
                           values.mem, where.mem, input.mem, input.offset, lines, run, *numbers)
        else:
            runtime.launch_flat(find("max_pool", input.dtype), values.size, values.mem, where.mem,
                                input.mem, input.offset, values.size, *numbers)
    return values, where


@kernel("max_pool_grad")
def max_pool_grad(backend: Any, g: CLArray, indices: CLArray, input_shape: Ints) -> CLArray:
    """Every output's gradient added where its value came from."""
    g, indices = backend.contiguous(g), backend.contiguous(indices)
    out: CLArray = backend.runtime.new(input_shape, g.dtype)
    lead = min(2, len(input_shape) - 1)
    planes = size_of(input_shape[:lead])
    if out.size:
        runtime, find = backend.runtime, backend.families.kernel
        arguments = (out.mem, g.mem, indices.mem, g.offset, indices.offset, planes,
                     out.size // planes, g.size // planes)
        if runtime.is_cpu:
            runtime.launch_flat(find("max_pool_grad", g.dtype), planes, *arguments)
        else:
            runtime.launch(find("max_pool_grad_groups", g.dtype), (planes * 256,), (256,),
                           *arguments)
    return out


@kernel("max_pool_pick")
def max_pool_pick(backend: Any, input: CLArray, indices: CLArray) -> CLArray:
    """The elements at flat spatial positions of each plane."""
    lead = min(2, indices.ndim - 1)
    planes = size_of(input.shape[:lead])
    flat = backend.contiguous(input).reshaped((planes, size_of(input.shape[lead:])))
    where = backend.contiguous(indices).reshaped((planes, size_of(indices.shape[lead:])))
    picked: CLArray = backend.kernels["gather"](flat, 1, where)
    return picked.reshaped(indices.shape)


@kernel("avg_pool")
def avg_pool(backend: Any, input: CLArray, kernel_size: Ints, stride: Ints, padding: Ints,
             ceil_mode: bool, count_include_pad: bool, divisor_override: int | None) -> CLArray:
    """The mean of each window."""
    input = backend.contiguous(input)
    axes = len(kernel_size)
    size = input.shape[-axes:]
    out = _pool_shape(size, kernel_size, stride, padding, (1,) * axes, ceil_mode)
    y: CLArray = backend.runtime.new((*input.shape[:-axes], *out), input.dtype)
    if y.size:
        run = backend.families.kernel("avg_pool", input.dtype)
        backend.runtime.launch_flat(
            run, y.size, y.mem, input.mem, input.offset, y.size, *_three(size, 1),
            *_three(out, 1), *_three(kernel_size, 1), *_three(stride, 1), *_three(padding, 0),
            int(count_include_pad), divisor_override or 0)
    return y


@kernel("avg_pool_grad")
def avg_pool_grad(backend: Any, g: CLArray, input_shape: Ints, kernel_size: Ints, stride: Ints,
                  padding: Ints, ceil_mode: bool, count_include_pad: bool,
                  divisor_override: int | None) -> CLArray:
    """Every value's share in the windows that hold it."""
    g = backend.contiguous(g)
    axes = len(kernel_size)
    size, out = input_shape[-axes:], g.shape[-axes:]
    dx: CLArray = backend.runtime.new(input_shape, g.dtype)
    if dx.size:
        run = backend.families.kernel("avg_pool_grad", g.dtype)
        backend.runtime.launch_flat(
            run, dx.size, dx.mem, g.mem, g.offset, dx.size, *_three(size, 1), *_three(out, 1),
            *_three(kernel_size, 1), *_three(stride, 1), *_three(padding, 0),
            int(count_include_pad), divisor_override or 0)
    return dx


class _Geometry:
    """A convolution's sizes with three axes, and how its products address the pictures."""

    def __init__(self, input_shape: Ints, weight_shape: Ints, stride: Ints, padding: Ints,
                 dilation: Ints, groups: int) -> None:
        self.pictures, self.inputs = input_shape[:2]
        self.weight_shape = weight_shape
        self.outputs, self.per_in = weight_shape[:2]
        self.per_out = self.outputs // groups
        self.groups = groups
        self.size = _three(input_shape[2:], 1)
        self.window = _three(weight_shape[2:], 1)
        self.stride, self.pad = _three(stride, 1), _three(padding, 0)
        self.dilation = _three(dilation, 1)
        self.out = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in
                         zip(self.size, self.pad, self.dilation, self.window, self.stride,
                             strict=True))
        self.out_shape = (self.pictures, self.outputs, *self.out[3 - len(stride):])
        self.area, self.places = size_of(self.size), size_of(self.out)
        self.taps = size_of(self.window)

    @property
    def is_shallow(self) -> bool:
        """Whether there are too few products per value and group for a matrix product."""
        return self.groups > 4 and min(self.per_in, self.per_out) * self.taps < SHALLOW

    def numbers(self) -> Ints:
        """The arguments of the direct kernels."""
        return (*self.size, *self.out, *self.window, *self.stride, *self.pad, *self.dilation)

    def forward_axes(self) -> Ints:
        """B's address: places of the output read the input."""
        steps = (self.size[1] * self.size[2], self.size[2], 1)
        return tuple(x for axis in zip(self.out, self.window, self.size, self.stride, (1,) * 3,
                                       self.dilation, [-p for p in self.pad], steps, strict=True)
                     for x in axis)

    def backward_axes(self) -> Ints:
        """B's address: places of the input read the output's gradient."""
        steps = (self.out[1] * self.out[2], self.out[2], 1)
        return tuple(x for axis in zip(self.size, self.window, self.out, (1,) * 3, self.stride,
                                       [-d for d in self.dilation], self.pad, steps, strict=True)
                     for x in axis)


@functools.lru_cache(maxsize=1024)
def _geometry(*arguments: Any) -> _Geometry:
    return _Geometry(*arguments)


def _block(pictures: int, elements: int, itemsize: int) -> int:
    """How many pictures' packed elements fit into the workspace."""
    return max(1, min(pictures, WORKSPACE // max(1, elements * itemsize)))


def _by_rows(runtime: Any, geo: _Geometry, d: np.dtype[Any],
             is_backward: bool) -> tuple[Any, int]:
    """The convolution by rows and the rows of a band; 0 of them where columns are the way."""
    rows = convolution_rows.rows_of(geo, is_backward) if runtime.is_cpu else None
    if rows is None:
        return None, 0
    limits = convolution_rows.limits_of(runtime.device, BY_NUMPY[d])
    return rows, convolution_rows.band_of(rows, limits, runtime.device.compute_units)


def _shifted(data: CLArray, elements: int) -> CLArray:
    return CLArray(data.block, data.shape, data.strides, data.offset + elements, data.dtype,
                   data.size, data.contiguous)


@kernel("convolution")
def convolution(backend: Any, input: CLArray, weight: CLArray, bias: CLArray | None, stride: Ints,
                padding: Ints, dilation: Ints, groups: int) -> CLArray:
    """Cross-correlation: per picture and group, weight (outputs x taps) times columns."""
    runtime = backend.runtime
    input, weight = backend.contiguous(input), backend.contiguous(weight)
    bias = None if bias is None else backend.contiguous(bias)
    geo = _geometry(input.shape, weight.shape, stride, padding, dilation, groups)
    out: CLArray = runtime.new(geo.out_shape, input.dtype)
    if not out.size:
        return out
    if geo.is_shallow:
        run = backend.families.kernel("convolution_direct", input.dtype)
        extra = weight if bias is None else bias
        runtime.launch_flat(run, out.size, out.mem, input.mem, weight.mem, extra.mem,
                            input.offset, weight.offset, extra.offset, int(bias is not None),
                            out.size, geo.inputs, geo.outputs, groups, *geo.numbers())
        return out
    depth = geo.per_in * geo.taps
    multiply = product(backend.families, weight, input, out.dtype, COLUMNS)
    block = _block(geo.pictures, depth * geo.places, max(4, out.dtype.itemsize))
    axes = geo.forward_axes()
    rows, band = _by_rows(runtime, geo, input.dtype, False)
    for group in range(groups):
        left = Left(_shifted(weight, group * geo.per_out * depth), (0, 0, depth, 0, 1), depth)
        part = None if bias is None else _shifted(bias, group * geo.per_out)
        packed = multiply.packed_left(left, Sizes(geo.per_out, geo.places, depth, 1, 1, 1, 1))
        if band and packed is not None:
            convolution_rows.run(
                backend, rows, band, out,
                (group * geo.per_out * geo.places, geo.outputs * geo.places), packed, input,
                (input.offset + group * geo.per_in * geo.area, geo.inputs * geo.area),
                geo.per_out, part, False)
            continue
        for first in range(0, geo.pictures, block):
            count = min(block, geo.pictures - first)
            start = first * geo.inputs + group * geo.per_in
            right = Right(_shifted(input, start * geo.area), COLUMNS,
                          (geo.inputs * geo.area, geo.area, *axes))
            place = ((first * geo.outputs + group * geo.per_out) * geo.places,
                     geo.outputs * geo.places, geo.places)
            multiply.run(out, place, left, right,
                         Sizes(geo.per_out, geo.places, depth, count, count, 1, count),
                         part, packed)
    return out


@kernel("convolution_input_grad")
def convolution_input_grad(backend: Any, g: CLArray, weight: CLArray, input_shape: Ints,
                           stride: Ints, padding: Ints, dilation: Ints, groups: int) -> CLArray:
    """The weights applied backwards: inputs x (outputs, taps) times columns of the gradient."""
    runtime = backend.runtime
    g, weight = backend.contiguous(g), backend.contiguous(weight)
    geo = _geometry(input_shape, weight.shape, stride, padding, dilation, groups)
    dx: CLArray = runtime.new(input_shape, g.dtype)
    if not dx.size:
        return dx
    if geo.is_shallow:
        run = backend.families.kernel("convolution_direct_input", g.dtype)
        runtime.launch_flat(run, dx.size, dx.mem, g.mem, weight.mem, g.offset, weight.offset,
                            dx.size, geo.inputs, geo.outputs, groups, *geo.numbers())
        return dx
    depth = geo.per_out * geo.taps
    multiply = product(backend.families, weight, g, dx.dtype, COLUMNS)
    block = _block(geo.pictures, depth * geo.area, max(4, dx.dtype.itemsize))
    axes = geo.backward_axes()
    rows, band = _by_rows(runtime, geo, g.dtype, True)
    for group in range(groups):
        left = Left(_shifted(weight, group * geo.per_out * geo.per_in * geo.taps),
                    (0, 0, geo.taps, geo.per_in * geo.taps, 1), geo.taps)
        packed = multiply.packed_left(left, Sizes(geo.per_in, geo.area, depth, 1, 1, 1, 1))
        if band and packed is not None:
            convolution_rows.run(
                backend, rows, band, dx,
                (group * geo.per_in * geo.area, geo.inputs * geo.area), packed, g,
                (g.offset + group * geo.per_out * geo.places, geo.outputs * geo.places),
                geo.per_in, None, True)
            continue
        for first in range(0, geo.pictures, block):
            count = min(block, geo.pictures - first)
            start = first * geo.outputs + group * geo.per_out
            right = Right(_shifted(g, start * geo.places), COLUMNS,
                          (geo.outputs * geo.places, geo.places, *axes))
            place = ((first * geo.inputs + group * geo.per_in) * geo.area,
                     geo.inputs * geo.area, geo.area)
            multiply.run(dx, place, left, right,
                         Sizes(geo.per_in, geo.area, depth, count, count, 1, count), None, packed)
    return dx


def _chunks(pictures: int, wanted: int) -> int:
    """The smallest divisor of ``pictures`` that is at least ``wanted``."""
    return next((n for n in range(max(1, wanted), pictures + 1) if pictures % n == 0), pictures)


@kernel("convolution_weight_grad")
def convolution_weight_grad(backend: Any, g: CLArray, input: CLArray, weight_shape: Ints,
                            stride: Ints, padding: Ints, dilation: Ints, groups: int) -> CLArray:
    """The gradient (outputs x places) times columns' rows, summed over pictures in fixed parts."""
    runtime = backend.runtime
    g, input = backend.contiguous(g), backend.contiguous(input)
    geo = _geometry(input.shape, weight_shape, stride, padding, dilation, groups)
    dw: CLArray = runtime.new(weight_shape, g.dtype)
    if not dw.size:
        return dw
    if not g.size:
        backend.fill(dw, 0, BY_NUMPY[dw.dtype])
        return dw
    if geo.is_shallow:
        run = backend.families.kernel("convolution_direct_weight", g.dtype)
        runtime.launch_flat(run, dw.size, dw.mem, g.mem, input.mem, g.offset, input.offset,
                            dw.size, geo.pictures, geo.inputs, geo.outputs, groups,
                            *geo.numbers())
        return dw
    wide = SCALARS[BY_NUMPY[g.dtype]].partial
    sums = _weight_sums_by_rows(backend, geo, g, input, wide.numpy)
    if sums is None:
        sums = _weight_sums(backend, geo, g, input, wide.numpy)
    folded: CLArray = backend.folded("sum", Reduce(), wide, wide)(sums, (0,), False)
    return folded if folded.dtype == dw.dtype else backend.cast(folded, BY_NUMPY[dw.dtype])


def _weight_sums_by_rows(backend: Any, geo: _Geometry, g: CLArray, input: CLArray,
                         wide: np.dtype[Any]) -> CLArray | None:
    """Parts of the weight's gradient by shifted rows; None where columns are the way."""
    runtime = backend.runtime
    rows = convolution_rows.rows_of(geo, False) if runtime.is_cpu else None
    parts = rows and convolution_rows.parts_of(rows, geo.per_out, g.dtype,
                                               runtime.device.compute_units,
                                               convolution_rows.limits_of(
                                                   runtime.device, BY_NUMPY[g.dtype]))
    if not rows or not parts:
        return None
    sums: CLArray = runtime.new((parts.count, *geo.weight_shape), wide)
    each = size_of(geo.weight_shape)
    for group in range(geo.groups):
        convolution_rows.run_weight(
            backend, rows, parts, sums, (group * each // geo.groups, each), g,
            (g.offset + group * geo.per_out * geo.places, geo.outputs * geo.places), input,
            (input.offset + group * geo.per_in * geo.area, geo.inputs * geo.area), geo.per_out)
    return sums


def _weight_sums(backend: Any, geo: _Geometry, g: CLArray, input: CLArray,
                 wide: np.dtype[Any]) -> CLArray:
    """Parts of the weight's gradient as products with columns."""
    runtime = backend.runtime
    width = geo.per_in * geo.taps
    each = geo.outputs * width
    multiply = product(backend.families, g, input, wide, COLUMNS_ROWS)
    block = _block(geo.pictures, width * geo.places, 4)
    tiles = -(-geo.per_out // 120) * -(-width // 128)
    blocks = [(first, min(block, geo.pictures - first))
              for first in range(0, geo.pictures, block)]
    parts = [(first, count, _chunks(count, -(-8 * runtime.device.compute_units // tiles)))
             for first, count in blocks]
    total = sum(chunks for _, _, chunks in parts)
    sums: CLArray = runtime.new((total, *geo.weight_shape), wide)
    axes = geo.forward_axes()
    for group in range(geo.groups):
        done = 0
        for first, count, chunks in parts:
            per = count // chunks
            left = Left(_shifted(g, (first * geo.outputs + group * geo.per_out) * geo.places),
                        (0, per * geo.outputs * geo.places, geo.places,
                         geo.outputs * geo.places, 1), geo.places)
            right = Right(_shifted(input, (first * geo.inputs + group * geo.per_in) * geo.area),
                          COLUMNS_ROWS, (geo.inputs * geo.area, geo.area, *axes))
            place = (done * each + group * geo.per_out * width, each, width)
            multiply.run(sums, place, left, right,
                         Sizes(geo.per_out, width, per * geo.places, chunks, chunks, chunks,
                               chunks))
            done += chunks
    return sums
