"""Statistics and tests of all elements, by the array API standard."""

from __future__ import annotations

from typing import Any

from facula import core
from facula.core.array_api.elementwise import promoted
from facula.core.tensor import Tensor

__all__ = ["all", "any", "count_nonzero", "cumulative_prod", "cumulative_sum", "diff", "max",
           "mean", "min", "prod", "std", "sum", "var"]

Axis = int | tuple[int, ...] | None


def _wide(x: Tensor, dtype: Any) -> Any:
    """In what a sum or a product accumulates: unsigned integers as uint64."""
    is_unsigned = x.dtype.category == core.dtypes.INTEGER and not x.dtype.is_signed
    return core.uint64 if dtype is None and is_unsigned else dtype


def _reduced(function: Any, x: Tensor, axis: Axis, keepdims: bool, **others: Any) -> Tensor:
    if axis == ():  # nothing is reduced, where PyTorch would reduce everything
        return function(core.unsqueeze(x, -1), -1, False, **others)
    return function(x, axis, keepdims, **others)


def all(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements along dimensions are true."""
    return _reduced(core.all, x, axis, keepdims).to(dtype=core.bool)


def any(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether any element along dimensions is true."""
    return _reduced(core.any, x, axis, keepdims).to(dtype=core.bool)


def count_nonzero(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """How many elements along dimensions are not zero."""
    return _reduced(core.sum, x != 0, axis, keepdims)


def _cumulative(function: Any, identity: int, x: Tensor, axis: int | None, dtype: Any,
                include_initial: bool) -> Tensor:
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"{function.__name__}: axis is needed for an array of {x.ndim} "
                             "dimensions")
        axis = 0
    out = function(x, axis, dtype=_wide(x, dtype))
    if include_initial:
        shape = [1 if d == axis % x.ndim else n for d, n in enumerate(x.shape)]
        first = core.full(shape, identity, dtype=out.dtype, device=out.device)
        out = core.concat([first, out], axis)
    return out


def cumulative_sum(x: Tensor, /, *, axis: int | None = None, dtype: Any = None,
                   include_initial: bool = False) -> Tensor:
    """The sums of the first elements along a dimension, from 0 where the initial is included."""
    return _cumulative(core.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Tensor, /, *, axis: int | None = None, dtype: Any = None,
                    include_initial: bool = False) -> Tensor:
    """The products of the first elements along a dimension, from 1 where that is included."""
    return _cumulative(core.cumprod, 1, x, axis, dtype, include_initial)


def diff(x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None,
         append: Tensor | None = None) -> Tensor:
    """The differences of neighbours along a dimension, ``n`` times."""
    parts = [p for p in (prepend, x, append) if p is not None]
    joined = core.concat(promoted(*parts), axis) if len(parts) > 1 else x
    return core.diff(joined, n, axis)


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The greatest element along dimensions."""
    return _reduced(core.amax, x, tuple(range(x.ndim)) if axis is None else axis, keepdims)


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean along dimensions."""
    return _reduced(core.mean, x, axis, keepdims)


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The least element along dimensions."""
    return _reduced(core.amin, x, tuple(range(x.ndim)) if axis is None else axis, keepdims)


def prod(x: Tensor, /, *, axis: Axis = None, dtype: Any = None,
         keepdims: bool = False) -> Tensor:
    """The product along dimensions; small integers are multiplied in 64 bits."""
    dtype = _wide(x, dtype)
    if isinstance(axis, tuple) and axis:
        for d in sorted([a % x.ndim for a in axis], reverse=True):
            x = core.prod(x, d, keepdims, dtype=dtype)
        return x
    return _reduced(core.prod, x, axis, keepdims, dtype=dtype)


def std(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0,
        keepdims: bool = False) -> Tensor:
    """The standard deviation along dimensions, dividing by the count less ``correction``."""
    return core.std(x, dim=axis, correction=correction, keepdim=keepdims)


def sum(x: Tensor, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The sum along dimensions; small integers are added in 64 bits."""
    return _reduced(core.sum, x, axis, keepdims, dtype=_wide(x, dtype))


def var(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0,
        keepdims: bool = False) -> Tensor:
    """The variance along dimensions, dividing by the count less ``correction``."""
    return core.var(x, dim=axis, correction=correction, keepdim=keepdims)
