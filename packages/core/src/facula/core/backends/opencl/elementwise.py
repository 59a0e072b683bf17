"""Elementwise kernels: from a declared operation to a closure that allocates, binds and launches.

The closure for contiguous operands of one shape is chosen by arity and does nothing but that;
everything else (broadcasting, views, empty arrays) goes through a plan remembered per combination
of shapes and strides.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray, contiguous_strides
from facula.core.backends.opencl.codegen import (
    STRETCH,
    Layout,
    Number,
    Statement,
    elementwise_source,
)
from facula.core.backends.opencl.layout import (
    broadcast_shape,
    collapse,
    expanded_strides,
    may_overlap,
    size_of,
)
from facula.core.backends.opencl.programs import LONG, Kernel
from facula.core.backends.opencl.runtime import LOCAL, LOCAL_2D, Runtime
from facula.core.backends.opencl.scalars import SCALARS, Scalar, scalar
from facula.core.dtypes import FLOAT, INTEGER, as_dtype, dtype, uint64
from facula.core.operation import Operation

# From this inner length on, a row per work-group costs less than dividing (CPU devices, GPUs).
LONG_ROW = {True: 12, False: 64}
ONE_2D = (1, 1)
MAX_PLANS = 4096
FRONT_ATTRIBUTES = ("dim", "keepdim", "dtype")  # of a reduction; its kernel never sees them
_ANNOTATED = {"int": Number("long", np.dtype(np.int64)), "bool": Number("int", np.dtype(np.int32))}


class Body:
    """What one elementwise kernel computes, apart from its layout."""

    __slots__ = ("label", "name", "operands", "numbers", "statements", "outputs")

    def __init__(self, label: str, name: str, operands: Sequence[dtype], numbers: Sequence[Number],
                 statements: Sequence[Statement],
                 outputs: Sequence[tuple[str, dtype, dtype]]) -> None:
        self.label = label
        self.name = name
        self.operands = tuple(operands)
        self.numbers = tuple(numbers)
        self.statements = tuple(statements)
        self.outputs = tuple(outputs)

    def source(self, layout: Layout) -> Any:
        """The kernel for one layout."""
        return elementwise_source(f"{self.name}_{layout.code}", self.operands, self.numbers,
                                  self.statements, self.outputs, layout)


def number_of(side: Scalar) -> Number:
    """How a Python number goes to a kernel that computes in this type: integers as long."""
    return Number("long" if side.argument == LONG else side.compute, side.argument)


def attribute_numbers(op: Operation, compute: dtype) -> list[tuple[str, Number]]:
    """The attributes a kernel reads and their C types: by annotation, else the compute type."""
    side = scalar(compute, op.name)
    own = number_of(side)
    kinds = dict(_ANNOTATED)
    if compute.category != FLOAT:
        kinds["float"] = Number("float", np.dtype(np.float32))
    skipped = FRONT_ATTRIBUTES if op.family == "reduction" else ()
    return [(name, kinds.get(str(op.signature.parameters[name].annotation), own))
            for name in op.attributes if name not in skipped]


def operation_body(op: Operation, inputs: Sequence[Any], compute: dtype,
                   results: Sequence[dtype]) -> Body:
    """The body of a declared operation; Python types among ``inputs`` become number arguments."""
    side = scalar(compute, op.name)
    number = number_of(side)
    operands: list[dtype] = []
    numbers: list[Number] = []
    bindings: list[tuple[str, str, dtype | None]] = []
    codes: list[str] = []
    for name, given in zip(op.tensors, inputs, strict=True):
        if isinstance(given, dtype):
            bindings.append((name, f"x{len(operands)}", given))
            operands.append(given)
            codes.append(scalar(given, op.name).code)
        else:
            bindings.append((name, f"s{len(numbers)}", compute))
            numbers.append(number)
            codes.append("n")
    for name, kind in attribute_numbers(op, compute):
        bindings.append((name, f"s{len(numbers)}", None))
        numbers.append(kind)
    expressions = (op.opencl,) if isinstance(op.opencl, str) else op.opencl
    if not isinstance(expressions, tuple) or len(expressions) != len(results):
        raise TypeError(f"{op.name}: opencl must be one expression per result, "
                        f"not {op.opencl!r} for {len(results)}")
    statements = [Statement(f"v{k}", expression, compute, tuple(bindings))
                  for k, expression in enumerate(expressions)]
    outputs = [(f"v{k}", compute, result) for k, result in enumerate(results)]
    name = "_".join(["e", op.name, *codes, "as", side.code, "to",
                     *[scalar(result, op.name).code for result in results]])
    return Body(op.name, name, operands, numbers, statements, outputs)


class _Plan:
    """A kernel and everything about its launch that shapes and strides decide."""

    __slots__ = ("kernel", "shape", "size", "work", "local", "tail")

    def __init__(self, kernel: Kernel | None, shape: tuple[int, ...], size: int,
                 work: tuple[int, ...], local: tuple[int, ...], tail: tuple[int, ...]) -> None:
        self.kernel = kernel
        self.shape = shape
        self.size = size
        self.work = work
        self.local = local
        self.tail = tail


class ElementwiseKernel:
    """All layouts of one body on one device."""

    def __init__(self, runtime: Runtime, kernel: Callable[[Any], Kernel], body: Body) -> None:
        self.runtime = runtime
        self._built = kernel
        self.body = body
        self._plans: dict[Any, _Plan] = {}
        self._result_types = [result.numpy for _, _, result in body.outputs]

    def kernel(self, layout: Layout) -> Kernel:
        """The built kernel for one layout."""
        return self._built(self.body.source(layout))

    def flat(self) -> Kernel:
        """The kernel for contiguous operands of one shape."""
        letters = "c" * (len(self.body.outputs) + len(self.body.operands))
        return self.kernel(Layout("flat", 1, letters))

    def _plan(self, shape: tuple[int, ...], outs: Sequence[CLArray] | None,
              operands: Sequence[CLArray]) -> _Plan:
        size = size_of(shape)
        count = len(self.body.outputs)
        if size == 0:
            return _Plan(None, shape, 0, (), (), ())
        is_flat = (outs is None or outs[0].contiguous) and all(
            a.size == 1 or (a.contiguous and a.shape == shape) for a in operands)
        if is_flat:
            letters = "c" * count + "".join(
                "1" if a.size == 1 and size != 1 else "c" for a in operands)
            return _Plan(self.kernel(Layout("flat", 1, letters)), shape, size,
                         ((size + 255) // 256 * 256,), LOCAL, ())
        if outs is None:
            own = contiguous_strides(shape, 1)
            strides = [own] * count
        else:
            strides = [expanded_strides(out, shape) for out in outs]
        strides += [expanded_strides(a, shape) for a in operands]
        lengths, steps = collapse(shape, strides)
        inner = lengths[-1]
        tail = (*lengths, *[s for own in steps for s in own])
        ndim = len(lengths)
        rows = size // inner
        if (inner >= LONG_ROW[self.runtime.is_cpu] or ndim == 1) and rows < 2**31:
            letters = "".join("c" if own[-1] == 1 else "0" if own[-1] == 0 else "s"
                              for own in steps)
            if self.runtime.is_cpu:
                return _Plan(self.kernel(Layout("lines", ndim, letters)), shape, inner,
                             (-(-inner // STRETCH), rows), ONE_2D, tail)
            return _Plan(self.kernel(Layout("rows", ndim, letters)), shape, inner,
                         ((inner + 255) // 256 * 256, rows), LOCAL_2D, tail)
        wide = "w" if size >= 2**31 else "n"
        return _Plan(self.kernel(Layout("small", ndim, wide)), shape, size,
                     ((size + 255) // 256 * 256,), LOCAL, tail)

    def general(self, operands: Sequence[CLArray], numbers: Sequence[Any]) -> Any:
        """Fresh results for any shapes that broadcast together."""
        key = tuple([(a.shape, a.strides) for a in operands])
        plan = self._plans.get(key)
        if plan is None:
            shape = broadcast_shape(self.body.label, [a.shape for a in operands])
            plan = self._remember(key, self._plan(shape, None, operands))
        outs = [self.runtime.new(plan.shape, t) for t in self._result_types]
        self._run(plan, outs, operands, numbers)
        return outs[0] if len(outs) == 1 else tuple(outs)

    def into(self, out: CLArray, operands: Sequence[CLArray], numbers: Sequence[Any],
             copy: Callable[[CLArray], CLArray]) -> None:
        """The first result written into ``out``, as if all operands had been read before."""
        self.runtime.settle(out)
        safe = list(operands)
        for position, a in enumerate(safe):
            if a.mem is out.mem and may_overlap(a, out) and not (
                    a.offset == out.offset and a.strides == out.strides and a.shape == out.shape
                    and a.dtype == out.dtype):
                safe[position] = copy(a)
        key = (out.shape, out.strides, *[(a.shape, a.strides) for a in safe])
        plan = self._plans.get(key)
        if plan is None:
            name = self.body.label
            shape = broadcast_shape(name, [out.shape, *[a.shape for a in safe]])
            if shape != out.shape:
                raise ValueError(f"{name}: the operands' shape {shape} does not fit into the "
                                 f"output's shape {out.shape}")
            plan = self._remember(key, self._plan(shape, [out], safe))
        self._run(plan, [out], safe, numbers)

    def _remember(self, key: Any, plan: _Plan) -> _Plan:
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def _run(self, plan: _Plan, outs: Sequence[CLArray], operands: Sequence[CLArray],
             numbers: Sequence[Any]) -> None:
        if plan.kernel is None:
            return
        self.runtime.launch(
            plan.kernel, plan.work, plan.local, *[o.mem for o in outs], *[a.mem for a in operands],
            plan.size, *[o.offset for o in outs], *[a.offset for a in operands], *numbers,
            *plan.tail)


def elementwise_closure(runtime: Runtime, kernel: ElementwiseKernel, inputs: Sequence[Any],
                        fuser: Any) -> Callable[..., Any]:
    """The function on the hot path, by how many tensors there are and where numbers stand.

    Arrays of ``fuser.least`` elements and more are recorded instead (see ``fusion.py``).
    """
    is_tensor = [isinstance(given, dtype) for given in inputs]
    if len(kernel.body.outputs) == 1 and is_tensor in ([True], [True, False], [False, True]):
        one = _one_tensor(runtime, kernel, fuser)
        if is_tensor == [False, True]:
            return lambda number, a, *attributes: one(a, number, *attributes)
        return one
    if len(kernel.body.outputs) == 1 and is_tensor == [True, True]:
        return _two_tensors(runtime, kernel, fuser)
    count = len(inputs)
    record = fuser.recorder(kernel) if len(kernel.body.outputs) == 1 else None
    shape_of = memoised_shape(kernel.body.label)

    def any_operands(*given: Any) -> Any:
        operands = [x for x, tensor in zip(given, is_tensor, strict=False) if tensor]
        numbers = [x for x, tensor in zip(given, is_tensor, strict=False) if not tensor]
        numbers += given[count:]
        if record is not None:
            shape, size = shape_of(*[a.shape for a in operands])
            if size >= fuser.least:
                return record(tuple(operands), shape, size, tuple(numbers))
        return kernel.general(operands, numbers)
    return any_operands


def memoised_shape(label: str) -> Callable[..., tuple[tuple[int, ...], int]]:
    """A function from operands' shapes to the shape and size of what they give."""
    known: dict[Any, tuple[tuple[int, ...], int]] = {}

    def shape_of(*shapes: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        found = known.get(shapes)
        if found is None:
            shape = broadcast_shape(label, shapes)
            if len(known) >= MAX_PLANS:
                known.clear()
            found = known[shapes] = shape, size_of(shape)
        return found
    return shape_of


def _one_tensor(runtime: Runtime, kernel: ElementwiseKernel, fuser: Any) -> Callable[..., CLArray]:
    take = runtime.pool.take
    result = kernel.body.outputs[0][2].numpy
    itemsize = result.itemsize
    same_size = itemsize == kernel.body.operands[0].itemsize
    general = kernel.general
    record = fuser.recorder(kernel)
    handle: Any = None
    set_args: Any = None

    def one_tensor(a: CLArray, *numbers: Any) -> CLArray:
        nonlocal handle, set_args
        size = a.size
        if size >= fuser.least:
            out: CLArray = record((a,), a.shape, size, numbers)
            return out
        if not a.contiguous or not size:
            out = general((a,), numbers)
            return out
        if handle is None:
            flat = kernel.flat()
            set_args, handle = flat.set_args, flat.handle
        shape, mem = a.shape, a.mem
        out = CLArray(take(size * itemsize), shape,
                      a.strides if same_size else contiguous_strides(shape, itemsize),
                      0, result, size, True)
        with runtime.lock:
            set_args(out.mem, mem, size, 0, a.offset, *numbers)
            runtime.enqueue(runtime.queue, handle, ((size + 255) // 256 * 256,), LOCAL)
        return out
    return one_tensor


def _two_tensors(runtime: Runtime, kernel: ElementwiseKernel, fuser: Any) -> Callable[..., CLArray]:
    take = runtime.pool.take
    result = kernel.body.outputs[0][2].numpy
    itemsize = result.itemsize
    same_size = itemsize == kernel.body.operands[0].itemsize
    general = kernel.general
    record, shape_of = fuser.recorder(kernel), memoised_shape(kernel.body.label)
    handle: Any = None
    set_args: Any = None

    def two_tensors(a: CLArray, b: CLArray, *numbers: Any) -> CLArray:
        nonlocal handle, set_args
        shape = a.shape
        size = a.size
        if size >= fuser.least or b.size >= fuser.least:
            if shape != b.shape:
                shape, size = shape_of(shape, b.shape)
            if size:
                out: CLArray = record((a, b), shape, size, numbers)
                return out
        if shape != b.shape or not a.contiguous or not b.contiguous or not size:
            out = general((a, b), numbers)
            return out
        if handle is None:
            flat = kernel.flat()
            set_args, handle = flat.set_args, flat.handle
        left, right = a.mem, b.mem
        out = CLArray(take(size * itemsize), shape,
                      a.strides if same_size else contiguous_strides(shape, itemsize),
                      0, result, size, True)
        with runtime.lock:
            set_args(out.mem, left, right, size, 0, a.offset, b.offset, *numbers)
            runtime.enqueue(runtime.queue, handle, ((size + 255) // 256 * 256,), LOCAL)
        return out
    return two_tensors


def into_closure(runtime: Runtime, kernel: ElementwiseKernel, inputs: Sequence[Any],
                 copy: Callable[[CLArray], CLArray]) -> Callable[..., None]:
    """The in-place function ``f(out, *operands, *attributes)``.

    Contiguous operands of the output's shape that are the output itself or elsewhere in memory
    are launched at once; overlaps and all other layouts go the general way.
    """
    is_tensor = [isinstance(given, dtype) for given in inputs]
    count, into = len(inputs), kernel.into
    handle: Any = None
    set_args: Any = None

    def general(out: CLArray, *given: Any) -> None:
        operands = [x for x, tensor in zip(given, is_tensor, strict=False) if tensor]
        numbers = [x for x, tensor in zip(given, is_tensor, strict=False) if not tensor]
        into(out, operands, [*numbers, *given[count:]], copy)

    def prepare() -> None:
        nonlocal handle, set_args
        flat = kernel.flat()
        set_args, handle = flat.set_args, flat.handle

    def one_tensor(out: CLArray, a: CLArray, *numbers: Any) -> None:
        size = out.size
        if (a.shape != out.shape or not out.contiguous or not a.contiguous or not size
                or (a.mem is out.mem and (a.offset != out.offset or a.dtype is not out.dtype))):
            general(out, a, *numbers)
            return
        if handle is None:
            prepare()
        mem, source = out.mem, a.mem
        if out.block.readers:
            runtime.settle(out)
        with runtime.lock:
            set_args(mem, source, size, out.offset, a.offset, *numbers)
            runtime.enqueue(runtime.queue, handle, ((size + 255) // 256 * 256,), LOCAL)

    def two_tensors(out: CLArray, a: CLArray, b: CLArray, *numbers: Any) -> None:
        size, shape, mem = out.size, out.shape, out.mem
        if (a.shape != shape or b.shape != shape or not size
                or not (out.contiguous and a.contiguous and b.contiguous)
                or (a.mem is mem and (a.offset != out.offset or a.dtype is not out.dtype))
                or (b.mem is mem and (b.offset != out.offset or b.dtype is not out.dtype))):
            general(out, a, b, *numbers)
            return
        if handle is None:
            prepare()
        left, right = a.mem, b.mem
        if out.block.readers:
            runtime.settle(out)
        with runtime.lock:
            set_args(mem, left, right, size, out.offset, a.offset, b.offset, *numbers)
            runtime.enqueue(runtime.queue, handle, ((size + 255) // 256 * 256,), LOCAL)

    if is_tensor in ([True], [True, False]):
        return one_tensor
    return two_tensors if is_tensor == [True, True] else general


def signed(number: int) -> int:
    """An integer of 64 bits, signed or not, as the long by which numbers go to kernels.

    Raises
    ------
    OverflowError
        If it needs more bits.
    """
    if not -1 << 63 <= number < 1 << 64:
        raise OverflowError(f"{number} has more than 64 bits")
    return number if number < 1 << 63 else number - (1 << 64)


def fitting(number: int) -> int:
    """The same integer, if a long holds it.

    Raises
    ------
    OverflowError
        If it needs more than 64 bits.
    """
    if not -1 << 63 <= number < 1 << 63:
        raise OverflowError(f"{number} has more than 64 bits")
    return number


def wrapped_numbers(inputs: Sequence[Any], compute: dtype,
                    closure: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, of ints that a long does not hold where the kernel computes with ints."""
    if compute.category != INTEGER or int not in inputs:
        return closure
    check = signed if compute is uint64 else fitting
    return lambda *given: closure(*[check(x) if type(x) is int else x for x in given])


_EXPRESSIONS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}


def remember_expression(expression: str, tensors: Sequence[str], numbers: Sequence[str]) -> str:
    """The digest by which a kernel's name means this expression, in this process."""
    digest = f"{zlib.crc32(expression.encode()):08x}"
    _EXPRESSIONS.setdefault(digest, (expression, tuple(tensors), tuple(numbers)))
    return digest


def remembered_body(digest: str, types: Sequence[dtype], result: dtype) -> Body:
    """The body of a remembered expression for these types; KeyError if there is none."""
    expression, tensors, numbers = _EXPRESSIONS[digest]
    return expression_body(expression, dict(zip(tensors, types, strict=True)), numbers, result)


def expression_body(expression: str, tensors: dict[str, dtype], numbers: Sequence[str],
                    result: dtype) -> Body:
    """One expression over named tensors and numbers, in the result's type."""
    side = SCALARS[result]
    bindings = [(name, f"x{k}", d) for k, (name, d) in enumerate(tensors.items())]
    statement = Statement("v0", expression, result, (
        *bindings, *[(name, f"s{k}", None) for k, name in enumerate(numbers)]))
    codes = "_".join(SCALARS[d].code for d in tensors.values())
    digest = remember_expression(expression, tuple(tensors), numbers)
    return Body("kernel", f"e_x{digest}_{codes}_to_{side.code}", list(tensors.values()),
                [number_of(side)] * len(numbers), [statement],
                [("v0", result, result)])


def copy_body(source: dtype, target: dtype) -> Body:
    """Elements moved from one type to another by C's conversion."""
    statement = Statement("v0", "input", target, (("input", "x0", source),))
    name = f"e_copy_{SCALARS[source].code}_to_{SCALARS[target].code}"
    return Body("copy", name, [source], [], [statement], [("v0", target, target)])


def fill_body(target: dtype) -> Body:
    """One number everywhere."""
    side = SCALARS[target]
    statement = Statement("v0", "value", target, (("value", "s0", None),))
    return Body("full", f"e_fill_{side.code}", [], [number_of(side)], [statement],
                [("v0", target, target)])


def bits_dtype(itemsize: int) -> dtype | None:
    """The integer type that moves elements of this size unread; None for other sizes."""
    return _BITS.get(itemsize)


_BITS = {n: as_dtype(f"int{8 * n}") for n in (1, 2, 4, 8)}
