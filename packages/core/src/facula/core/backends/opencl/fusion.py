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

import numpy as np

from facula.core.backends.opencl import Fusion
from facula.core.backends.opencl.array import CLArray, contiguous_strides
from facula.core.backends.opencl.batch import Generator
from facula.core.backends.opencl.codegen import Number, Source, Statement
from facula.core.backends.opencl.elementwise import Body, ElementwiseKernel
from facula.core.backends.opencl.inline import Inline
from facula.core.backends.opencl.layout import size_of
from facula.core.backends.opencl.memory import Block
from facula.core.backends.opencl.programs import LONG, Kernel
from facula.core.backends.opencl.runtime import LOCAL, Runtime
from facula.core.backends.opencl.scalars import SCALARS, converted
from facula.core.dtypes import dtype

LONGEST = 36     # operations in a chain, and arrays and numbers that they read, in all
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
    ``was_read`` says that a kernel has computed the value without storing it.
    """

    __slots__ = ("fuser", "kernel", "operands", "numbers", "shape", "length", "held", "array",
                 "result", "readers", "was_read", "__weakref__")

    fuser: Fuser
    kernel: ElementwiseKernel
    operands: Sequence[Any]
    numbers: tuple[Any, ...]
    shape: tuple[int, ...]
    length: int
    held: int
    array: weakref.ref[CLArray]
    result: CLArray | None
    readers: list[weakref.ref[Node]]
    was_read: bool

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


class Chain:
    """The nodes that run together: in order of computation, and what they read.

    ``refs`` has, per node and operand, the position of a node, or -1 - k for array k.
    """

    __slots__ = ("order", "kernels", "refs", "leaves", "numbers", "places")

    def __init__(self, root: Node) -> None:
        self.order: list[Node] = []
        self.kernels: list[ElementwiseKernel] = []
        self.refs: list[tuple[int, ...]] = []
        self.leaves: list[CLArray] = []
        self.numbers: list[Any] = []
        self.places: dict[Any, int] = {}  # of nodes and arrays, known by identity
        self._visit(root)

    def _visit(self, node: Node) -> int:
        places = self.places
        refs = []
        for x in node.operands:
            if type(x) is Node and x.result is not None:
                x = x.result
            at = places.get(x)
            if at is None:
                if type(x) is Node:
                    at = self._visit(x)
                else:
                    self.leaves.append(x)
                    at = places[x] = -len(self.leaves)
            refs.append(at)
        order = self.order
        at = places[node] = len(order)
        order.append(node)
        self.kernels.append(node.kernel)
        self.refs.append(tuple(refs))
        if node.numbers:
            self.numbers += node.numbers
        return at

    def stored(self, arrays: Sequence[CLArray | None]) -> tuple[int, ...]:
        """Which values are stored: that of the last node, and those still wanted by others."""
        order, places = self.order, self.places
        stored = []
        for k, array in enumerate(arrays):
            if array is not None:
                stored.append(k)
                continue
            readers = order[k].readers
            if len(readers) > 1:
                for ref in readers:
                    reader = ref()
                    if reader is not None and reader.result is None and reader not in places:
                        stored.append(k)
                        break
        if not stored or stored[-1] != len(order) - 1:
            stored.append(len(order) - 1)
        return tuple(stored)


class _Recipe:
    """What is known of a structure: its kernel once there is one, and what waiting has cost."""

    __slots__ = ("kernel", "flat", "types", "lost")

    def __init__(self) -> None:
        self.kernel: ElementwiseKernel | None = None
        self.flat: Kernel | None = None
        self.types: list[np.dtype[Any]] = []
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
        whole = [n.argument == LONG for n in kernel.body.numbers]
        has_whole, own_length = any(whole), 1 + len(whole)
        reference, waiting, look_through = weakref.ref, self.waiting, self._look_through

        def record(operands: tuple[CLArray, ...], shape: tuple[int, ...], size: int,
                   numbers: tuple[Any, ...]) -> CLArray:
            if has_whole:
                for number, is_whole in zip(numbers, whole, strict=False):
                    if is_whole and not (type(number) is not float and LOW <= number <= HIGH):
                        return general(operands, numbers)  # the error belongs here, not later
            length, held = own_length, 0
            out = _new(CLArray)
            out.node = node = _new(Node)
            ref = reference(node)
            node.result = None
            node.readers = []
            node.was_read = False
            given: list[Any] = []
            for a in operands:
                x = a.node
                if x is None or x.shape != shape:
                    x, block = a, a.block  # makes a waiting array of another shape run
                    length += 1
                    held += block.size
                else:
                    length += x.length
                    held += x.held
                given.append(x)
            if length > LONGEST:
                given = list(operands)
                length, held = own_length + len(given), sum([a.block.size for a in given])
            node.fuser = self
            node.kernel = kernel
            node.operands = given
            node.numbers = numbers
            node.shape = out.shape = shape
            node.length = length
            node.held = held
            node.array = reference(out)
            first = operands[0]
            out.strides = (first.strides if first.contiguous and first.shape == shape
                           and first.dtype.itemsize == itemsize
                           else contiguous_strides(shape, itemsize))
            out.offset = 0
            out.dtype = result
            out.ndim = len(shape)
            out.size = size
            out.contiguous = True
            waiting.append(ref)
            if len(waiting) > MOST_WAITING:
                look_through(waiting)
            for x in given:
                readers = x.readers if type(x) is Node else x.block.readers
                readers.append(ref)
                if len(readers) > MOST_READERS:
                    look_through(readers)
            if held > SLACK and held > PINNED * size * itemsize + SLACK:
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
        """Run everything that waits and is still wanted.

        Where something can't be run, the rest runs nevertheless, and the first error is raised;
        next time only a use of the same result raises it.
        """
        failed: Exception | None = None
        with self.runtime.force_lock:
            known = len(self.waiting)
            refs = self.waiting[:known]
            del self.waiting[:known]
            for ref in refs:
                node = ref()
                if node is not None:
                    try:
                        node.settle()
                    except (RuntimeError, MemoryError, self.runtime.cl.Error) as error:
                        failed = failed or error
        if failed is not None:
            raise failed

    def _look_through(self, nodes: list[weakref.ref[Node]]) -> None:
        """Forget the nodes that wait no longer; where many still do, run them."""
        with self.runtime.force_lock:
            known = len(nodes)
            waiting = _waiting(nodes[:known])
            if 2 * len(waiting) > known:
                for ref in waiting:
                    node = ref()
                    if node is not None:
                        try:
                            node.settle()
                        except (RuntimeError, MemoryError, self.runtime.cl.Error):
                            pass  # it goes on waiting: the error belongs where it is needed
                waiting = _waiting(waiting)
            nodes[:known] = waiting

    def force(self, node: Node) -> None:
        """Run a node with all that it waits for; does nothing if it has run."""
        with self.runtime.force_lock:
            if node.result is not None:
                return
            chain = Chain(node)
            order = chain.order
            arrays = [n.array() for n in order]
            if len(order) == 1:
                _finish(node, arrays[0], node.kernel.general(
                    [chain.leaves[-1 - ref] for ref in chain.refs[0]], node.numbers).block)
                return
            stored = chain.stored(arrays)
            key = stored, tuple(chain.kernels), tuple(chain.refs)
            recipe = self._recipes.get(key)
            if recipe is None:
                if len(self._recipes) >= MOST_RECIPES:
                    self._recipes = {k: r for k, r in self._recipes.items() if r.kernel}
                recipe = self._recipes[key] = _Recipe()
            kernel = recipe.kernel or self._kernel_for(recipe, chain, stored)
            if kernel is None:
                self._run_each(chain, arrays, stored)
                return
            shape, leaves = node.shape, chain.leaves
            for x in leaves:
                if not x.contiguous or x.shape != shape:
                    break
            else:
                self._run_flat(chain, arrays, stored, recipe)
                return
            if not self._fits(chain, len(stored)):
                self._run_each(chain, arrays, stored)
                return
            outs = kernel.general(leaves, chain.numbers)
            for k, out in zip(stored, (outs,) if len(stored) == 1 else outs, strict=True):
                _finish(order[k], arrays[k], out.block)

    def _run_flat(self, chain: Chain, arrays: Sequence[CLArray | None],
                  stored: tuple[int, ...], recipe: _Recipe) -> None:
        """One launch of the kernel for contiguous arrays of one shape, the shortest way."""
        runtime, leaves = self.runtime, chain.leaves
        flat = recipe.flat
        if flat is None:
            assert recipe.kernel is not None
            flat = recipe.flat = recipe.kernel.flat()
            recipe.types = [t.numpy for _, _, t in recipe.kernel.body.outputs]
        size = leaves[0].size
        take = runtime.pool.take
        blocks = [take(size * t.itemsize) for t in recipe.types]
        inputs = [x.mem for x in leaves]
        with runtime.lock:
            flat.set_args(*[b.mem for b in blocks], *inputs, size, *[0] * len(blocks),
                          *[x.offset for x in leaves], *chain.numbers)
            runtime.enqueue(runtime.queue, flat.handle, ((size + 255) // 256 * 256,), LOCAL)
        for k, block in zip(stored, blocks, strict=True):
            _finish(chain.order[k], arrays[k], block)

    def _fits(self, chain: Chain, stored: int) -> bool:
        """Whether the device takes so many bytes of arguments, in the layout that needs most."""
        arrays = stored + len(chain.leaves)
        ndim = len(chain.order[-1].shape)
        words = 1 + 2 * arrays + len(chain.numbers) + ndim * (1 + arrays)
        return 8 * words <= self.runtime.device.argument_bytes

    def _kernel_for(self, recipe: _Recipe, chain: Chain,
                    stored: tuple[int, ...]) -> ElementwiseKernel | None:
        """The fused kernel, if it is time to have one and the device can run it flat."""
        if len(stored) > STORED or self.built >= MOST_CHAINS:
            return None
        words = 1 + 2 * (len(stored) + len(chain.leaves)) + len(chain.numbers)
        if 8 * words > self.runtime.device.argument_bytes:
            return None
        if not self.at_once:
            inside = len(chain.order) - len(stored)
            root = chain.order[-1]
            nbytes = size_of(root.shape) * root.kernel.body.outputs[0][2].itemsize
            recipe.lost += LAUNCH * (len(chain.order) - 1) + 2 * BYTE * inside * nbytes
            if recipe.lost < COMPILE:
                return None
        self.built += 1
        recipe.kernel = ElementwiseKernel(self.runtime, self.kernel,
                                          chain_body(chain.order, chain.refs, stored))
        return recipe.kernel

    def kernel(self, source: Source) -> Kernel:
        """The built kernel, shown to whoever asked to see fused ones."""
        if Fusion.log and source.name not in self._shown:
            self._shown.add(source.name)
            print(f"facula: fused kernel\n{source.text}", file=sys.stderr)
        return self._generator.kernel(source)

    def _run_each(self, chain: Chain, arrays: Sequence[CLArray | None],
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
                _finish(node, arrays[k], values[k].block)


def _waiting(refs: Sequence[weakref.ref[Node]]) -> list[weakref.ref[Node]]:
    """Those that refer to a node which has not run."""
    return [ref for ref in refs if (node := ref()) is not None and node.result is None]


def _finish(node: Node, array: CLArray | None, block: Block) -> None:
    """Hand the memory that is being filled to the node's array, and let go of the operands."""
    block.readers = node.readers
    if array is None:  # only other nodes want it
        result = node.kernel.body.outputs[0][2].numpy
        array = CLArray(block, node.shape, contiguous_strides(node.shape, result.itemsize), 0,
                        result, size_of(node.shape), True)
    else:
        array.block = block
        array.mem = block.mem
    node.result = array
    array.node = None
    node.operands = node.numbers = ()


