"""The functions that operations call to be recorded, specialised by what their rules save.

They run after every recorded operation, so they avoid calls: nodes are filled by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.autograd.meta import Node, new_output, next_seq
from facula.autograd.rule import Rule
from facula.autograd.saved import count
from facula.core.dtypes import FLOAT
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor, Version

_new = object.__new__


def recorder(rule: Rule) -> Callable[..., None]:
    """The fastest recorder that serves a rule."""
    op = rule.op
    if op.outputs == 1 and not rule.nested and rule.differentiable:
        if op.family == "elementwise" and rule.joint is None and len(rule.parameters) == 1:
            return _unary_recorder(rule)
        if rule.joint is None and len(rule.parameters) == 2 and len(op.tensors) == 2:
            return _binary_recorder(rule)
        if op.tensors == rule.parameters[:1] and not rule.plan(rule.differentiable).outputs:
            return _first_recorder(rule)
    return _general_recorder(rule)


def needs_grad(value: Any) -> bool:
    """Whether a value is a tensor for which gradients are wanted."""
    return (isinstance(value, Tensor) and value._autograd is not None
            and value._autograd.requires_grad)


def new_node(plan: Any, parents: tuple[Any, ...], saved: Any, versions: Any, out: Tensor) -> Node:
    """A node for one output."""
    node = _new(Node)
    node.plan = plan
    node.parents = parents
    node.saved = saved
    node.versions = versions
    node.seq = next_seq()
    node.shape = out._data.shape
    node.kind = out._kind
    node.hooks = None
    return node


def _unary_recorder(rule: Rule) -> Callable[..., None]:
    plan = rule.plan(rule.differentiable)

    def record_plain(out: Tensor, input: Tensor) -> None:
        meta = input._autograd
        if grad_mode.enabled and meta.requires_grad:
            out._autograd = new_node(plan, (meta,), (), None, out)

    def record_input(out: Tensor, input: Tensor) -> None:
        meta = input._autograd
        if grad_mode.enabled and meta.requires_grad:
            version = input._version
            out._autograd = new_node(plan, (meta,), (input,),
                                     None if version is None else (version.count,), out)

    def record_output(out: Tensor, input: Tensor) -> None:
        meta = input._autograd
        if grad_mode.enabled and meta.requires_grad:
            out._version = version = Version()
            out._autograd = new_node(plan, (meta,), ((out._data, out._kind, version),), (0,), out)

    special = {(): record_plain, rule.op.tensors: record_input, ("y",): record_output}
    return special.get(plan.labels) or _general_recorder(rule)


def _first_recorder(rule: Rule) -> Callable[..., None]:
    """For one tensor and any attributes, where the output is not saved: views, reductions."""
    plan = rule.plan(rule.differentiable)
    getters = plan.getters
    tensors = frozenset(plan.tensors)
    single = getters[0] if len(getters) == 1 and not tensors else None

    def record(out: Tensor, *args: Any) -> None:
        meta = args[0]._autograd
        if (not grad_mode.enabled or not meta.requires_grad
                or out._kind.dtype.category < FLOAT):
            return
        if single is not None:  # a shape or an attribute: most views and sums
            saved: tuple[Any, ...] = (single(None, args),)
        else:
            saved = tuple([get((out,), args) for get in getters])
        versions = tuple([count(x) if i in tensors else 0
                          for i, x in enumerate(saved)]) if tensors else None
        out._autograd = new_node(plan, (meta,), saved, versions, out)

    return record


def _binary_recorder(rule: Rule) -> Callable[..., None]:
    first, second = rule.op.tensors
    general = _general_recorder(rule)
    if len(rule.functions) != 2:
        return general
    plans = rule.plan((0,)), rule.plan((1,)), rule.plan((0, 1))
    picks = []
    for plan in plans:
        if any(n not in (first, second) for n in plan.labels):
            return general
        picks.append(tuple([0 if n == first else 1 for n in plan.labels]))

    def record(out: Tensor, input: Any, other: Any) -> None:
        if not grad_mode.enabled:
            return
        a = input._autograd if isinstance(input, Tensor) else None
        b = other._autograd if isinstance(other, Tensor) else None
        if a is not None and a.requires_grad:
            which, parents = (2, (a, b)) if b is not None and b.requires_grad else (0, (a,))
        elif b is not None and b.requires_grad:
            which, parents = 1, (b,)
        else:
            return
        versions: tuple[int, ...] | None = None
        pick = picks[which]
        if not pick:
            saved: tuple[Any, ...] = ()
        elif len(pick) == 1:
            x = other if pick[0] else input
            saved = (x,)
            if isinstance(x, Tensor) and x._version is not None:
                versions = (x._version.count,)
        else:
            saved = (input, other) if pick[0] == 0 else (other, input)
            versions = (count(saved[0]), count(saved[1]))
        out._autograd = new_node(plans[which], parents, saved, versions, out)

    return record


def _general_recorder(rule: Rule) -> Callable[..., None]:
    def record(out: Any, *args: Any) -> None:
        if grad_mode.enabled:
            make_node(rule, out, args)

    return record


def needed(rule: Rule, args: Any) -> tuple[int, ...]:
    """Where the arguments stand that need gradients."""
    if rule.nested:
        return tuple([p for p in rule.differentiable if needs_grad(args[p]) or (
            isinstance(args[p], (tuple, list)) and any(map(needs_grad, args[p])))])
    return tuple([p for p in rule.differentiable if needs_grad(args[p])])


def needs_first(rule: Rule, *args: Any) -> bool:
    """Whether an in-place call must keep a copy of the tensor that it will overwrite."""
    wanted = needed(rule, args)
    return bool(wanted) and rule.op.tensors[0] in rule.plan(wanted).labels


def make_node(rule: Rule, out: Any, args: tuple[Any, ...],
              written: Version | None = None) -> Node | None:
    """Record any operation; ``written`` is the version of the memory that the result overwrote."""
    wanted = needed(rule, args)
    several = rule.op.outputs > 1
    outs = out if several else (out,)
    if not wanted or all(o._kind.dtype.category < FLOAT for o in outs):
        return None
    plan = rule.plan(wanted)
    saved = tuple([get(outs, args) for get in plan.getters])
    versions: list[int] = [0] * len(saved)
    for i in plan.tensors:
        versions[i] = count(saved[i])
        if written is not None:  # what was read before the write is at the version before it
            among = saved[i] if isinstance(saved[i], (tuple, list)) else (saved[i],)
            versions[i] -= sum([isinstance(t, Tensor) and t._version is written for t in among])
    for i, _ in plan.outputs:
        versions[i] = saved[i][2].count
    parents: list[Any] = []
    for p in wanted:
        if isinstance(args[p], (tuple, list)):
            parents += [t._autograd if needs_grad(t) else None for t in args[p]]
        else:
            parents.append(args[p]._autograd)
    node = new_node(plan, tuple(parents), saved, tuple(versions), outs[0])
    if not several:
        out._autograd = node
        return node
    node.outputs = tuple([
        (o._data.shape, o._kind)
        if o._kind.dtype.category >= FLOAT and i not in rule.constant else None
        for i, o in enumerate(outs)])
    for i, o in enumerate(outs):
        if node.outputs[i] is not None:
            o._autograd = new_output(node, i, o)
    return node
