"""Running sums and products along a dimension, and differences of neighbours."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.dtypes import FLOAT, as_dtype
from facula.core.errors import canonical_dim, describe
from facula.core.ops import compare, convert, joining, views
from facula.core.tensor import Tensor


def _accumulated(op: str, input: Tensor, dim: Any, dtype: Any) -> tuple[Tensor, int]:
    if dtype is not None:
        input = convert.to(input, dtype=as_dtype(dtype))
    elif input._kind.dtype.category < FLOAT:
        input = convert.to(input, dtype=dtypes.int64)
    return input, canonical_dim(op, dim, input.ndim)


@primitive(method=True, inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along a dimension; bool and integers are summed as int64.

    Examples
    --------
    >>> import facula
    >>> facula.cumsum(facula.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _accumulated("cumsum", input, dim, dtype)  # type: ignore[return-value]


@primitive(method=True, inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along a dimension; bool and integers are multiplied as int64.

    Examples
    --------
    >>> import facula
    >>> facula.cumprod(facula.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _accumulated("cumprod", input, dim, dtype)  # type: ignore[return-value]


@primitive(method=True)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The logarithms of running sums of exponentials along a dimension, without overflow.

    Examples
    --------
    >>> import facula
    >>> facula.logcumsumexp(facula.tensor([0.0, 0.0]), 0)
    tensor([0.0000, 0.6931])
    """
    if input._kind.dtype.category < FLOAT:
        raise RuntimeError(f"logcumsumexp: not defined for {input.dtype.name}: convert the input "
                           "to a floating type")
    return input, canonical_dim("logcumsumexp", dim, input.ndim)  # type: ignore[return-value]


@composite
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None,
         append: Any = None) -> Tensor:
    """Differences of neighbours along a dimension, taken ``n`` times.

    Examples
    --------
    >>> import facula
    >>> facula.diff(facula.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if not input.ndim:
        raise RuntimeError(f"diff: needs at least 1 dimension: {describe(input)}")
    if n < 0:
        raise RuntimeError(f"diff: n={n} is negative")
    at = canonical_dim("diff", dim, input.ndim)
    around = [t for t in (prepend, input, append) if t is not None]
    out = joining.cat(around, at) if len(around) > 1 else input
    for _ in range(min(n, out.shape[at])):
        m = out.shape[at] - 1
        upper, lower = views.narrow(out, at, 1, m), views.narrow(out, at, 0, m)
        if out._kind.dtype is dtypes.bool_:
            out = compare.ne(upper, lower)
        else:
            out = upper - lower  # type: ignore[operator]
    return out
