"""Elementwise functions of the array API standard: facula's own, with the standard's promotion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula import core
from facula.core import dtypes
from facula.core.array_api.types import result_type
from facula.core.tensor import Tensor

_UNARY = {
    "abs": "abs", "acos": "acos", "acosh": "acosh", "asin": "asin", "asinh": "asinh",
    "atan": "atan", "atanh": "atanh", "bitwise_invert": "bitwise_not", "ceil": "ceil",
    "conj": "conj", "cos": "cos", "cosh": "cosh", "exp": "exp", "expm1": "expm1",
    "floor": "floor", "imag": "imag", "isfinite": "isfinite", "isinf": "isinf", "isnan": "isnan",
    "log": "log", "log10": "log10", "log1p": "log1p", "log2": "log2", "logical_not": "logical_not",
    "negative": "neg", "positive": "positive", "real": "real", "reciprocal": "reciprocal",
    "round": "round", "sign": "sgn", "signbit": "signbit", "sin": "sin", "sinh": "sinh",
    "sqrt": "sqrt", "square": "square", "tan": "tan", "tanh": "tanh", "trunc": "trunc",
}
_BINARY = {
    "add": "add", "atan2": "atan2", "bitwise_and": "bitwise_and",
    "bitwise_left_shift": "bitwise_left_shift", "bitwise_or": "bitwise_or",
    "bitwise_right_shift": "bitwise_right_shift", "bitwise_xor": "bitwise_xor",
    "copysign": "copysign", "divide": "true_divide", "equal": "eq",
    "floor_divide": "floor_divide", "greater": "gt", "greater_equal": "ge", "hypot": "hypot",
    "less": "lt", "less_equal": "le", "logaddexp": "logaddexp", "logical_and": "logical_and",
    "logical_or": "logical_or", "logical_xor": "logical_xor", "maximum": "maximum",
    "minimum": "minimum", "multiply": "mul", "nextafter": "nextafter", "not_equal": "ne",
    "pow": "pow", "remainder": "remainder", "subtract": "sub",
}
__all__ = sorted([*_UNARY, *_BINARY, "clip"])


def promoted(*values: Any) -> tuple[Any, ...]:
    """Arrays of different dtypes in their common one: 0-d arrays count, unlike in PyTorch."""
    arrays = [v for v in values if isinstance(v, Tensor)]
    if len({a.dtype for a in arrays}) < 2:
        return values
    common = result_type(*arrays)
    return tuple([v.to(dtype=common) if isinstance(v, Tensor) else v for v in values])


def _unary(name: str, ours: str) -> Callable[[Tensor], Tensor]:
    function = getattr(core, ours)

    def call(x: Tensor, /) -> Tensor:
        return function(x)
    return _named(call, name, ours)


def _binary(name: str, ours: str) -> Callable[[Any, Any], Tensor]:
    function = getattr(core, ours)

    def call(x1: Any, x2: Any, /) -> Tensor:
        return function(*promoted(x1, x2))
    return _named(call, name, ours)


def _named(call: Any, name: str, ours: str) -> Any:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f":func:`facula.{ours}`, by the array API standard."
    return call


globals().update({name: _unary(name, ours) for name, ours in _UNARY.items()})
globals().update({name: _binary(name, ours) for name, ours in _BINARY.items()})


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """Each element, but at least ``min`` and at most ``max``, in the array's own dtype."""
    if min is None and max is None:
        return x.clone()

    def bound(limit: Any) -> Any:
        if not isinstance(limit, Tensor) and limit is not None and (
                x.dtype.category < dtypes.FLOAT):
            # An integer array takes part with numbers that its dtype may not hold.
            info = core.iinfo(x.dtype)
            return info.min if limit < info.min else info.max if limit > info.max else limit
        return limit
    low, high = bound(min), bound(max)
    if isinstance(low, Tensor) and not isinstance(high, Tensor) and high is not None:
        return core.clamp(core.maximum(x, low), max=high).to(dtype=x.dtype)
    if isinstance(high, Tensor) and not isinstance(low, Tensor) and low is not None:
        return core.minimum(core.clamp(x, min=low), high).to(dtype=x.dtype)
    return core.clamp(x, low, high).to(dtype=x.dtype)
