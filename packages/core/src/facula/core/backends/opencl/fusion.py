"""Fusion: elementwise operations wait as nodes until somebody needs their memory, then run as one.

With fusion, an elementwise operation answers with an array that has a shape but no memory yet, and
a :class:`Node` that says how to compute it. Whoever touches ``array.mem`` or ``array.block``
(another family's kernel, a view, a read, a write in place) makes it run: that is the one rule, so
no kernel needs to know of it. What then runs is one kernel for the node and all that it waits for:

    a = x * 2         node a (x)                  |  v0 = x0 * s0
    b = a + y         node b (a, y)               |  v1 = v0 + x1      one launch; what is
    b.tanh().sum()    the sum needs memory  ->    |  v2 = tanh(v1)     still alive is stored

- A node holds its operands: nodes of the same shape, or arrays with memory, which broadcast.
- A block of memory knows the nodes that wait to read it; before it is written they run.
- Whether a value inside the chain is stored follows from whether its array still lives (a weak
  reference tells) or another node waits for it; nobody's value is not computed at all.
- Kernels are known by structure: operations, types, who reads whom, what is stored. Never by
  shapes, strides, or numbers, so their count is that of the program's expressions.

A new kernel costs 0.03 to 0.3 s to compile. In the mode ``"auto"`` a CPU device runs a chain
operation by operation, with kernels that it has, until the time lost by that would have paid for
the compilation (at worst twice the best choice's time, whatever comes), and small arrays, where
waiting costs more than it saves, do not wait. GPUs compile at the first use.
"""

from __future__ import annotations

import sys
import weakref
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from facula.core.backends.opencl import Fusion
from facula.core.backends.opencl.array import CLArray, contiguous_strides
from facula.core.backends.opencl.batch import Generator
from facula.core.backends.opencl.codegen import Number, Source, Statement
from facula.core.backends.opencl.elementwise import Body, ElementwiseKernel
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.programs import LONG, Kernel
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import SCALARS, converted
from facula.core.dtypes import dtype

MOST = 24        # operations in a chain
WIDEST = 12      # arrays and numbers that a chain reads
STORED = 8       # values that a chain stores
MOST_CHAINS = 512   # kernels; further structures run operation by operation
MOST_RECIPES = 4096  # structures of which it is known how often they came
MOST_READERS = 64   # nodes that may wait to read one block before the list is looked through
MOST_WAITING = 1024  # the same for all nodes of a device
PINNED = 4          # a waiting array may keep this many times its own memory from the pool,
SLACK = 1 << 20     # and this many bytes

# When a CPU device fuses by itself: arrays from this size on; what a launch and a byte moved cost
# in seconds (PoCL on two cores), and what compiling a chain costs.
LEAST = 1 << 15
LAUNCH, BYTE, COMPILE = 6e-6, 1.2e-10, 0.1
NEVER = 1 << 62
LOW, HIGH = -(1 << 63), (1 << 63) - 1  # what a kernel's integer argument may be

_new = object.__new__


class Node:
    """An elementwise operation that has not run: its kernel, its operands, who waits for it.

    ``operands`` are nodes or arrays with memory. ``array`` refers weakly to the array handed out,
    ``result`` is that array once it has memory; ``readers`` refers to the nodes that read it.
    """

    __slots__ = ("fuser", "kernel", "operands", "numbers", "shape", "count", "width", "held",
                 "array", "result", "readers", "__weakref__")

    fuser: Fuser
    kernel: ElementwiseKernel
    operands: tuple[Any, ...]
    numbers: tuple[Any, ...]
    shape: tuple[int, ...]
    count: int
    width: int
    held: int
    array: weakref.ref[CLArray]
    result: CLArray | None
    readers: list[weakref.ref[Node]]

    def force(self) -> None:
        """Give the array memory and put the work that fills it on the queue."""
        self.fuser.force(self)

    def settle(self) -> None:
        """See to it that nobody computes this value later: what it is computed from changes."""
        if self.result is not None:
            return
        if self.array() is not None:
            self.fuser.force(self)
            return
        for ref in list(self.readers):
            reader = ref()
            if reader is not None:
                reader.settle()


