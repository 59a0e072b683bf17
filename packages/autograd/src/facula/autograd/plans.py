"""Derivative rules: how they are declared, what they save, and the recorders made from them.

``vjp(op, input=lambda g, y: g * y)`` gives, for one tensor argument, the product of the output's
gradient ``g`` with the operation's derivative. The parameters' names decide what is saved:

==================  ============================================================================
``g``               the gradient of the output (``g0``, ``g1``, ... where there are several)
``y``               the output (``y0``, ``y1``, ...)
an argument         a tensor or attribute of the operation, as it was called, canonical
``<argument>_shape``  the shape of a tensor argument (of a sequence: the tuple of shapes)
``<argument>_dtype``  its dtype
==================  ============================================================================

Rules call operations on tensors, so gradients of gradients need nothing more. A rule may return a
gradient of the broadcast shape or another dtype: the engine sums and casts it back. ``joint``
gives one function for all tensor arguments, returning a tuple in their order (None where there is
no gradient); it may name ``needs``, a tuple of bools.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from facula.autograd import inplace
from facula.autograd.meta import Node, Output, next_seq
from facula.core.dtypes import FLOAT
from facula.core.operation import Operation, operation
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor, Version, from_data

_new = object.__new__
_NON_DIFFERENTIABLE: dict[str, str] = {}
_RULES: dict[str, Rule] = {}


class Plan:
    """For one set of arguments that need gradients: what to save and which functions to call.

    Attributes
    ----------
    name : str
        The node's name.
    positions : tuple of int
        Where the arguments that need gradients stand in the call.
    calls : list
        (function, indices into ``saved`` of its arguments), one per position; or, for a joint
        rule, the single call for all.
    getters : tuple
        Functions of (outputs, arguments) that produce ``saved``.
    tensors : tuple of int
        Which of ``saved`` are tensors whose version is checked.
    outputs : dict
        Which of ``saved`` are outputs, kept as raw data: index in saved -> number of the output.
    """

    __slots__ = ("op", "name", "positions", "calls", "getters", "tensors", "labels", "outputs",
                 "joint", "nested", "several", "needs", "simple")

    def __init__(self, rule: Rule, needed: tuple[int, ...]) -> None:
        op = rule.op
        self.op = op
        self.name = "".join(p.capitalize() for p in op.name.split("_")) + "Backward"
        self.positions = needed
        self.joint = rule.joint is not None
        self.several = op.outputs > 1
        names: list[str] = []
        self.calls: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
        functions = ([(rule.joint, rule.joint_names)] if rule.joint is not None
                     else [rule.functions[rule.parameters[p]] for p in needed])
        gradients = [f"g{i}" for i in range(op.outputs)] if self.several else ["g"]
        for function, wanted in functions:
            for name in wanted:
                if name not in names and name not in gradients:
                    names.append(name)
            self.calls.append((function, tuple(
                -1 - gradients.index(n) if n in gradients else names.index(n) for n in wanted)))
        self.labels = tuple(names)
        self.needs = tuple(rule.positions_of_tensors.index(p) for p in needed)
        flags = tuple(p in needed for p in rule.positions_of_tensors)
        self.getters = tuple(rule.getter(n, flags) for n in names)
        self.tensors = tuple(i for i, n in enumerate(names) if n in op.tensors)
        self.outputs = {i: rule.output_number(n) for i, n in enumerate(names)
                        if rule.output_number(n) is not None}
        self.nested = bool(op.extra.get("nested"))
        self.simple = (not self.joint and not self.several and not self.outputs
                       and all(c[1][:1] == (-1,) for c in self.calls))


class Rule:
    """The derivative rule of one operation."""

    def __init__(self, op: Operation, joint: Callable[..., Any] | None,
                 functions: dict[str, Callable[..., Any] | None]) -> None:
        self.op = op
        self.parameters = tuple(op.signature.parameters)
        if op.family == "reduction":  # dtype is not passed on to rules
            self.parameters = tuple(p for p in self.parameters if p != "dtype")
        self.positions_of_tensors = [self.parameters.index(t) for t in op.tensors]
        for name in functions:
            if name not in op.tensors:
                raise TypeError(f"vjp({op.name}): {name!r} is not a tensor argument: "
                                f"they are {', '.join(op.tensors)}")
        self.joint = joint
        self.joint_names = self._names(joint) if joint is not None else ()
        self.functions = {n: (f, self._names(f)) for n, f in functions.items() if f is not None}
        self.differentiable = (tuple(self.positions_of_tensors) if joint is not None else tuple(
            self.parameters.index(n) for n in self.functions))
        self.plans: dict[tuple[int, ...], Plan] = {}

    def _names(self, function: Callable[..., Any]) -> tuple[str, ...]:
        names = tuple(inspect.signature(function).parameters)
        several = self.op.outputs > 1
        for name in names:
            gradient = name in ([f"g{i}" for i in range(self.op.outputs)] if several else ["g"])
            base = name.removesuffix("_shape").removesuffix("_dtype")
            known = (gradient or name == "needs" or self.output_number(name) is not None
                     or name in self.parameters or (base != name and base in self.op.tensors))
            if not known:
                raise TypeError(
                    f"vjp({self.op.name}): a rule names {name!r}, which is neither g, y nor an "
                    f"argument: the arguments are {', '.join(self.parameters)}")
        return names

    def output_number(self, name: str) -> int | None:
        """Which output a name means, if it means one."""
        if self.op.outputs == 1:
            return 0 if name == "y" else None
        return int(name[1:]) if name[:1] == "y" and name[1:].isdecimal() else None

    def getter(self, name: str, needs: tuple[bool, ...]) -> Callable[[Any, Any], Any]:
        """The function of (outputs, arguments) that reads what the name means."""
        if name == "needs":
            return lambda outs, args: needs
        number = self.output_number(name)
        if number is not None:
            return lambda outs, args: save_output(outs[number])
        if name in self.parameters:
            at = self.parameters.index(name)
            return lambda outs, args: args[at]
        base, _, what = name.rpartition("_")
        at = self.parameters.index(base)
        read = _shape_of if what == "shape" else _dtype_of
        return lambda outs, args: read(args[at])

    def plan(self, needed: tuple[int, ...]) -> Plan:
        """The plan for these arguments, made once."""
        try:
            return self.plans[needed]
        except KeyError:
            return self.plans.setdefault(needed, Plan(self, needed))


def _shape_of(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple([tuple(v._data.shape) for v in value])
    return tuple(value._data.shape) if isinstance(value, Tensor) else ()


def _dtype_of(value: Any) -> Any:
    return value._kind.dtype if isinstance(value, Tensor) else None


def save_output(out: Tensor) -> tuple[Any, Any, Version]:
    """An output's raw data, so that its node does not hold the tensor that holds the node."""
    version = out._version
    if version is None:
        version = out._version = Version()
    return out._data, out._kind, version


