"""What sits in a tensor's slot: leaves that collect gradients, nodes that pass them on.

One object per recorded operation, metadata included. Every node carries a number from one counter,
so the order of creation is a topological order of the graph.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from facula.autograd.hooks import Hooks, RemovableHandle, add, hooks_of

if TYPE_CHECKING:
    from facula.core import Tensor

next_seq = itertools.count(1).__next__
_new = object.__new__


class Freed:
    """The mark left where saved values were, once backward has used them."""

    def __repr__(self) -> str:
        return "<freed by backward>"


FREED: Any = Freed()


class Leaf:
    """The slot of a tensor that requires grad and came from no recorded operation.

    ``next_functions`` of the nodes that use the tensor show it, under PyTorch's name for it.

    Attributes
    ----------
    requires_grad : bool
    grad : Tensor or None
    hooks : Hooks or None
    seq : int
        The number of creation.
    shape, kind
        Of the tensor, to which gradients must fit.
    """

    __slots__ = ("requires_grad", "grad", "hooks", "seq", "shape", "kind", "_tensor",
                 "__weakref__")
    is_leaf = True
    retains_grad = False
    grad_fn: Any = None
    parents: tuple[Any, ...] = ()
    next_functions: tuple[Any, ...] = ()

    def __init__(self, tensor: Tensor) -> None:
        self.requires_grad = True
        self.grad: Tensor | None = None
        self.hooks: Hooks | None = None
        self.seq = next_seq()
        self.fits(tensor)

    def fits(self, tensor: Tensor) -> None:
        """Expect gradients of this tensor's shape, dtype and device from now on."""
        self.shape = tensor._data.shape
        self.kind = tensor._kind
        self._tensor = weakref.ref(tensor)

    @property
    def variable(self) -> Tensor | None:
        """The tensor whose slot this is, while it exists."""
        return self._tensor()

    def name(self) -> str:
        """``AccumulateGrad``."""
        return "AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


class Node:
    """The slot of an operation's output, and the node of the backward graph: ``grad_fn``.

    Attributes
    ----------
    plan : Plan
        Which gradients to compute, and from what (see ``facula.autograd.plans``).
    parents : tuple
        The slots of the inputs that need gradients.
    saved : tuple
        What the rule's formulas name.
    versions : tuple or None
        For saved tensors, the count of in-place writes at the time of saving; None if all 0.
    seq : int
        The number of creation.
    shape, kind
        Of the output, to which its gradient must fit.
    hooks : Hooks or None
    outputs : tuple
        Only where an operation has several: (shape, kind) of each, None for integer ones.
    alive : dict
        Only there as well: weak references to the slots of the outputs, by number.
    """

    __slots__ = ("plan", "parents", "saved", "versions", "seq", "shape", "kind", "hooks",
                 "outputs", "alive", "__weakref__")
    is_leaf = False
    requires_grad = True

    plan: Any
    parents: tuple[Any, ...]
    saved: Any
    versions: Any
    seq: int
    shape: tuple[int, ...]
    kind: Any
    hooks: Hooks | None
    outputs: tuple[Any, ...]
    alive: dict[int, weakref.ref[Output]]

    def name(self) -> str:
        """``<Operation>Backward0``, as PyTorch names its nodes."""
        return self.plan.name

    @property
    def grad_fn(self) -> Node:
        """The node itself."""
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient, if ``retain_grad`` asked to keep it."""
        return None if self.hooks is None else self.hooks.kept

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        hooks_of(self).kept = value

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` asked to keep the gradient."""
        return self.hooks is not None and self.hooks.keeps

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that receive this one's gradients, each with its output number.

        There is one entry per tensor argument, ``(None, 0)`` where no gradient is needed.
        """
        return tuple([edge(p) for p in self.plan.spread(self.parents, None)])

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's gradients are computed.

        It may return a tuple that replaces ``grad_inputs``.
        """
        return add(hooks_of(self).after, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` before; it may return a tuple that replaces them."""
        return add(hooks_of(self).before, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Output(Node):
    """One output of an operation that has several: a node whose only parent is the operation's."""

    __slots__ = ("node", "index")

    node: Node
    index: int

    @property
    def grad_fn(self) -> Node:
        """The operation's node."""
        return self.node


def edge(parent: Any) -> tuple[Any, int]:
    """A slot as an entry of ``next_functions``."""
    if type(parent) is Output:
        return parent.node, parent.index
    return parent, 0


def new_output(node: Node, index: int, out: Tensor) -> Output:
    """The slot of one of several outputs."""
    slot = _new(Output)
    slot.plan, slot.parents, slot.saved, slot.versions = node.plan, (node,), (), None
    slot.seq, slot.shape, slot.kind, slot.hooks = next_seq(), out._data.shape, out._kind, None
    slot.node, slot.index = node, index
    try:
        node.alive[index] = weakref.ref(slot)
    except AttributeError:
        node.alive = {index: weakref.ref(slot)}
    return slot


def output_slot(node: Node, index: int, out: Tensor) -> Output:
    """The slot that an output has while anything refers to it, else a fresh one.

    There is one at a time: what backward adds up, and what a caller asks the gradient of, is told
    by the slot.
    """
    known = node.alive.get(index)
    slot = None if known is None else known()
    return new_output(node, index, out) if slot is None else slot