class _Chain:
    """The nodes that run together: in order of computation, and what they read.

    ``refs`` has, per node and operand, the position of a node, or -1 - k for array k.
    """

    __slots__ = ("order", "refs", "leaves", "places")

    def __init__(self, root: Node) -> None:
        self.order: list[Node] = []
        self.refs: list[tuple[int, ...]] = []
        self.leaves: list[CLArray] = []
        self.places: dict[int, int] = {}
        self._visit(root)

    def _visit(self, node: Node) -> int:
        places = self.places
        refs = []
        for x in node.operands:
            if type(x) is Node:
                if x.result is None:
                    at = places.get(id(x))
                    refs.append(self._visit(x) if at is None else at)
                    continue
                x = x.result
            at = places.get(id(x))
            if at is None:
                self.leaves.append(x)
                at = places[id(x)] = -len(self.leaves)
            refs.append(at)
        at = places[id(node)] = len(self.order)
        self.order.append(node)
        self.refs.append(tuple(refs))
        return at

    def is_needed(self, node: Node) -> bool:
        """Whether a node outside this chain waits for the value."""
        if len(node.readers) < 2:
            return False
        for ref in node.readers:
            reader = ref()
            if reader is not None and reader.result is None and id(reader) not in self.places:
                return True
        return False


class _Recipe:
    """What is known of a structure: its kernel once there is one, and what waiting has cost."""

    __slots__ = ("kernel", "stored", "lost")

    def __init__(self, stored: tuple[int, ...]) -> None:
        self.kernel: ElementwiseKernel | None = None
        self.stored = stored
        self.lost = 0.0


