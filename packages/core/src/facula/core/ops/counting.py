"""What occurs, and how often: unique elements, sorted look-ups, histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.dtypes import FLOAT, INTEGER
from facula.core.errors import canonical_dim, describe, refuse_complex
from facula.core.ops import convert, creation, gather, shape
from facula.core.results import Histogram
from facula.core.tensor import Tensor

_INT64 = dtypes.int64
_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)


@primitive(result=("same", _INT64, _INT64), outputs=3, export=False)
def unique_all(input: Tensor, dim: int | None,
               consecutive: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Unique elements (or slices of a dimension), which one each was, and how often it came."""
    if dim is not None:
        dim = canonical_dim("unique", dim, input.ndim)
    return input, dim, consecutive  # type: ignore[return-value]


def _answer(parts: Any, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = parts
    chosen = [values]
    if return_inverse:
        chosen.append(inverse)
    if return_counts:
        chosen.append(counts)
    return tuple(chosen) if len(chosen) > 1 else values


@composite
def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False,
           return_counts: bool = False, dim: int | None = None) -> Any:
    """The different elements in ascending order, or the different slices along a dimension.

    Parameters
    ----------
    input : Tensor
    sorted : bool
        Accepted for PyTorch's sake: the result is always sorted.
    return_inverse : bool
        Also return, for each element, its position in the result.
    return_counts : bool
        Also return how often each came.
    dim : int, optional

    Examples
    --------
    >>> import facula
    >>> facula.unique(facula.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    return _answer(unique_all(input.detach(), dim, False), return_inverse, return_counts)


@composite
def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None) -> Any:
    """The first of every run of equal elements (or slices along a dimension).

    Examples
    --------
    >>> import facula
    >>> facula.unique_consecutive(facula.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    return _answer(unique_all(input.detach(), dim, True), return_inverse, return_counts)


@primitive(result=_INT64, export=False, dtypes=_REAL)
def search_rows(sequence: Tensor, values: Tensor, right: bool) -> Tensor:
    """Where values would be inserted into sorted rows (or into one sorted 1-D sequence)."""
    return sequence, values, right  # type: ignore[return-value]


@composite(method=False)
def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False,
                 right: bool = False, side: str | None = None,
                 sorter: Tensor | None = None) -> Tensor:
    """Where values would have to be inserted into a sorted sequence to keep it sorted.

    Parameters
    ----------
    sorted_sequence : Tensor
        1-D, or with the same leading dimensions as input: then rows are searched.
    input : Tensor or number
    out_int32 : bool
        Return int32 instead of int64.
    right : bool
        After equal elements instead of before them; also ``side="right"``.
    side : str, optional
        ``"left"`` or ``"right"``.
    sorter : Tensor, optional
        The order that sorts the sequence.

    Examples
    --------
    >>> import facula
    >>> facula.searchsorted(facula.tensor([1, 3, 5]), facula.tensor([3, 4]))
    tensor([1, 2])
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted: side={side!r} is unknown: use 'left' or 'right'")
    if side == "left" and right:
        raise RuntimeError("searchsorted: side='left' and right=True contradict each other")
    sequence = sorted_sequence.detach()
    if sorter is not None:
        sequence = gather.take_along_dim(sequence, sorter, -1)
    if isinstance(input, Tensor):
        values = input.detach()
    else:
        values = creation.tensor(input, dtype=sequence.dtype if isinstance(input, int) else None,
                                 device=sequence.device)
    if sequence.ndim != 1 and tuple(sequence.shape[:-1]) != tuple(values.shape[:-1]):
        raise RuntimeError(f"searchsorted: the sequence must be 1-D, or have the leading "
                           f"dimensions of the input: {describe(sequence)}, {describe(values)}")
    found = search_rows(sequence, values, bool(right or side == "right"))
    return convert.to(found, dtype=dtypes.int32) if out_int32 else found


@composite(method=False)
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False,
              right: bool = False) -> Tensor:
    """The number of the bucket, between sorted boundaries, that each value falls into.

    Examples
    --------
    >>> import facula
    >>> facula.bucketize(facula.tensor([0, 3, 9]), facula.tensor([1, 3, 5]))
    tensor([0, 1, 3])
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"bucketize: the boundaries must be 1-D: {describe(boundaries)}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@primitive(result=lambda input, weights, minlength: _INT64 if weights is None else (
    dtypes.float32 if weights._kind.dtype is dtypes.float32 else dtypes.float64), method=True)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number comes in a 1-D tensor of non-negative integers, or the sum of weights.

    Examples
    --------
    >>> import facula
    >>> facula.bincount(facula.tensor([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    if input.ndim != 1 or input._kind.dtype.category != INTEGER:
        raise RuntimeError(f"bincount: the input must be 1-D and hold integers: {describe(input)}")
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength={minlength} is negative")
    if weights is not None:
        if tuple(weights.shape) != tuple(input.shape):
            raise RuntimeError(f"bincount: the weights need the input's shape: {describe(input)}, "
                               f"{describe(weights)}")
        refuse_complex("bincount", weights)
        weights = weights.detach()
    return input, weights, int(minlength)  # type: ignore[return-value]


@primitive(export=False, dtypes=_REAL)
def histogram_counts(input: Tensor, edges: Tensor, weight: Tensor | None) -> Tensor:
    """How many elements (or how much weight) lie between edges; the last bin holds its end."""
    return input, edges, weight  # type: ignore[return-value]


def equal_edges(op: str, input: Tensor, bins: int, low: float, high: float,
                margin: float = 0.5) -> Tensor:
    """The ends of equally wide bins; those of the data where low and high are equal.

    Where these are equal as well, they are moved apart by a margin, which is PyTorch's.
    """
    if bins < 1:
        raise RuntimeError(f"{op}: bins={bins} must be positive")
    if low == high and input._data.size:
        low, high = float(input.detach().amin()), float(input.detach().amax())  # type: ignore
    if low == high:
        low, high = low - margin, high + margin
    if not (np.isfinite(low) and np.isfinite(high)) or low > high:
        raise RuntimeError(f"{op}: the range from {low} to {high} must be finite and ascending")
    return creation.linspace(low, high, bins + 1, dtype=input.dtype, device=input.device)


@composite
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of equally wide bins.

    Parameters
    ----------
    input : Tensor
        Floating.
    bins : int
    min, max : number
        The range; that of the data where both are equal. What lies outside does not count.

    Examples
    --------
    >>> import facula
    >>> facula.histc(facula.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if input._kind.dtype.category != FLOAT:
        raise RuntimeError(f"histc: the input must be floating, but is {input.dtype.name}")
    edges = equal_edges("histc", input, bins, float(min), float(max), 1.0)
    return histogram_counts(input.detach(), edges, None)


@composite
def histogram(input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None,
              density: bool = False) -> Histogram:
    """Counts (or summed weights) per bin, and the edges of the bins.

    Parameters
    ----------
    input : Tensor
    bins : int or Tensor
        How many equally wide ones, or the ascending edges.
    range : (float, float), optional
    weight : Tensor, optional
        Of the input's shape.
    density : bool
        Divide by the total and by the width of each bin.

    Examples
    --------
    >>> import facula
    >>> facula.histogram(facula.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0)).hist
    tensor([2., 1.])
    """
    if isinstance(bins, Tensor):
        edges = bins.detach()
    else:
        low, high = range or (0.0, 0.0)
        edges = equal_edges("histogram", input, int(bins), low, high)
    counts = histogram_counts(shape.reshape(input.detach(), -1), edges,
                              None if weight is None else shape.reshape(weight.detach(), -1))
    if density:
        width = edges[1:] - edges[:-1]  # type: ignore[index]
        counts = counts / (counts.sum() * width)  # type: ignore[attr-defined]
    return Histogram(counts, edges)
