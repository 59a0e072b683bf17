"""The derivative rules: how they are declared.

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
from collections.abc import Callable
from typing import Any

from facula.autograd import inplace, recorders
from facula.autograd.rule import RULES, Rule
from facula.core.operation import operation

_NON_DIFFERENTIABLE: dict[str, str] = {}


def vjp(op: Callable[..., Any] | str, *, joint: Callable[..., Any] | None = None,
        constant: tuple[int, ...] = (), adds: Callable[..., None] | None = None,
        **functions: Callable[..., Any] | None) -> None:
    """Declare the derivative of an operation; see the head of this module.

    Parameters
    ----------
    op : callable or str
        The operation's public function or its name.
    joint : callable, optional
        One function for all tensor arguments.
    constant : tuple of int
        Which of several floating outputs have no gradient.
    adds : callable, optional
        Of an operation with one rule: takes what the rule takes, with the input's gradient so
        far before it, and adds to that in place. For parts of a tensor, whose gradients would
        be zeros nearly everywhere.
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
    if record.name in RULES or record.name in _NON_DIFFERENTIABLE:
        raise ValueError(f"vjp({record.name}): the operation has a rule already")
    rule = RULES[record.name] = Rule(record, joint, constant, functions)
    if adds is not None:
        (function, _), = rule.functions.values()
        rule.adders[function] = adds
    record.record = functools.partial(_first, rule)
    record.record_inplace = inplace.recorder(functools.partial(recorders.make_node, rule))
    record.copies_first = functools.partial(recorders.needs_first, rule)


def _first(rule: Rule, out: Any, *args: Any) -> None:
    """Record an operation for the first time: most programs need few recorders."""
    rule.op.record = made = recorders.recorder(rule)
    made(out, *args)


def not_differentiable(*ops: Callable[..., Any] | str, reason: str) -> None:
    """Declare that operations have no derivative, and why; silence is not an answer.

    In place they cut the tensor from its past: its gradient is zero from there on.
    """
    for op in ops:
        record = operation(op) if isinstance(op, str) else op.operation  # type: ignore[attr-defined]
        _NON_DIFFERENTIABLE[record.name] = reason
        record.record = None
        record.record_inplace = inplace.cut


def has_rule(name: str) -> bool:
    """Whether the operation can be differentiated."""
    return name in RULES


def why_not(name: str) -> str | None:
    """The stated reason for having no rule."""
    return _NON_DIFFERENTIABLE.get(name)


def rule_of(name: str) -> Rule:
    """The rule of an operation."""
    return RULES[name]