class Fuser:
    """The waiting operations of one device."""

    def __init__(self, runtime: Runtime, generator: Generator) -> None:
        self.runtime = runtime
        self._generator = generator
        self._recipes: dict[Any, _Recipe] = {}
        self._recorders: dict[int, Callable[..., CLArray]] = {}
        self._shown: set[str] = set()
        self.waiting: list[weakref.ref[Node]] = []
        self.built = 0
        self.least = NEVER
        self.at_once = True
        self.configure()

    def configure(self) -> None:
        """Follow ``Fusion.mode``."""
        mode, is_cpu = Fusion.mode, self.runtime.is_cpu
        self.least = NEVER if mode is False else LEAST if mode == "auto" and is_cpu else 1
        self.at_once = mode is True or not is_cpu

    def recorder(self, kernel: ElementwiseKernel) -> Callable[..., CLArray]:
        """``record(operands, shape, size, numbers)``: the waiting result of a kernel."""
        result = kernel.body.outputs[0][2].numpy
        itemsize, general = result.itemsize, kernel.general
        reference, whole = weakref.ref, [n.argument == LONG for n in kernel.body.numbers]

        def record(operands: tuple[CLArray, ...], shape: tuple[int, ...], size: int,
                   numbers: tuple[Any, ...]) -> CLArray:
            for number, is_whole in zip(numbers, whole, strict=False):
                if is_whole and not (type(number) is not float and LOW <= number <= HIGH):
                    return general(operands, numbers)  # the error belongs here, not later
            count, width, held = 1, len(numbers), 0
            given: list[Any] = []
            lists = []
            for a in operands:
                waiting = a.node
                if waiting is None or waiting.shape != shape:
                    block = a.block  # makes a waiting array of another shape run
                    width += 1
                    held += block.size
                    given.append(a)
                    lists.append(block.readers)
                else:
                    count += waiting.count
                    width += waiting.width
                    held += waiting.held
                    given.append(waiting)
                    lists.append(waiting.readers)
            if count > MOST or width > WIDEST:
                blocks = [a.block for a in operands]
                given, count, width = list(operands), 1, len(numbers) + len(operands)
                held = sum([block.size for block in blocks])
                lists = [block.readers for block in blocks]
            out = _new(CLArray)
            first = operands[0]
            out.shape = shape
            out.strides = (first.strides if first.contiguous and first.shape == shape
                           and first.dtype.itemsize == itemsize
                           else contiguous_strides(shape, itemsize))
            out.offset = 0
            out.dtype = result
            out.ndim = len(shape)
            out.size = size
            out.contiguous = True
            out.node = node = _new(Node)
            node.fuser = self
            node.kernel = kernel
            node.operands = tuple(given)
            node.numbers = numbers
            node.shape = shape
            node.count = count
            node.width = width
            node.held = held
            node.array = reference(out)
            node.result = None
            node.readers = []
            ref = reference(node)
            self.waiting.append(ref)
            if len(self.waiting) > MOST_WAITING:
                self._look_through(self.waiting)
            for readers in lists:
                readers.append(ref)
                if len(readers) > MOST_READERS:
                    self._look_through(readers)
            if held > PINNED * size * itemsize + SLACK:
                self.force(node)
            return out
        return record

    def recorder_of(self, kernel: ElementwiseKernel) -> Callable[..., CLArray]:
        """The one recorder of a kernel that has no closure of its own."""
        found = self._recorders.get(id(kernel))
        if found is None:
            found = self._recorders[id(kernel)] = self.recorder(kernel)
        return found

    def run_all(self) -> None:
        """Run everything that waits and is still wanted."""
        with self.runtime.force_lock:
            known = len(self.waiting)
            for ref in self.waiting[:known]:
                node = ref()
                if node is not None:
                    node.settle()
            del self.waiting[:known]

    def _look_through(self, nodes: list[weakref.ref[Node]]) -> None:
        """Forget the nodes that wait no longer; where many still do, run them."""
        with self.runtime.force_lock:
            known = len(nodes)
            waiting = [ref for ref in nodes[:known]
                       if (node := ref()) is not None and node.result is None]
            nodes[:known] = waiting
            if 2 * len(waiting) > known:
                for ref in waiting:
                    node = ref()
                    if node is not None:
                        node.settle()
                del nodes[:len(waiting)]

    def force(self, node: Node) -> None:
        """Run a node with all that it waits for; does nothing if it has run."""
        with self.runtime.force_lock:
            if node.result is not None:
                return
            chain = _Chain(node)
            order = chain.order
            arrays = [n.array() for n in order]
            if len(order) == 1:
                _finish(node, arrays[0], node.kernel.general(
                    [chain.leaves[-1 - ref] for ref in chain.refs[0]], node.numbers))
                return
            stored = tuple([k for k, n in enumerate(order) if arrays[k] is not None
                            or n is node or chain.is_needed(n)])
            key = (stored, *[(n.kernel, r) for n, r in zip(order, chain.refs, strict=True)])
            recipe = self._recipes.get(key)
            if recipe is None:
                if len(self._recipes) >= MOST_RECIPES:
                    self._recipes = {k: r for k, r in self._recipes.items() if r.kernel}
                recipe = self._recipes[key] = _Recipe(stored)
            kernel = recipe.kernel or self._kernel_for(recipe, chain)
            numbers = [number for n in order for number in n.numbers]
            if kernel is None or not self._fits(chain, len(stored), len(numbers)):
                self._run_each(chain, arrays, stored)
                return
            outs = kernel.general(chain.leaves, numbers)
            for k, out in zip(stored, (outs,) if len(stored) == 1 else outs, strict=True):
                _finish(order[k], arrays[k], out)

    def _fits(self, chain: _Chain, stored: int, numbers: int) -> bool:
        """Whether the device takes so many bytes of arguments, in the layout that needs most."""
        arrays = stored + len(chain.leaves)
        ndim = len(chain.order[-1].shape)
        words = 1 + 2 * arrays + numbers + ndim * (1 + arrays)
        return 8 * words <= self.runtime.device.argument_bytes

    def _kernel_for(self, recipe: _Recipe, chain: _Chain) -> ElementwiseKernel | None:
        """The fused kernel, if it is time to have one."""
        if len(recipe.stored) > STORED or self.built >= MOST_CHAINS:
            return None
        if not self.at_once:
            inside = len(chain.order) - len(recipe.stored)
            root = chain.order[-1]
            nbytes = size_of(root.shape) * root.kernel.body.outputs[0][2].itemsize
            recipe.lost += LAUNCH * (len(chain.order) - 1) + 2 * BYTE * inside * nbytes
            if recipe.lost < COMPILE:
                return None
        self.built += 1
        recipe.kernel = ElementwiseKernel(self.runtime, self._kernel,
                                          chain_body(chain.order, chain.refs, recipe.stored))
        return recipe.kernel

    def _kernel(self, source: Source) -> Kernel:
        if Fusion.log and source.name not in self._shown:
            self._shown.add(source.name)
            print(f"facula: fused kernel\n{source.text}", file=sys.stderr)
        return self._generator.kernel(source)

    def _run_each(self, chain: _Chain, arrays: Sequence[CLArray | None],
                  stored: tuple[int, ...]) -> None:
        """The chain operation by operation, values let go after their last use."""
        uses = [0] * len(chain.order)
        for refs in chain.refs:
            for ref in refs:
                if ref >= 0:
                    uses[ref] += 1
        values: list[Any] = [None] * len(chain.order)
        for k, (node, refs) in enumerate(zip(chain.order, chain.refs, strict=True)):
            values[k] = node.kernel.general(
                [values[ref] if ref >= 0 else chain.leaves[-1 - ref] for ref in refs],
                node.numbers)
            for ref in refs:
                if ref >= 0:
                    uses[ref] -= 1
                    if not uses[ref]:
                        values[ref] = None
            if k in stored:
                _finish(node, arrays[k], values[k])