def vjp(op: Callable[..., Any] | str, *, joint: Callable[..., Any] | None = None,
        **functions: Callable[..., Any] | None) -> None:
    """Declare the derivative of an operation; see the head of this module.

    Parameters
    ----------
    op : callable or str
        The operation's public function or its name.
    joint : callable, optional
        One function for all tensor arguments.
    **functions
        One function per tensor argument; an argument left out has no gradient.

    Raises
    ------
    TypeError
        If a rule names something that the operation does not have.

    Examples
    --------
    >>> from facula.autograd import vjp
    >>> from facula.core.declare import elementwise
    >>> from facula.core import Tensor
    >>> @elementwise(numpy=lambda x: x * x * x, opencl="input * input * input", method=False)
    ... def docs_cube(input: Tensor) -> Tensor:
    ...     '''The cube.'''
    >>> vjp(docs_cube, input=lambda g, input: 3 * g * input * input)
    """
    record = operation(op) if isinstance(op, str) else getattr(op, "operation", None)
    if record is None:
        record = operation(op)
    if record.name in _RULES or record.name in _NON_DIFFERENTIABLE:
        raise ValueError(f"vjp({record.name}): the operation has a rule already")
    rule = _RULES[record.name] = Rule(record, joint, functions)
    nested = bool(record.extra.get("nested"))
    if record.outputs == 1 and not nested and record.family == "elementwise" and joint is None:
        if len(record.signature.parameters) == 1:
            record.record = _unary_recorder(rule)
        elif len(record.signature.parameters) == 2 and len(record.tensors) == 2:
            record.record = _binary_recorder(rule)
    if record.record is None:
        record.record = _general_recorder(rule)
    record.record_inplace = inplace.recorder(functools.partial(
        make_node, rule, False, nested, rule.differentiable))


def not_differentiable(*ops: Callable[..., Any] | str, reason: str) -> None:
    """Declare that operations have no derivative, and why; silence is not an answer."""
    for op in ops:
        _NON_DIFFERENTIABLE[(op if isinstance(op, str) else op.operation.name)] = reason  # type: ignore


def has_rule(name: str) -> bool:
    """Whether the operation can be differentiated."""
    return name in _RULES


def why_not(name: str) -> str | None:
    """The stated reason for having no rule."""
    return _NON_DIFFERENTIABLE.get(name)


def rule_of(name: str) -> Rule:
    """The rule of an operation."""
    return _RULES[name]


def needs_grad(value: Any) -> bool:
    """Whether a value is a tensor for which gradients are wanted."""
    return (isinstance(value, Tensor) and value._autograd is not None
            and value._autograd.requires_grad)


