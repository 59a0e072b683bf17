"""The OpenCL backend: the factories and data movement that ``base.Backend`` asks of a device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core.backends.base import Kernel
from facula.core.backends.cpu import BACKEND as _cpu
from facula.core.backends.fallback import through_host
from facula.core.backends.opencl import (  # noqa: F401  (the rooms register their kernels)
    attention,
    extremes,
    index,
    linalg,
    neural,
    norm,
    random,
    recurrent,
    scan,
    sort,
    spatial,
)
from facula.core.backends.opencl.array import CLArray, contiguous_strides, is_contiguous
from facula.core.backends.opencl.batch import Generator
from facula.core.backends.opencl.elementwise import (
    Body,
    ElementwiseKernel,
    attribute_numbers,
    bits_dtype,
    copy_body,
    elementwise_closure,
    expression_body,
    fill_body,
    into_closure,
    operation_body,
    signed,
    wrapped_numbers,
)
from facula.core.backends.opencl.families import Families
from facula.core.backends.opencl.fused import FusedKernel
from facula.core.backends.opencl.fusion import Fuser
from facula.core.backends.opencl.layout import broadcast_shape, may_overlap
from facula.core.backends.opencl.reduction import ReductionKernel
from facula.core.backends.opencl.registry import bind_all
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import BY_NUMPY
from facula.core.dtypes import dtype
from facula.core.operation import Operation, Reduce
from facula.core.program import Program


class OpenCLBackend:
    """One OpenCL device behind the protocol of ``facula.core.backends.base``."""

    fuse_each = fuse_total = 1 << 26
    computes_complex = False

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.name = name
        self.runtime = runtime
        self.generator = Generator(runtime)
        self.fuser = Fuser(runtime, self.generator)
        self._copies: dict[Any, ElementwiseKernel] = {}
        self._fills: dict[dtype, ElementwiseKernel] = {}
        self.families = Families(runtime)
        self._internal: dict[Any, Any] = {}
        self.kernels: dict[str, Kernel] = bind_all(self)

    def _kernel(self, body: Body) -> ElementwiseKernel:
        return ElementwiseKernel(self.runtime, self.generator.kernel, body)

    def elementwise(self, op: Operation, inputs: tuple[Any, ...], compute: dtype,
                    results: tuple[dtype, ...]) -> Kernel:
        """See ``base.Backend``."""
        if op.opencl is None or _has_complex(*inputs, compute, *results):
            return through_host(self, _told(op, compute), _cpu.elementwise(
                op, inputs, compute, results))
        kernel = self._kernel(operation_body(op, inputs, compute, results))
        return wrapped_numbers(inputs, compute, elementwise_closure(
            self.runtime, kernel, inputs, self.fuser))

    def elementwise_into(self, op: Operation, inputs: tuple[Any, ...], compute: dtype,
                         result: dtype) -> Kernel:
        """See ``base.Backend``."""
        if op.opencl is None or _has_complex(*inputs, compute, result):
            computed = self.elementwise(op, inputs, compute, (result,))
            return lambda out, *given: self.assign(out, computed(*given))
        kernel = self._kernel(operation_body(op, inputs, compute, (result,)))
        return wrapped_numbers(inputs, compute, into_closure(
            self.runtime, kernel, inputs, self.copy))

    def fused(self, program: Program, dtypes: Sequence[dtype],
              shapes: Sequence[tuple[int, ...]]) -> Kernel:
        """See ``base.Backend``."""
        return FusedKernel(self, program, dtypes, shapes)

    def reduction(self, op: Operation, input: dtype, compute: dtype, result: dtype) -> Kernel:
        """See ``base.Backend``."""
        if op.opencl is None or _has_complex(input, compute, result):
            return through_host(self, _told(op, compute), _cpu.reduction(
                op, input, compute, result))
        if not isinstance(op.opencl, Reduce):
            raise TypeError(f"{op.name}: opencl must be a Reduce, not {op.opencl!r}")
        return ReductionKernel(self.runtime, self.generator, op.name, op.opencl,
                               attribute_numbers(op, compute), input, compute, result,
                               self.contiguous, self.fuser)

    def folded(self, label: str, fold: Reduce, input: dtype, result: dtype) -> Kernel:
        """A reduction used inside other kernels, computed in ``result``'s type."""
        key = ("fold", label, input, result)
        if key not in self._internal:
            self._internal[key] = ReductionKernel(self.runtime, self.generator, label, fold, (),
                                                  input, result, result, self.contiguous)
        return self._internal[key]

    def mapped(self, expression: str, tensors: dict[str, dtype], numbers: tuple[str, ...],
               result: dtype) -> Kernel:
        """An elementwise step used inside other kernels: ``f(*tensors, *numbers)``."""
        key = ("map", expression, *tensors.values(), result)
        if key not in self._internal:
            self._internal[key] = self._kernel(
                expression_body(expression, tensors, numbers, result))
        general, count = self._internal[key].general, len(tensors)
        return lambda *given: general(given[:count], given[count:])

    def empty(self, shape: tuple[int, ...], dtype: dtype) -> CLArray:
        """See ``base.Backend``."""
        return self.runtime.new(shape, dtype.numpy)

    def full(self, shape: tuple[int, ...], value: Any, dtype: dtype) -> CLArray:
        """See ``base.Backend``."""
        out = self.runtime.new(shape, dtype.numpy)
        self.fill(out, value, dtype)
        return out

    def fill(self, out: CLArray, value: Any, dtype: dtype) -> None:
        """Store one number in every element of a view."""
        if dtype.is_complex:
            self.assign(out, self.from_numpy(np.full((), value, dtype.numpy)))
            return
        kernel = self._fills.get(dtype)
        if kernel is None:
            kernel = self._fills[dtype] = self._kernel(fill_body(dtype))
        if type(value) not in (int, float, bool):
            value = np.asarray(value).item()
        kernel.into(out, (), (value if dtype.is_floating_point else signed(int(value)),),
                    self.copy)

    def from_numpy(self, array: np.ndarray[Any, Any], borrow: bool = False) -> CLArray:
        """See ``base.Backend``; only pinned memory is borrowed, all else copied at once."""
        if array.dtype not in BY_NUMPY:
            raise TypeError(f"from_numpy: dtype {array.dtype} is not an element type: "
                            f"use one of {', '.join(map(str, BY_NUMPY))}")
        return self.runtime.uploaded(array, BY_NUMPY[array.dtype].numpy, borrow)

    def pin(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A copy in host memory from which this device copies by itself, with the same strides."""
        strides = array.strides
        if min(strides, default=0) < 0:
            strides = contiguous_strides(array.shape, array.itemsize)
        out = self.runtime.pinned.empty(array.shape, strides, array.dtype)
        out[...] = array
        return out

    def to_numpy(self, data: CLArray) -> np.ndarray[Any, Any]:
        """See ``base.Backend``."""
        return self.runtime.download(data if data.contiguous else self.copy(data))

    def copy(self, data: CLArray) -> CLArray:
        """See ``base.Backend``."""
        out = self.runtime.new(data.shape, data.dtype)
        self._move(out, data)
        return out

    def contiguous(self, data: CLArray) -> CLArray:
        """The data itself where it is contiguous, else a contiguous copy."""
        return data if data.contiguous else self.copy(data)

    def cast(self, data: CLArray, dtype: dtype) -> CLArray:
        """See ``base.Backend``."""
        target = dtype.numpy
        if (data.size >= self.fuser.least and data.dtype != target
                and "c" not in (data.dtype.kind, target.kind)):
            record = self.fuser.recorder_of(self._conversion(data.dtype, target))
            return record((data,), data.shape, data.size, ())
        out = self.runtime.new(data.shape, target)
        self._move(out, data)
        return out

    def assign(self, out: CLArray, source: CLArray) -> None:
        """See ``base.Backend``."""
        if broadcast_shape("assign", [out.shape, source.shape]) != out.shape:
            raise ValueError(f"assign: source of shape {source.shape} does not broadcast to "
                             f"the output's shape {out.shape}")
        self._move(out, source)

    def _move(self, out: CLArray, source: CLArray) -> None:
        """Copy and convert; where the two overlap, through a fresh copy."""
        if not out.size:
            return
        if out.dtype == source.dtype:
            bits = bits_dtype(out.dtype.itemsize)
            if bits is None:
                out, source, bits = _halved(out), _halved(source), bits_dtype(8)
            key: Any = bits
            if key not in self._copies and bits is not None:
                self._copies[key] = self._kernel(copy_body(bits, bits))
        else:
            if out.dtype.kind == "c" or source.dtype.kind == "c":
                values = self.to_numpy(source)
                self._move(out, self.from_numpy(_cpu.cast(values, BY_NUMPY[out.dtype])))
                return
            self._conversion(source.dtype, out.dtype).into(out, (source,), (), self.copy)
            return
        self._copies[key].into(out, (source,), (), self.copy)

    def _conversion(self, source: np.dtype[Any], target: np.dtype[Any]) -> ElementwiseKernel:
        key = (source, target)
        if key not in self._copies:
            self._copies[key] = self._kernel(copy_body(BY_NUMPY[source], BY_NUMPY[target]))
        return self._copies[key]

    def as_strided(self, data: CLArray, shape: tuple[int, ...], strides: tuple[int, ...],
                   offset: int) -> CLArray:
        """See ``base.Backend``."""
        view = data.view(tuple(shape), tuple(strides),
                         data.offset + offset // data.dtype.itemsize)
        return view

    def parts(self, data: CLArray) -> CLArray:
        """See ``base.Backend``."""
        item = data.dtype.itemsize // 2
        return _seen_as(data, BY_NUMPY[data.dtype].to_real().numpy, (*data.shape, 2),
                        (*data.strides, item), 2 * data.offset)

    def unparted(self, data: CLArray) -> CLArray:
        """See ``base.Backend``."""
        return _seen_as(data, BY_NUMPY[data.dtype].to_complex().numpy, data.shape[:-1],
                        data.strides[:-1], data.offset // 2)

    def memory(self, data: CLArray) -> tuple[int, int, int]:
        """See ``base.Backend``; the address is the number of the buffer, not a pointer."""
        return data.mem.int_ptr, data.offset * data.dtype.itemsize, data.block.size

    def same_memory(self, a: CLArray, b: CLArray) -> bool:
        """See ``base.Backend``."""
        return may_overlap(a, b)

    def synchronize(self) -> None:
        """See ``base.Backend``."""
        self.fuser.run_all()
        self.runtime.synchronize()

    def __repr__(self) -> str:
        return f"<OpenCL backend {self.name}: {self.runtime.device.name}>"


def _has_complex(*types: Any) -> bool:
    return any(t is complex or (isinstance(t, dtype) and t.is_complex) for t in types)


def _told(op: Operation, compute: dtype) -> str:
    """What a message calls the operation: complex numbers have no kernels, whatever they do."""
    return f"{op.name} of {compute.name}" if compute.is_complex else op.name


def _halved(data: CLArray) -> CLArray:
    """16-byte elements seen as pairs of 8-byte integers."""
    return _seen_as(data, np.dtype(np.int64), (*data.shape, 2), (*data.strides, 8),
                    2 * data.offset)


def _seen_as(data: CLArray, dtype: np.dtype[Any], shape: tuple[int, ...],
             strides: tuple[int, ...], offset: int) -> CLArray:
    """The same memory as elements of another size."""
    return CLArray(data.block, shape, strides, offset, dtype, math.prod(shape),
                   is_contiguous(shape, strides, dtype.itemsize))