def _finish(node: Node, array: CLArray | None, out: CLArray) -> None:
    """Hand the memory of ``out`` to the node's array, and let go of what the node held."""
    out.block.readers = node.readers
    if array is None:
        array = out
    else:
        array.block = out.block
        array.mem = out.mem
    node.result = array
    array.node = None
    node.operands = node.numbers = ()


def chain_body(order: Sequence[Node], refs: Sequence[tuple[int, ...]],
               stored: Sequence[int]) -> Body:
    """The statements of all nodes one after the other, over the arrays and numbers of all.

    A value passes through its own type, as if it had been stored and read again: fused and
    unfused agree for narrow types too.
    """
    operands: dict[int, dtype] = {}
    numbers: list[Number] = []
    statements: list[Statement] = []
    results: list[tuple[str, dtype, dtype]] = []
    carried: list[str] = []
    for k, node in enumerate(order):
        body = node.kernel.body
        bindings: list[tuple[str, str, dtype | None]] = []
        (statement,) = body.statements
        for name, value, source in statement.bindings:
            number = int(value[1:])
            if value[0] == "s":
                bindings.append((name, f"s{len(numbers) + number}", source))
                continue
            ref = refs[k][number]
            if ref < 0:
                operands[-1 - ref] = body.operands[number]
            bindings.append((name, carried[ref] if ref >= 0 else f"x{-1 - ref}", source))
        numbers += body.numbers
        statements.append(Statement(f"v{k}", statement.expression, statement.compute,
                                    tuple(bindings)))
        _, compute, memory = body.outputs[0]
        results.append((f"v{k}", compute, memory))
        side = SCALARS[memory]
        if compute is memory and side.storage == side.compute:
            carried.append(f"v{k}")
        else:
            kept = side.load.format(side.store.format(converted(f"v{k}", compute, memory)))
            statements.append(Statement(f"u{k}", kept, memory, ()))
            carried.append(f"u{k}")
    label = "_".join(node.kernel.body.label for node in order)
    digest = zlib.crc32(repr((refs, stored, [n.kernel.body.name for n in order])).encode())
    return Body(label, f"f_{digest:08x}_{label[:80]}", [operands[k] for k in sorted(operands)],
                numbers, statements, [results[k] for k in stored])
