"""Orders: ``sort``, the largest few, the k-th, medians, modes and quantiles."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, describe, refuse_complex
from facula.core.ops import (
    compare,
    convert,
    creation,
    gather,
    pointwise,
    reduce,
    shape,
    unary,
    views,
)
from facula.core.results import ValuesIndices
from facula.core.tensor import Tensor


def _along(op: str, input: Tensor, dim: Any) -> int:
    refuse_complex(op, input)
    return canonical_dim(op, dim, input.ndim)


def _nonempty(op: str, input: Tensor, dim: int) -> None:
    if input.ndim and not input._data.shape[dim]:
        raise IndexError(f"{op}: dimension {dim} of the input has size 0 (shape "
                         f"{tuple(input.shape)}): it needs an element")


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def sort_indices(input: Tensor, dim: int, descending: bool) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.sort`: always stable, NaN is the largest."""
    return input, _along("sort", input, dim), bool(descending)  # type: ignore[return-value]


@composite
def sort(input: Tensor, dim: int = -1, descending: bool = False,
         stable: bool = False) -> ValuesIndices:
    """The elements in order along a dimension, and where they stood before.

    Parameters
    ----------
    input : Tensor
    dim : int
    descending : bool
        The largest first.
    stable : bool
        Accepted for PyTorch's sake: equal elements always keep their order.

    Returns
    -------
    named tuple (values, indices)
        NaN counts as the largest.

    Examples
    --------
    >>> import facula
    >>> facula.sort(facula.tensor([3, 1, 2]))
    ValuesIndices(values=tensor([1, 2, 3]), indices=tensor([1, 2, 0]))
    """
    return ValuesIndices(*sort_indices(input, dim, descending))


@composite
def argsort(input: Tensor, dim: int = -1, descending: bool = False,
            stable: bool = False) -> Tensor:
    """The positions of the elements in order along a dimension; equal ones keep their order.

    Examples
    --------
    >>> import facula
    >>> facula.argsort(facula.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    return sort_indices(input.detach(), dim, descending)[1]


@composite
def msort(input: Tensor) -> Tensor:
    """The elements in order along dimension 0."""
    return sort_indices(input, 0, False)[0]


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def topk_indices(input: Tensor, k: int, dim: int, largest: bool) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.topk`."""
    at = _along("topk", input, dim)
    n = input._data.shape[at] if input.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"topk: k={k} must be between 0 and {n}, the size of dimension {at}")
    return input, k, at, bool(largest)  # type: ignore[return-value]


