"""In-place writes and views: who else sees the change, and how their gradients follow.

After a recorded write to a tensor, that tensor's slot is the write's node. If it is a view, its
base takes the change in by a *copy-slices* node (the gradient of the overwritten region belongs to
the write, the rest to the base's past), and every living view of the base gets its slot anew, by
replaying the view's steps on the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.autograd.meta import Leaf, Node, next_seq
from facula.core import ops
from facula.core.dtypes import FLOAT
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor

_new = object.__new__


class _Steps:
    """A plan whose functions replay view steps; it saves nothing that can be changed."""

    nested = joint = several = False
    simple = True
    tensors = labels = ()
    outputs: dict[int, int] = {}

    def __init__(self, name: str, *functions: Callable[[Tensor], Tensor]) -> None:
        self.name = name
        self.calls = [(f, (-1,)) for f in functions]


def replay(base: Tensor, steps: Any) -> Tensor:
    """The view that the steps make of a base."""
    for op, attributes in steps:
        base = op.public(base, *attributes)
    return base


def _node(plan: _Steps, parents: tuple[Any, ...], like: Tensor) -> Node:
    node = _new(Node)
    node.plan, node.parents, node.saved, node.versions = plan, parents, (), None
    node.seq, node.shape, node.kind, node.hooks = next_seq(), like._data.shape, like._kind, None
    return node


def _cleared(g: Tensor, steps: Any) -> Tensor:
    """The gradient with the viewed region set to zero."""
    g = g.clone()  # type: ignore[attr-defined]
    replay(g, steps).zero_()  # type: ignore[attr-defined]
    return g


def _placed(g: Tensor, base_shape: tuple[int, ...], steps: Any) -> Tensor:
    """Zeros of the base's shape with the gradient in the viewed region."""
    out = ops.creation.zeros(base_shape, dtype=g.dtype, device=g.device)
    replay(out, steps).copy_(g)  # type: ignore[attr-defined]
    return out


def before_inplace(tensor: Tensor, name: str) -> None:
    """Refuse writes to leaves that require grad, and to views of them.

    Raises
    ------
    RuntimeError
        If gradients would be lost.
    """
    for t in (tensor, getattr(tensor, "_view", None) and tensor._view.base):
        if t is not None and type(t._autograd) is Leaf and t._autograd.requires_grad:
            what = "a leaf tensor" if t is tensor else "a view of a leaf tensor"
            raise RuntimeError(f"{name}: {what} that requires grad can't be changed in place: "
                               "use no_grad(), detach() or the out-of-place operation")


def recorder(make: Callable[..., Node | None]) -> Callable[..., None]:
    """The in-place recorder of an operation, from the function that makes its node."""
    def record(self: Tensor, before: Tensor, *rest: Any) -> None:
        if grad_mode.enabled and self._kind.dtype.category >= FLOAT:
            node = make(self, (before, *rest), True)
            if node is not None:
                rebase(self, node)
    return record


def rebase(tensor: Tensor, node: Node) -> None:
    """Let a written tensor's base and views follow the write."""
    view = getattr(tensor, "_view", None)
    base = tensor
    if view is not None:
        base, steps = view.base, view.steps
        past = base._autograd
        functions: list[Callable[[Tensor], Tensor]] = [
            lambda g: replay(g, steps).clone()]  # type: ignore[attr-defined]
        parents: tuple[Any, ...] = (node,)
        if past is not None:
            functions.append(lambda g: _cleared(g, steps))
            parents = (node, past)
        base._autograd = _node(_Steps("CopySlices", *functions), parents, base)
    version = base._version
    if version is None:
        return
    shape = tuple(base._data.shape)
    for v in version.live_views():
        steps_of_view = v._view.steps
        v._autograd = _node(_Steps(
            "ViewBackward", lambda g, s=steps_of_view: _placed(g, shape, s)),  # type: ignore[misc]
            (base._autograd,), v)


