"""Reductions over any axes of any view, planned as passes over (A, R, B) views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.batch import Generator
from facula.core.backends.opencl.codegen import Number, Source
from facula.core.backends.opencl.elementwise import MAX_PLANS
from facula.core.backends.opencl.fold import FORMS, TILE, fold_source
from facula.core.backends.opencl.fusion import Chain, Fuser
from facula.core.backends.opencl.inline import Inline
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.programs import Kernel
from facula.core.backends.opencl.prologue import Prologues
from facula.core.backends.opencl.runtime import LOCAL, Runtime
from facula.core.backends.opencl.scalars import SCALARS, scalar
from facula.core.dtypes import dtype
from facula.core.operation import Reduce

ONE = (1,)
ONE_2D = (1, 1)
LONG_ROW = 16384    # elements below which a row is not worth splitting among processors
SHORT_ROW = 128     # elements from which a GPU gives a row a whole work-group
GROUP_WORK = 16384  # elements a CPU work-group should have before it is worth starting


class _Pass:
    """One launch: the kernel, its grid, its numbers, and how large its output is."""

    __slots__ = ("kernel", "work", "local", "numbers", "size", "is_last")

    def __init__(self, kernel: Kernel, work: tuple[int, ...], local: tuple[int, ...],
                 numbers: tuple[int, ...], size: int, is_last: bool) -> None:
        self.kernel = kernel
        self.work = work
        self.local = local
        self.numbers = numbers
        self.size = size
        self.is_last = is_last


class _Axis:
    """A run of axes that memory walks as one, kept or reduced together."""

    __slots__ = ("length", "stride", "reduced")

    def __init__(self, length: int, stride: int, reduced: bool) -> None:
        self.length = length
        self.stride = stride
        self.reduced = reduced


def _merge(axes: Sequence[_Axis], by_kind: bool) -> list[_Axis]:
    merged: list[_Axis] = []
    for axis in axes:
        last = merged[-1] if merged else None
        if (last is not None and last.stride == axis.stride * axis.length
                and (not by_kind or last.reduced == axis.reduced)):
            merged[-1] = _Axis(last.length * axis.length, axis.stride, axis.reduced)
        else:
            merged.append(axis)
    return merged


def _packed(axes: Sequence[_Axis]) -> list[_Axis]:
    """The same axes as they lie in fresh contiguous memory."""
    packed: list[_Axis] = []
    step = 1
    for axis in reversed(axes):
        packed.append(_Axis(axis.length, step, axis.reduced))
        step *= axis.length
    return packed[::-1]


class ReductionKernel:
    """One reduction for one set of types; ``attributes`` are the numbers its expressions read."""

    def __init__(self, runtime: Runtime, generator: Generator, label: str, fold: Reduce,
                 attributes: Sequence[tuple[str, Number]], input: dtype, compute: dtype,
                 result: dtype, contiguous: Callable[[CLArray], CLArray],
                 fuser: Fuser | None = None, prologue: Inline | None = None) -> None:
        self.runtime = runtime
        self._generator = generator
        self._fold = fold
        self._types = (input, compute, result)
        self._attributes = attributes
        self._name = "_".join(["r", label, scalar(input, label).code, "as",
                               scalar(compute, label).code, "to", scalar(result, label).code])
        self._partial = SCALARS[compute].partial.numpy
        self._result = result.numpy
        self._contiguous = contiguous
        self._plans: dict[Any, Any] = {}
        self._fuser = fuser
        self._prologue = prologue
        self._prologues = None if fuser is None or prologue is not None else Prologues(
            fuser, lambda chain: ReductionKernel(runtime, generator, label, fold, attributes, input,
                                                 compute, result, contiguous, fuser, chain))

    def _source(self, form: str, unit: bool, first: bool, last: bool) -> Source:
        input, compute, result = self._types
        name = f"{self._name}_{form}{'u' if unit else 's'}{int(first)}{int(last)}"
        prologue = self._prologue if first else None
        if prologue is not None:
            name += f"_of_{prologue.name}"
        return fold_source(name, self._fold, form, unit, input if first else None, compute,
                           result if last else None, self._attributes, prologue)

    def family(self) -> list[Source]:
        """All passes of this reduction, which are built as one program."""
        sources = []
        for form in FORMS[self.runtime.is_cpu]:
            for unit in ((False,) if form == "tiles" else (True, False)):
                sources += [self._source(form, unit, first, last)
                            for first in (True, False) for last in (True, False)]
        return sources

    def _pass(self, a: _Axis, r: _Axis, b: _Axis, at: int, first: bool, last: bool) -> _Pass:
        """The launch that folds r; ``last`` holds only if no splitting is needed."""
        units = self.runtime.device.compute_units
        outputs = a.length * b.length
        chunks, run = 1, 1
        is_column = b.length > 1 and b.stride == 1 and r.stride != 1
        if self.runtime.is_cpu:
            if is_column:
                form = "tiles"
                tiles = a.length * -(-b.length // TILE)
                if tiles < 4 * units and r.length > 256:
                    chunks = min(-(-r.length // 128), -(-8 * units // tiles))
            else:
                form = "lanes"
                if outputs < 4 * units and r.length > LONG_ROW:
                    chunks = min(-(-r.length // 8192), 8 * units)
        else:
            form = "each" if is_column or r.length < SHORT_ROW else "tree"
            if form == "tree" and outputs < 8 * units:
                chunks = max(1, min(r.length // 2048, 8 * units // outputs))
            elif form == "each" and outputs < 16384:
                chunks = max(1, min(r.length // 64, 16384 // outputs))
        length = -(-r.length // chunks)
        length = max(1, -(-length // 16) * 16 if chunks > 1 else length)
        chunks = max(1, -(-r.length // length))
        total = outputs * chunks
        local: tuple[int, ...] = LOCAL
        work: tuple[int, ...] = ((total + 255) // 256 * 256,)
        if form == "lanes":
            run = max(1, min(total // (16 * units), GROUP_WORK // max(1, length)))
            local, work = ONE, (-(-total // run),)
        elif form == "tiles":
            local, work = ONE_2D, (-(-b.length // TILE), a.length * chunks)
        elif form == "tree":
            work = (total * 256,)
        is_last = last and chunks == 1
        unit = form != "tiles" and r.stride == 1
        source = self._source(form, unit, first, is_last)
        if self._prologue is None or self._fuser is None:
            kernel = self._generator.kernel(source, self.family)
        elif first:
            kernel = self._fuser.kernel(source)
        else:
            kernel = self._generator.kernel(source)
        numbers = (at, total, run, r.length, b.length, length, chunks, a.stride, r.stride,
                   b.stride)
        return _Pass(kernel, work, local, numbers, total, is_last)

    def _passes(self, axes: list[_Axis]) -> list[_Pass] | None:
        """The launches for these axes, outermost first; None if a copy must come before."""
        passes: list[_Pass] = []
        axes = _merge(axes, by_kind=True)
        if not any(axis.reduced for axis in axes):
            axes = [*axes, _Axis(1, 1, True)]
        first = True
        while any(axis.reduced for axis in axes):
            where = max(i for i, axis in enumerate(axes) if axis.reduced)
            before = _merge(axes[:where], by_kind=False) or [_Axis(1, 0, False)]
            after = _merge(axes[where + 1:], by_kind=False) or [_Axis(1, 0, False)]
            if len(before) > 1 or len(after) > 1:
                return None
            last = sum(axis.reduced for axis in axes) == 1
            step = self._pass(before[0], axes[where], after[0], 0, first, last)
            passes.append(step)
            first = False
            chunks = step.numbers[6]
            rest = [_Axis(chunks, 0, True)] if not step.is_last and chunks > 1 else []
            axes = _merge(_packed([*axes[:where], *rest, *axes[where + 1:]]), by_kind=True)
        return passes

    def _plan(self, data: CLArray, dims: tuple[int, ...]) -> Any:
        itemsize = data.dtype.itemsize
        reduced = set(dims)
        kept_shape = tuple(n for d, n in enumerate(data.shape) if d not in reduced)
        keep_shape = tuple(1 if d in reduced else n for d, n in enumerate(data.shape))
        count = size_of([data.shape[d] for d in dims])
        if size_of(kept_shape) == 0:
            return [], kept_shape, keep_shape, count, False, None
        if count == 0:
            axes = [_Axis(size_of(kept_shape), 0, False), _Axis(0, 1, True)]
            return self._passes(axes), kept_shape, keep_shape, 0, False, None
        order = sorted((d for d in range(data.ndim) if data.shape[d] != 1),
                       key=lambda d: -data.strides[d])
        passes = self._passes([_Axis(data.shape[d], data.strides[d] // itemsize, d in reduced)
                               for d in order])
        if passes is None:
            plain = self._passes(_packed([_Axis(n, 0, d in reduced)
                                          for d, n in enumerate(data.shape) if n != 1]))
            return plain, kept_shape, keep_shape, count, True, None
        kept_order = [d for d in order if d not in reduced]
        if kept_order == sorted(kept_order):
            return passes, kept_shape, keep_shape, count, False, None
        # The result comes out in memory order: its axes go back to their places afterwards.
        lengths = tuple(data.shape[d] for d in kept_order)
        back = tuple(kept_order.index(d) for d in sorted(kept_order))
        return passes, kept_shape, keep_shape, count, False, (lengths, back)

    def _planned(self, data: CLArray, dims: tuple[int, ...]) -> Any:
        key = (data.shape, data.strides, dims)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._plan(data, dims)
        return plan

    def __call__(self, data: CLArray, dims: tuple[int, ...], keepdim: bool,
                 *attributes: Any) -> CLArray:
        if data.node is not None and self._prologues is not None:
            out = self._prologues.reduced(data, dims, keepdim, attributes)
            if out is not None:
                return out
        plan = self._planned(data, dims)
        current = data
        if plan[0]:
            current = self._contiguous(data) if plan[4] else data
        return self._run(plan, keepdim, [current.mem] if plan[0] else [], current.offset,
                         attributes, ())

    def computed(self, data: CLArray, dims: tuple[int, ...], keepdim: bool,
                 attributes: tuple[Any, ...], chain: Chain) -> CLArray | None:
        """The reduction of what the chain gives; None where the elements have to be copied first.

        ``data`` tells their shape, and is neither computed nor read.
        """
        plan = self._planned(data, dims)
        if plan[4] or not plan[0]:
            return None
        leaves = chain.leaves
        return self._run(plan, keepdim, [x.mem for x in leaves], 0, attributes,
                         (*[x.offset for x in leaves], *chain.numbers))

    def _run(self, plan: Any, keepdim: bool, inputs: Sequence[Any], offset: int,
             attributes: tuple[Any, ...], rest: tuple[Any, ...]) -> CLArray:
        """The passes of a plan; ``rest`` are the first one's last arguments."""
        passes, kept_shape, keep_shape, count, _, order = plan
        shape = keep_shape if keepdim else kept_shape
        runtime = self.runtime
        if not passes:
            return runtime.new(shape, self._result)
        for step in passes:
            current = (runtime.new(shape, self._result) if step.is_last
                       else runtime.new((step.size,), self._partial))
            runtime.launch(step.kernel, step.work, step.local, current.mem, *inputs, offset,
                           *step.numbers[1:], count, *attributes, *rest)
            inputs, offset, rest = (current.mem,), 0, ()
        if order is not None:
            lengths, back = order
            current = self._contiguous(current.reshaped(lengths).transpose(back)).reshaped(shape)
        return current
