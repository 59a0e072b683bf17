"""Primitive fronts: the declared function validates, one kernel per backend does the work."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from facula.core.backends.base import Backend, Kernel
from facula.core.backends.fallback import host_fallback
from facula.core.devices import Kind, kind_of
from facula.core.fronts.elementwise import check_dtype
from facula.core.fronts.operands import common_kind, data_on, leaves, tracked, unwrap
from facula.core.fronts.telling import renamed, retell
from facula.core.operation import Operation
from facula.core.precision import guard_of, guarded, mode, switch
from facula.core.tensor import Tensor, from_data


def find_kernel(op: Operation, kind: Kind) -> Kernel:
    """The backend's own kernel, else the portable one, else the CPU's by way of the host."""
    backend: Backend = kind.backend
    check_dtype(op, kind.dtype)
    own = backend.kernels.get(op.name)
    if own is not None and (backend.computes_complex or not kind.dtype.is_complex):
        return own
    portable = op.extra.get("portable")
    if portable is not None:
        return functools.partial(portable, backend)
    return host_fallback(backend, op.name)


def primitive_front(op: Operation) -> Callable[..., Any]:
    """The public function of a primitive.

    The declared function returns its canonical arguments in declared order. The kernel registered
    under the operation's name receives them, tensors (also within tuples) as data.
    """
    function = op.function
    kernels: dict[Kind, Kernel] = {}
    rules = op.result if isinstance(op.result, tuple) else (op.result,) * op.outputs
    nested = op.extra.get("nested", False)

    def result_kind(rule: Any, home: Kind, values: Any) -> Kind:
        if rule == "same":
            return home
        answer = rule(*values) if callable(rule) else rule
        return answer if isinstance(answer, Kind) else kind_of(home.device, answer)

    def front(*args: Any, **kwargs: Any) -> Any:
        try:
            values = function(*args, **kwargs)
            tensors = leaves(values)
            home = common_kind(op.name, tensors)
            kernel = kernels.get(home)
            if kernel is None:
                kernel = kernels[home] = find_kernel(op, home)
            if nested:
                result = kernel(*[unwrap(v, home) for v in values])
            else:
                result = kernel(*[data_on(home, v) if isinstance(v, Tensor) else v for v in values])
            first = tensors[0]._kind if tensors[0]._kind.device is home.device else home
            if op.outputs == 1:
                out: Any = from_data(result, result_kind(rules[0], first, values))
            else:
                out = tuple([from_data(r, result_kind(rule, first, values))
                             for r, rule in zip(result, rules, strict=True)])
            if op.record is not None and tracked(tensors):
                op.record(out, *values)
            return out
        except Exception as error:
            again = renamed(op, error, args, kwargs)
            if again is None:
                retell(op, op.name, error, args, kwargs)
        return front(*again[0], **again[1])

    if len(op.tensors) == 2 and not op.attributes and not nested and rules == ("same",):
        return _pair(op, front)
    if op.tensors == op.parameters[:1] and not nested and op.outputs == 1:
        front = _one(op, rules[0], result_kind)
    return guarded(front, op.name)


def _one(op: Operation, rule: Any, result_kind: Callable[..., Kind]) -> Callable[..., Any]:
    """The short way for one tensor and attributes: there is nothing to agree on."""
    function = op.function
    kernels: dict[Kind, Kernel] = {}

    def front(*args: Any, **kwargs: Any) -> Tensor:
        try:
            values = function(*args, **kwargs)
            input = values[0]
            kind = input._kind
            kernel = kernels.get(kind)
            if kernel is None:
                kernel = kernels[kind] = find_kernel(op, kind)
            out = from_data(kernel(input._data, *values[1:]),
                            kind if rule == "same" else result_kind(rule, kind, values))
            if input._autograd is not None and op.record is not None:
                op.record(out, *values)
            return out
        except Exception as error:
            again = renamed(op, error, args, kwargs)
            if again is None:
                retell(op, op.name, error, args, kwargs)
        return front(*again[0], **again[1])

    return front


def _pair(op: Operation, general: Callable[..., Any]) -> Callable[..., Any]:
    """The short way for two tensors of one kind: matrix products save 2 us by it."""
    function = op.function
    guard = guard_of(op.name)
    kernels: dict[Kind, Kernel] = {}

    def front(input: Any, other: Any) -> Tensor:
        if guard is not None and switch.used and mode.on:
            input, other = guard((input, other))
        try:
            kernel = kernels[input._kind] if input._kind is other._kind else None
        except AttributeError:
            kernel = None
        except KeyError:
            kernel = kernels[input._kind] = find_kernel(op, input._kind)
        if kernel is None:
            return general(input, other)
        try:
            function(input, other)
            out = from_data(kernel(input._data, other._data), input._kind)
        except Exception as error:
            retell(op, op.name, error, (input, other), {})
        if (input._autograd is not None or other._autograd is not None) and op.record is not None:
            op.record(out, input, other)
        return out

    return front
