"""In-place writes and views: who else sees the change, and how their gradients follow.

After a recorded write to a tensor, that tensor's slot is the write's node. If it is a view, its
base takes the change in by a *copy-slices* node (the gradient of the overwritten region belongs to
the write, the rest to the base's past), and every living view of the base gets its slot anew, by
replaying the view's steps on the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.autograd.fitting import sum_to
from facula.autograd.meta import Leaf, Node, next_seq
from facula.autograd.rule import RULES
from facula.core import ops
from facula.core.dtypes import FLOAT
from facula.core.slot import grad_mode, no_grad
from facula.core.tensor import Tensor, Version

_new = object.__new__


class Fixed:
    """A plan whose functions take the gradient alone and save nothing."""

    joint = nested = several = holds = False
    fresh = True
    tensors = labels = outputs = anchors = ()

    def __init__(self, name: str, *functions: Callable[[Tensor], Tensor]) -> None:
        self.name = name
        self.quick = [(f, (), None) for f in functions]

    def gradients(self, node: Node, grads: list[Any], wanted: list[bool]) -> list[Any]:
        """One gradient per parent."""
        return [f(grads[0]) if w else None
                for (f, _, _), w in zip(self.quick, wanted, strict=True)]

    def spread(self, values: Any, default: Any) -> list[Any]:
        """The values, one per parent."""
        return list(values)

    gather = list


_CUT = Fixed("FillBackward0", lambda g: ops.creation.zeros_like(g))


def _node(plan: Fixed, parents: tuple[Any, ...], like: Tensor) -> Node:
    node = _new(Node)
    node.plan, node.parents, node.saved, node.versions = plan, parents, (), None
    node.seq, node.shape, node.kind, node.hooks = next_seq(), like._data.shape, like._kind, None
    return node


class Region:
    """The part of a base that a view shows, on gradients of the base.

    Steps are replayed on memory laid out as the base's is, or a view might not be possible.
    """

    __slots__ = ("shape", "order", "steps")

    def __init__(self, base: Tensor, steps: Any) -> None:
        self.shape = tuple(base._data.shape)
        self.order: tuple[int, ...] | None = None
        self.steps = steps
        if not base.is_contiguous():
            strides = base._data.strides
            self.order = tuple(sorted(range(len(strides)), key=lambda d: -strides[d]))

    def _replayed(self, base: Tensor) -> Tensor:
        for op, attributes in self.steps:
            base = op.public(base, *attributes)
        return base

    def _laid_out(self, g: Tensor) -> Tensor:
        """A copy with the base's order of dimensions in memory."""
        if self.order is None:
            return ops.shape.clone(g)
        return self._reordered(ops.shape.clone(ops.shape.permute(g, self.order)))

    def _reordered(self, g: Tensor) -> Tensor:
        assert self.order is not None
        back = sorted(range(len(self.order)), key=self.order.__getitem__)
        return ops.shape.permute(g, tuple(back))

    def read(self, g: Tensor) -> Tensor:
        """The gradient of the region."""
        plain = self.order is None and g.is_contiguous()
        return self._replayed(g if plain else self._laid_out(g))

    def clear(self, g: Tensor) -> Tensor:
        """The gradient with the region set to zero."""
        g = self._laid_out(g)
        self._replayed(g).zero_()  # type: ignore[attr-defined]
        return g

class Path:
    """The steps from a base to a view of it, on gradients of the view: each step's own rule.

    Unlike writing into zeros, this is right for views that show an element several times.
    """

    def __init__(self, base: Tensor, steps: Any) -> None:
        self.calls: list[tuple[Callable[..., Tensor], list[Any], tuple[int, ...]]] = []
        with no_grad():
            for op, attributes in steps:
                rule = RULES[op.name]
                function, names = rule.functions[op.tensors[0]]
                values = [None if n == "g" else rule.getter(n, (True,))((), (base, *attributes))
                          for n in names]
                self.calls.append((function, values, tuple(base._data.shape)))
                base = op.public(base, *attributes)

    def back(self, g: Tensor) -> Tensor:
        """The gradient of the base."""
        for function, values, shape in reversed(self.calls):
            g = function(*[g if v is None else v for v in values])
            if g._data.shape != shape:
                g = sum_to(g, shape)
        return g


def overlaps(data: Any) -> bool:
    """Whether two elements may be the same memory (windows that share elements, for example)."""
    reach = data.dtype.itemsize
    for step, size in sorted([(abs(s), n) for s, n in zip(data.strides, data.shape, strict=True)]):
        if size > 1:
            if step < reach:
                return True
            reach += (size - 1) * step
    return False


def refuse_overlap(tensor: Tensor, name: str) -> None:
    """Raise if a write to the tensor has no gradient, since it may hold an element twice."""
    if overlaps(tensor._data):
        raise RuntimeError(f"{name}: several elements of this view, of shape {tuple(tensor.shape)} "
                           f"and strides {tensor.stride()}, are the same memory, so the write has "
                           "no gradient: clone() it first, or write under no_grad()")


def before_inplace(tensor: Tensor, name: str) -> None:
    """Refuse writes to leaves that require grad, to views of them, and to unrecorded views.

    Raises
    ------
    RuntimeError
        If gradients would be lost.
    """
    view = getattr(tensor, "_view", None)
    if view is not None and (tensor.requires_grad or view.base.requires_grad):
        refuse_overlap(tensor, name)
    for t in (tensor, view and view.base):
        if t is not None and type(t._autograd) is Leaf and t._autograd.requires_grad:
            what = "a leaf tensor" if t is tensor else "a view of a leaf tensor"
            raise RuntimeError(f"{name}: {what} that requires grad can't be changed in place: "
                               "use no_grad(), detach() or the out-of-place operation")
    if view is not None and tensor._autograd is None and view.base.requires_grad:
        raise RuntimeError(f"{name}: this view was made under no_grad() of a tensor that requires "
                           "grad: it can't be changed in place while recording: change it under "
                           "no_grad() too, or make the view outside")


def recorder(make: Callable[[Any, Any, Version | None], Node | None]) -> Callable[..., None]:
    """The in-place recorder of an operation, from the function that makes its node."""
    def record(self: Tensor, before: Tensor, *rest: Any) -> None:
        if grad_mode.enabled and self._kind.dtype.category >= FLOAT:
            node = make(self, (before, *rest), self._version)
            if node is None:
                cut(self, before)
            else:
                rebase(self, node)
    return record


def cut(self: Tensor, before: Tensor, *rest: Any) -> None:
    """Record that the elements do not depend on the past any more."""
    past = before._autograd
    if (grad_mode.enabled and past is not None and past.requires_grad
            and self._kind.dtype.category >= FLOAT):
        self._autograd = _node(_CUT, (past,), self)
        rebase(self, self._autograd)


def rebase(tensor: Tensor, node: Node) -> None:
    """Let a written tensor's base and views follow the write."""
    view = getattr(tensor, "_view", None)
    base = tensor
    if view is not None:
        base = view.base
        refuse_overlap(tensor, "in-place write")
        region = Region(base, view.steps)
        past = base._autograd
        if past is not None and past.requires_grad:
            base._autograd = _node(Fixed("CopySlices", region.read, region.clear),
                                   (node, past), base)
        else:
            base._autograd = _node(Fixed("CopySlices", region.read), (node,), base)
    if base._version is not None:
        for v in base._version.live_views():
            if v._view.base is base:  # not a view of a detached tensor on the same memory
                back = Path(base, v._view.steps).back
                v._autograd = _node(Fixed("AsStridedBackward0", back), (base._autograd,), v)
