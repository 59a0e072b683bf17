"""Elementwise fronts: look-ups by identity on the kinds, the kernel, a tensor filled by hand.

Slots are filled by hand because a constructor call would cost as much as all the rest. Whatever is
rare (mixed dtypes, 0-d operands, scalars on the left, NumPy values, wrong arguments) is settled by
the ``Resolver``, which works once per combination and leaves its answer in the front's table.
Where autocast wants float32, halves have a table of their own, which is asked after autocast: the
other dtypes pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import promotion
from facula.core.devices import Kind, kind_of
from facula.core.dtypes import dtype
from facula.core.errors import describe, not_a_tensor
from facula.core.fronts.operands import bind, common_kind, data_on, misfit, operand, tracked
from facula.core.fronts.telling import retell
from facula.core.operation import Operation
from facula.core.precision import HALVES, guard_of, mode
from facula.core.promotion import DIMENSIONED, SCALAR, ZERO_DIM
from facula.core.tensor import Tensor, from_data

_new = object.__new__


def operand_key(x: Any) -> tuple[Any, int]:
    """What decides about an operand: its dtype (a scalar's type) and its promotion class."""
    if isinstance(x, Tensor):
        return x._kind.dtype, DIMENSIONED if x._data.shape else ZERO_DIM
    return type(x), SCALAR


class Resolver:
    """Answers, for one elementwise operation, which kernel serves which operands."""

    __slots__ = ("op", "known")

    def __init__(self, op: Operation) -> None:
        self.op = op
        self.known: dict[Any, tuple[Callable[..., Any], Any]] = {}

    def __call__(self, operands: list[Any]) -> tuple[Callable[..., Any], Any, list[Any]]:
        """(kernel, kind or kinds of the result, data of the operands).

        Raises
        ------
        TypeError, RuntimeError
            If no operand is a tensor, the dtype is not served, or the devices differ.
        """
        tensors = [x for x in operands if isinstance(x, Tensor)]
        if not tensors:
            raise TypeError(f"{self.op.name}: {' and '.join(self.op.tensors)} must hold a Tensor, "
                            f"but got {', '.join(map(describe, operands))}")
        home = common_kind(self.op.name, tensors)
        data = [data_on(home, x) if isinstance(x, Tensor) else x for x in operands]
        keys = [operand_key(x) for x in operands]
        full_key = (home.device, promotion.dtypes.get_default_dtype(), *keys)
        try:
            kernel, kind = self.known[full_key]
        except KeyError:
            kernel, kind = self.known[full_key] = self._make(home, keys)
        return kernel, kind, data

    def _make(self, home: Kind, keys: list[Any]) -> tuple[Callable[..., Any], Any]:
        compute, results = self.types(keys)
        kernel = home.backend.elementwise(self.op, tuple(d for d, _ in keys), compute, results)
        kinds = tuple(kind_of(home.device, r) for r in results)
        return kernel, (kinds if self.op.outputs > 1 else kinds[0])

    def types(self, keys: list[Any]) -> tuple[dtype, tuple[dtype, ...]]:
        """Compute dtype and result dtypes for operands given by their keys."""
        op = self.op
        promoted = promotion.result_dtype(
            [(promotion.scalar_dtype(d) if level == SCALAR else d, level) for d, level in keys],
            op.name)
        rules = op.result if isinstance(op.result, tuple) else (op.result,) * op.outputs
        pairs = [promotion.apply_rule(rule, promoted) for rule in rules]
        check_dtype(op, promoted)
        return pairs[0][0], tuple(result for _, result in pairs)


def check_dtype(op: Operation, promoted: dtype) -> None:
    """Refuse a dtype for which the operation is not defined.

    Raises
    ------
    TypeError
        Naming the dtypes that it takes.
    """
    if op.dtypes is not None and promoted not in op.dtypes:
        raise TypeError(f"{op.name}: not defined for {promoted.name}: it takes "
                        f"{', '.join(d.name for d in op.dtypes)}")


def elementwise_front(op: Operation) -> Callable[..., Any]:
    """The public function of an elementwise operation, by number of tensors and attributes."""
    if not op.attributes and op.outputs == 1:
        if len(op.tensors) == 1:
            return _unary(op)
        if len(op.tensors) == 2:
            return _binary(op) if op.tensors[1] == "other" else _by_name(op, _binary(op))
    return _general(op)


def _settled(d: dtype, guard: Any) -> bool:
    """Whether the kernel depends on this dtype alone, not on the default dtype or autocast."""
    return d.category >= promotion.FLOAT and (guard is None or d not in HALVES)


def _unary(op: Operation) -> Callable[..., Any]:
    resolve = op.extra["resolver"]
    guard = guard_of(op.name)
    table: dict[Kind, tuple[Callable[..., Any], Kind]] = {}
    halves: dict[Kind, tuple[Callable[..., Any], Kind]] = {}

    def front(input: Any) -> Tensor:
        try:
            kernel, kind = table[input._kind]
        except (KeyError, AttributeError):
            if not isinstance(input, Tensor):
                raise not_a_tensor(op.name, op.tensors[0], input) from None
            if guard is not None and mode.on:
                (input,) = guard((input,))
            if input._kind in halves:
                kernel, kind = halves[input._kind]
            else:
                kernel, kind, _ = resolve([input])
                if _settled(input._kind.dtype, guard):
                    table[input._kind] = kernel, kind
                elif input._kind.dtype in HALVES:
                    halves[input._kind] = kernel, kind
        out = _new(Tensor)
        try:
            out._data = kernel(input._data)
        except Exception as error:
            retell(op, op.name, error, (input,), {})
        out._kind = kind
        out._autograd = None
        out._version = None
        if input._autograd is not None and op.record is not None:
            op.record(out, input)
        return out

    return front


def _binary(op: Operation) -> Callable[..., Any]:
    resolve = op.extra["resolver"]
    guard = guard_of(op.name)
    first, second = op.tensors
    table: dict[Kind, dict[Any, tuple[Callable[..., Any], Kind]]] = {}

    def front(input: Any, other: Any) -> Tensor:
        try:
            row = table[input._kind]
            if isinstance(other, Tensor):
                kernel, kind = row[other._kind]
                operand, meta = other._data, other._autograd
            else:
                kernel, kind = row[type(other)]
                operand, meta = other, None
        except (KeyError, AttributeError):
            return slow(input, other)
        out = _new(Tensor)
        try:
            out._data = kernel(input._data, operand)
        except Exception as error:
            retell(op, op.name, misfit(op, (input, other), error), (input, other), {})
        out._kind = kind
        out._autograd = None
        out._version = None
        if (meta is not None or input._autograd is not None) and op.record is not None:
            op.record(out, input, other)
        return out

    def slow(input: Any, other: Any) -> Tensor:
        input, other = operand(op, first, input), operand(op, second, other)
        if guard is not None and mode.on:
            input, other = guard((input, other))
        kernel, kind, (a, b) = resolve([input, other])
        if isinstance(input, Tensor) and _settled(input._kind.dtype, guard):
            if not isinstance(other, Tensor):
                table.setdefault(input._kind, {})[type(other)] = kernel, kind
            elif other._kind is input._kind:
                table.setdefault(input._kind, {})[other._kind] = kernel, kind
        try:
            out = from_data(kernel(a, b), kind)
        except Exception as error:
            retell(op, op.name, misfit(op, (input, other), error), (input, other), {})
        if op.record is not None and tracked((input, other)):
            op.record(out, input, other)
        return out

    return front


def _by_name(op: Operation, front: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a second operand that is not called ``other``; the operator needs no names."""
    op.extra["operator"] = front

    def named(*args: Any, **kwargs: Any) -> Tensor:
        return front(*args) if not kwargs and len(args) == 2 else front(*bind(op, args, kwargs))

    return named


_REAL = frozenset((float, int, bool))


def _number(op: Operation, name: str, value: Any) -> Any:
    """The real number that an attribute is; of a 0-d tensor or array, its element."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)) and not value.shape:
        value = value.item()
    if not isinstance(value, tuple(_REAL)):
        raise TypeError(f"{op.name}: {name} must be a number, but is {describe(value)}")
    return value


def _general(op: Operation) -> Callable[..., Any]:
    resolve = op.extra["resolver"]
    guard = guard_of(op.name)
    count = len(op.tensors)
    numbers = [i for i, name in enumerate(op.parameters) if i >= count
               and str(op.signature.parameters[name].annotation) in ("float", "int")]

    def front(*args: Any, **kwargs: Any) -> Any:
        values = bind(op, args, kwargs)
        operands = [operand(op, n, v) for n, v in zip(op.tensors, values, strict=False)]
        for i in numbers:
            if type(values[i]) not in _REAL:
                values[i] = _number(op, op.parameters[i], values[i])
        attributes = values[count:]
        if guard is not None and mode.on:
            operands = list(guard(operands))
        kernel, kind, data = resolve(operands)
        try:
            result = kernel(*data, *attributes)
        except Exception as error:
            retell(op, op.name, misfit(op, operands, error), args, kwargs)
        if op.outputs == 1:
            out: Any = from_data(result, kind)
        else:
            out = tuple(map(from_data, result, kind))
        if op.record is not None and tracked(operands):
            op.record(out, *operands, *attributes)
        return out

    return front
