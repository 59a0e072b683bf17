"""Searching, sorting and sets, by the array API standard."""

from __future__ import annotations

from typing import Any, NamedTuple

from facula import core
from facula.core.array_api.elementwise import promoted
from facula.core.tensor import Tensor

__all__ = ["argmax", "argmin", "argsort", "nonzero", "searchsorted", "sort", "unique_all",
           "unique_counts", "unique_inverse", "unique_values", "where"]


class UniqueAll(NamedTuple):
    """What :func:`unique_all` returns."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What :func:`unique_counts` returns."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What :func:`unique_inverse` returns."""

    values: Tensor
    inverse_indices: Tensor


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the greatest element along a dimension is first."""
    return core.argmax(x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the least element along a dimension is first."""
    return core.argmin(x, axis, keepdims)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The positions of the elements that are not zero, an array for each dimension."""
    if not x.ndim:
        raise ValueError("nonzero: a 0-d array has no positions")
    return core.nonzero(x, as_tuple=True)


def searchsorted(x1: Tensor, x2: Tensor, /, *, side: str = "left",
                 sorter: Tensor | None = None) -> Tensor:
    """Where elements would go into a sorted 1-d array."""
    x1, x2 = promoted(x1, x2)
    return core.searchsorted(x1, x2, side=side, sorter=sorter)


def where(condition: Tensor, x1: Any, x2: Any, /) -> Tensor:
    """Elements of one array where the condition holds, else of the other."""
    return core.where(condition, *promoted(x1, x2))


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in order along a dimension."""
    return core.sort(x, axis, descending, stable)[0]


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False,
            stable: bool = True) -> Tensor:
    """The positions that would put the elements in order along a dimension."""
    return core.argsort(x, axis, descending, stable)


def unique_all(x: Tensor, /) -> UniqueAll:
    """The distinct elements, where each is first, which one each element is, and how many."""
    values, inverse, counts = core.unique(x, return_inverse=True, return_counts=True)
    order = core.argsort(inverse.reshape(-1), stable=True)
    first = core.cumsum(counts, 0) - counts
    return UniqueAll(values, order[first], inverse.reshape(x.shape), counts)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """The distinct elements, and how many there are of each."""
    return UniqueCounts(*core.unique(x, return_counts=True))


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """The distinct elements, and which one each element is."""
    values, inverse = core.unique(x, return_inverse=True)
    return UniqueInverse(values, inverse.reshape(x.shape))


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct elements."""
    return core.unique(x)
