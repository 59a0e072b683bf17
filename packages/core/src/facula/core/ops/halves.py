"""Composites of 16-bit floating tensors, computed in float32 and rounded once at the end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from facula.core import dtypes
from facula.core.ops import convert
from facula.core.tensor import Tensor

_HALVES = (dtypes.float16, dtypes.bfloat16)
_F = TypeVar("_F", bound=Callable[..., Any])


def _half_of(values: tuple[Any, ...]) -> dtypes.dtype | None:
    """The 16-bit dtype that all floating tensors have, or None."""
    found = {v._kind.dtype for v in values
             if isinstance(v, Tensor) and v._kind.dtype.category >= dtypes.FLOAT}
    return next(iter(found)) if len(found) == 1 and found <= {*_HALVES} else None


def _in(dtype: dtypes.dtype, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_in(dtype, v) for v in value])
    floating = isinstance(value, Tensor) and value._kind.dtype.category >= dtypes.FLOAT
    return convert.to(value, dtype=dtype) if floating else value


def in_float32(function: _F) -> _F:
    """Let a composite see float32 for float16 and bfloat16, unless it is given a ``dtype``.

    What it computes on the way (squares, sums, products) would leave a 16-bit range long before
    the result does: in float16 the norm of [300.0] would be infinite, that of [1e-4] zero.
    """
    @functools.wraps(function)
    def wide(*args: Any, **kwargs: Any) -> Any:
        half = _half_of((*args, *kwargs.values()))
        if half is None or kwargs.get("dtype") is not None:
            return function(*args, **kwargs)
        y = function(*[_in(dtypes.float32, a) for a in args],
                     **{k: _in(dtypes.float32, v) for k, v in kwargs.items()})
        return _in(half, y)
    return wide  # type: ignore[return-value]