def _count(t: Any) -> int:
    version = t._version
    return 0 if version is None else version.count


def new_node(plan: Any, parents: tuple[Any, ...], saved: Any, versions: Any, out: Tensor) -> Node:
    """A node for one output, its slots filled by hand."""
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
    wanted = plan.labels

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

    special = {(): record_plain, (rule.op.tensors[0],): record_input, ("y",): record_output}
    return special.get(wanted) or _general_recorder(rule)


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
        picks.append(tuple(0 if n == first else 1 for n in plan.labels))

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
        versions = None
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
            versions = tuple([_count(x) if isinstance(x, Tensor) else 0 for x in saved])
        out._autograd = new_node(plans[which], parents, saved, versions, out)

    return record


def _general_recorder(rule: Rule) -> Callable[..., None]:
    differentiable = rule.differentiable
    several = rule.op.outputs > 1
    nested = bool(rule.op.extra.get("nested"))

    def record(out: Any, *args: Any) -> None:
        if grad_mode.enabled:
            make_node(rule, several, nested, differentiable, out, args)

    return record


def make_node(rule: Rule, several: bool, nested: bool, differentiable: tuple[int, ...], out: Any,
              args: tuple[Any, ...], late: bool = False) -> Node | None:
    """Record any operation; ``late`` where the first argument was overwritten by the result."""
    if nested:
        needed = tuple([p for p in differentiable if needs_grad(args[p]) or (
            isinstance(args[p], (tuple, list)) and any(map(needs_grad, args[p])))])
    else:
        needed = tuple([p for p in differentiable if needs_grad(args[p])])
    outs = out if several else (out,)
    if not needed or outs[0]._kind.dtype.category < FLOAT:
        return None
    plan = rule.plan(needed)
    saved = tuple([get(outs, args) for get in plan.getters])
    versions: list[int] = [0] * len(saved)
    for i in plan.tensors:
        if isinstance(saved[i], Tensor):
            versions[i] = _count(saved[i]) - (late and saved[i] is args[0])
        elif isinstance(saved[i], (tuple, list)):
            versions[i] = sum(_count(t) for t in saved[i] if isinstance(t, Tensor))
    for i in plan.outputs:
        versions[i] = saved[i][2].count
    parents: list[Any] = []
    for p in needed:
        if isinstance(args[p], (tuple, list)):
            parents += [t._autograd if needs_grad(t) else None for t in args[p]]
        else:
            parents.append(args[p]._autograd)
    node = new_node(plan, tuple(parents), saved, tuple(versions), outs[0])
    if not several:
        out._autograd = node
        return node
    node.outputs = tuple([(o._data.shape, o._kind) if o._kind.dtype.category >= FLOAT else None
                          for o in outs])
    for i, o in enumerate(outs):
        if o._kind.dtype.category >= FLOAT:
            o._autograd = new_output(node, i, o)
    return node


def new_output(node: Node, index: int, out: Tensor) -> Output:
    """The slot of one of several outputs."""
    slot = _new(Output)
    slot.plan, slot.parents, slot.saved, slot.versions = node.plan, (node,), (), None
    slot.seq, slot.shape, slot.kind, slot.hooks = next_seq(), out._data.shape, out._kind, None
    slot.node, slot.index = node, index
    return slot


def restore(node: Node, saved: Any) -> list[Any]:
    """What the rule's formulas get: saved outputs become tensors again, connected to their node.

    Raises
    ------
    RuntimeError
        If a saved tensor was changed by an in-place operation since.
    """
    plan = node.plan
    values = list(saved)
    versions = node.versions
    for i in plan.tensors:
        value = values[i]
        if isinstance(value, Tensor):
            now = 0 if value._version is None else value._version.count
        elif isinstance(value, (tuple, list)):
            now = sum(_count(t) for t in value if isinstance(t, Tensor))
        else:
            continue
        if now != (0 if versions is None else versions[i]):
            raise changed(plan, plan.labels[i], value, versions and versions[i], now)
    for i in plan.outputs:
        data, kind, version = values[i]
        if version.count != versions[i]:
            raise changed(plan, plan.labels[i], from_data(data, kind), versions[i], version.count)
        y = values[i] = from_data(data, kind)
        y._version = version
        if grad_mode.enabled:
            y._autograd = node
    return values


def changed(plan: Plan, label: str, value: Any, then: int | None, now: int) -> RuntimeError:
    """The error for a saved value that was written to."""
    shape = tuple(value.shape) if isinstance(value, Tensor) else "several tensors"
    what = "the output" if label.startswith("y") and label not in plan.op.tensors else label
    return RuntimeError(
        f"{plan.op.name}: {what}, of shape {shape}, is needed to compute the gradient, but was "
        f"changed by an in-place operation: it is at version {now}, expected {then or 0}: "
        "clone() it before writing, or use the out-of-place operation")