@composite
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True,
         sorted: bool = True) -> ValuesIndices:
    """The k largest (or smallest) elements along a dimension, in order, and where they stood.

    Examples
    --------
    >>> import facula
    >>> facula.topk(facula.tensor([3.0, 1.0, 2.0]), 2).values
    tensor([3., 2.])
    """
    return ValuesIndices(*topk_indices(input, int(k), dim, largest))


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def kth_index(input: Tensor, k: int, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.kthvalue`."""
    at = _along("kthvalue", input, dim)
    n = input._data.shape[at] if input.ndim else 1
    if not 1 <= k <= n:
        raise RuntimeError(f"kthvalue: k={k} must be between 1 and {n}, the size of dimension {at}")
    return input, k, at, keepdim  # type: ignore[return-value]


@composite
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th smallest element along a dimension (counted from 1), and where it stands.

    Examples
    --------
    >>> import facula
    >>> facula.kthvalue(facula.tensor([3.0, 1.0, 2.0]), 2).values
    tensor(2.)
    """
    return ValuesIndices(*kth_index(input, int(k), dim, keepdim))


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def median_index(input: Tensor, dim: int, keepdim: bool,
                 ignore_nan: bool) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.median` and :func:`facula.nanmedian`."""
    at = _along("median", input, dim)
    _nonempty("median", input, at)
    return input, at, keepdim, ignore_nan  # type: ignore[return-value]


def _median(input: Tensor, dim: Any, keepdim: bool, ignore_nan: bool) -> Any:
    if dim is not None:
        return ValuesIndices(*median_index(input, dim, keepdim, ignore_nan))
    if not input._data.size:
        return creation.full((), float("nan"), dtype=input.dtype, device=input.device)
    flat = shape.reshape(input, -1)
    value = median_index(flat.detach(), 0, False, ignore_nan)[0]
    if not input.requires_grad:
        return value
    # As the largest of its equals it shares its gradient among them, as PyTorch's does.
    ties = (flat == value) | ((flat != flat) & (value != value))  # NaN equals nothing
    return reduce.amax(compare.select_where(flat, float("-inf"), ties))


@composite
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element in order, the lower one of two; or along a dimension, with its index.

    Examples
    --------
    >>> import facula
    >>> facula.median(facula.tensor([3.0, 1.0, 2.0, 4.0]))
    tensor(2.)
    """
    return _median(input, dim, keepdim, False)


@composite
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """:func:`facula.median` of what is not NaN.

    Examples
    --------
    >>> import facula
    >>> facula.nanmedian(facula.tensor([3.0, float("nan"), 2.0]))
    tensor(2.)
    """
    return _median(input, dim, keepdim, True)


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def mode_index(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.mode`."""
    at = _along("mode", input, dim)
    _nonempty("mode", input, at)
    return input, at, keepdim  # type: ignore[return-value]


@composite
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent element along a dimension (the smallest of several), and where it stands.

    Examples
    --------
    >>> import facula
    >>> facula.mode(facula.tensor([3, 1, 3, 2])).values
    tensor(3)
    """
    return ValuesIndices(*mode_index(input, dim, keepdim))


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(op: str, input: Tensor, q: Any, dim: Any, keepdim: bool, interpolation: str,
              ignore_nan: bool) -> Tensor:
    d = input._kind.dtype
    if d not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{op}: the input must be float32 or float64, but is {d.name}")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(f"{op}: interpolation={interpolation!r} is unknown: use one of "
                           f"{', '.join(_INTERPOLATIONS)}")
    if not isinstance(q, Tensor):
        q = creation.tensor(q, dtype=d, device=input.device)
    if q.ndim > 1 or q._kind.dtype is not d:
        raise RuntimeError(f"{op}: q must be a number or a 1-D tensor of dtype {d.name}, but is "
                           f"{describe(q)}")
    host = q.numpy(force=True)
    if not ((host >= 0) & (host <= 1)).all():
        raise RuntimeError(f"{op}: q={q.tolist()} must be between 0 and 1")
    if not input._data.size:
        raise RuntimeError(f"{op}: the input has no elements (shape {tuple(input.shape)})")
    at = None if dim is None else canonical_dim(op, dim, input.ndim)
    lines = shape.reshape(input, -1) if at is None or not input.ndim else views.movedim(
        input, at, -1)
    ordered = sort_indices(lines, -1, False)[0]
    ranks = _ranks(lines, shape.reshape(q, -1), ignore_nan)
    low = unary.floor(ranks)
    if interpolation == "lower":
        y = _at(ordered, low)
    elif interpolation == "higher":
        y = _at(ordered, unary.ceil(ranks))
    elif interpolation == "nearest":
        y = _at(ordered, unary.round(ranks))
    else:
        weight = ranks - low if interpolation == "linear" else 0.5  # type: ignore[operator]
        below, above = _at(ordered, low), _at(ordered, unary.ceil(ranks))
        y = pointwise.lerp(below, above, weight)  # type: ignore[arg-type]
    y = views.movedim(y, -1, 0)
    if keepdim:
        sizes = tuple([1 if at is None or i == at else n for i, n in enumerate(input.shape)])
        y = shape.reshape(y, (y.shape[0], *sizes))
    return y if q.ndim else shape.squeeze(y, 0)


def _at(ordered: Tensor, ranks: Tensor) -> Tensor:
    return gather.gather(ordered, -1, convert.to(ranks, dtype=dtypes.int64))


def _ranks(lines: Tensor, q: Tensor, ignore_nan: bool) -> Tensor:
    """The place of each quantile in its ordered line; that of a NaN if it counts and is there."""
    last = lines.shape[-1] - 1
    bad = unary.isnan(lines.detach())
    if ignore_nan:
        count = reduce.sum(unary.logical_not(bad), -1, True)
        ranks = q * (count - 1)  # type: ignore[operator]
        return compare.select_where(0.0, ranks, ranks < 0)
    wide = shape.expand(q * last, (*lines.shape[:-1], q.numel()))  # type: ignore[operator]
    return compare.select_where(float(last), wide, reduce.any(bad, -1, True))


@composite
def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
             interpolation: str = "linear") -> Tensor:
    """The elements below which the fractions ``q`` of all lie, of all or along a dimension.

    Parameters
    ----------
    input : Tensor
        float32 or float64.
    q : float or Tensor
        Between 0 and 1; a 1-D tensor adds a dimension in front.
    dim : int, optional
    keepdim : bool
    interpolation : str
        Between two elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"`` or
        ``"nearest"``.

    Examples
    --------
    >>> import facula
    >>> facula.quantile(facula.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@composite
def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
                interpolation: str = "linear") -> Tensor:
    """:func:`facula.quantile` of what is not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