def _parts(order: Sequence[Node], refs: Sequence[tuple[int, ...]]) -> tuple[
        list[dtype], list[Number], list[Statement], list[tuple[str, dtype, dtype]], list[str]]:
    """Operands, numbers and statements of all nodes one after the other.

    Then, by node, what is stored of it, and the value that later nodes read: it passes through its
    own type, as if it had been stored and read again, so that fused and unfused agree for narrow
    types too.
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
    return [operands[k] for k in sorted(operands)], numbers, statements, results, carried


def _name(order: Sequence[Node], *structure: Any) -> tuple[str, str]:
    """A label for people, and a name that no other structure has."""
    label = "_".join(node.kernel.body.label for node in order)
    digest = zlib.crc32(repr((*structure, [n.kernel.body.name for n in order])).encode())
    return label, f"{digest:08x}_{label[:80]}"


def chain_body(order: Sequence[Node], refs: Sequence[tuple[int, ...]],
               stored: Sequence[int]) -> Body:
    """A chain as an elementwise kernel that stores some of its values."""
    operands, numbers, statements, results, _ = _parts(order, refs)
    label, name = _name(order, refs, stored)
    return Body(label, f"f_{name}", operands, numbers, statements, [results[k] for k in stored])


def chain_inline(chain: Chain, inner: str) -> Inline:
    """A chain as a function that computes an element of its last value."""
    operands, numbers, statements, _, carried = _parts(chain.order, chain.refs)
    _, name = _name(chain.order, chain.refs, inner)
    return Inline(f"f_{name}", tuple(operands), inner, tuple(numbers), tuple(statements),
                  carried[-1], chain.order[-1].kernel.body.outputs[0][2])
