"""Attaches what the registry holds to Tensor: methods, in-place methods, operators, properties."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from facula.core.operation import Operation, operations
from facula.core.tensor import Tensor

# Python's operator -> the operation; the reflected one swaps the operands.
BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "true_divide",
    "floordiv": "floor_divide", "mod": "remainder", "pow": "pow", "matmul": "matmul",
    "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}
COMPARE = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
UNARY = {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}
PROPERTIES = {"T": "transpose_all", "mT": "matrix_transpose", "H": "hermitian_transpose",
              "mH": "adjoint", "real": "real", "imag": "imag"}


def _method(op: Operation) -> Callable[..., Any]:
    front = op.extra.get("method", op.public)
    assert front is not None
    return front

WRITABLE = ("real", "imag")


def _binary(op: Operation) -> Callable[..., Any]:
    front = op.extra.get("operator", _method(op))
    assert front is not None
    return front


def _reflected(op: Operation) -> Callable[..., Any]:
    front = _binary(op)

    def reflected(self: Tensor, other: Any) -> Any:
        return front(other, self)
    return reflected


def _comparison(op: Operation) -> Callable[..., Any]:
    front = _binary(op)

    def compare(self: Tensor, other: Any) -> Any:
        try:
            return front(self, other)
        except TypeError:
            return NotImplemented
    return compare


def _part_setter(part: Callable[..., Any]) -> Callable[[Tensor, Any], None]:
    def write(self: Tensor, value: Any) -> None:
        view = part(self)
        (view.copy_ if isinstance(value, Tensor) else view.fill_)(value)
    return write


def attach(cls: type[Tensor]) -> None:
    """Give the class a method for every operation that wants to be one."""
    known = {op.name: op for op in operations()}
    for op in known.values():
        if op.method and op.name not in cls.__dict__:
            setattr(cls, op.name, _method(op))
        if op.inplace and op.name + "_" not in cls.__dict__:
            setattr(cls, op.name + "_", op.extra["inplace"])
        for name, method in op.extra.get("methods", {}).items():
            setattr(cls, name, method)
    for python, name in BINARY.items():
        if name in known:
            setattr(cls, f"__{python}__", _binary(known[name]))
            setattr(cls, f"__r{python}__", _reflected(known[name]))
            if known[name].inplace:
                setattr(cls, f"__i{python}__", known[name].extra.get(
                    "operator_inplace", known[name].extra["inplace"]))
    for python, name in COMPARE.items():
        setattr(cls, f"__{python}__", _comparison(known[name]))
    for python, name in UNARY.items():
        setattr(cls, f"__{python}__", known[name].public)
    for python, name in PROPERTIES.items():
        if name in known:
            public = _method(known[name])
            setter = _part_setter(public) if python in WRITABLE else None
            setattr(cls, python, property(public, setter, doc=public.__doc__))


def place(functions: Iterable[Callable[..., Any]], module: str) -> None:
    """Say of functions that stand nowhere under their own name that they stand in ``module``.

    A pickle names a function by the place where it finds it.
    """
    for function in functions:
        if vars(sys.modules[function.__module__]).get(function.__qualname__) is not function:
            function.__module__, function.__qualname__ = module, function.__name__
