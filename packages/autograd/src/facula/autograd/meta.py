"""What sits in a tensor's slot: leaves that collect gradients, nodes that pass them on.

One object per recorded operation, metadata included. Every object carries a number from one
counter, so the order of creation is a topological order of the graph.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facula.core import Tensor

next_seq = itertools.count(1).__next__
_new = object.__new__


class Freed:
    """The mark left where saved values were, once backward has used them."""

    def __repr__(self) -> str:
        return "<freed by backward>"


FREED: Any = Freed()
RETAIN: Any = object()


class Leaf:
    """The slot of a tensor that requires grad and came from no recorded operation."""

    __slots__ = ("requires_grad", "grad", "hooks", "post_hooks", "seq", "shape", "kind",
                 "__weakref__")
    is_leaf = True
    name = "AccumulateGrad"
    parents = ()

    def __init__(self, tensor: Tensor) -> None:
        self.requires_grad = True
        self.grad: Tensor | None = None
        self.hooks: dict[int, Any] | None = None
        self.post_hooks: dict[int, Any] | None = None
        self.seq = next_seq()
        self.shape = tensor._data.shape
        self.kind = tensor._kind

    def __repr__(self) -> str:
        return f"<Leaf {tuple(self.shape)} {self.kind.dtype.name}>"


class Node:
    """The slot of an operation's output, and the node of the backward graph.

    Attributes
    ----------
    plan : Plan
        Which gradients to compute, and from what (see ``facula.autograd.rules``).
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
    outputs : tuple
        Only where an operation has several: (shape, kind) of each, None for integer ones.
    """

    __slots__ = ("plan", "parents", "saved", "versions", "seq", "shape", "kind", "hooks",
                 "retained", "outputs", "__weakref__")
    is_leaf = False
    requires_grad = True

    plan: Any
    parents: tuple[Any, ...]
    saved: Any
    versions: Any
    seq: int
    shape: tuple[int, ...]
    kind: Any
    hooks: dict[int, Any] | None
    retained: Tensor | None
    outputs: tuple[Any, ...]

    @property
    def name(self) -> str:
        """``<Operation>Backward``, as PyTorch names its nodes."""
        return self.plan.name

    @property
    def grad(self) -> Tensor | None:
        """The gradient, if ``retain_grad`` asked to keep it."""
        value = getattr(self, "retained", None)
        return None if value is RETAIN else value

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        self.retained = value

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that receive this one's gradients, each with its output number."""
        return tuple((p.node, p.index) if isinstance(p, Output) else (p, 0) for p in self.parents)

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Output(Node):
    """One output of an operation that has several: a node whose only parent is the operation's."""

    __slots__ = ("node", "index")

    node: Node
    index: int

    @property
    def name(self) -> str:
        return self.node.name
