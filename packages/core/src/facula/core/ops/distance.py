"""Distances and angles between vectors, and norms limited from above."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import canonical_dim, describe
from facula.core.ops import (
    binary,
    compare,
    convert,
    gather,
    linalg,
    masked,
    rearrange,
    reduce,
    shape,
    unary,
)
from facula.core.ops.halves import in_float32
from facula.core.tensor import Tensor

MANY = 25  # rows from which PyTorch, and this, takes a matrix product for Euclidean distances


def length(x: Tensor, p: float, dim: Any, keepdim: bool = False) -> Tensor:
    """The p-norm along ``dim``; its derivative at 0 is 0."""
    size = unary.abs(x)
    if p == 0:
        return reduce.sum(unary.sign(size), dim, keepdim)
    if p == math.inf:
        return reduce.amax(size, dim, keepdim)
    if p == 1:
        return reduce.sum(size, dim, keepdim)
    if p == 2:
        part = size if x.is_complex() else x  # the square of x spares the gradient of abs
        return _root(reduce.sum(binary.mul(part, part), dim, keepdim), 2)
    if p < 1:  # whose slope at 0 is infinite
        none = compare.eq(size, 0)
        powers = masked.where(none, 0.0, binary.pow(masked.where(none, 1.0, size), p))  # type: ignore[arg-type]
    else:
        powers = binary.pow(size, p)  # type: ignore[arg-type]
    return _root(reduce.sum(powers, dim, keepdim), p)


def _root(power: Tensor, p: float) -> Tensor:
    zero = compare.le(power, 0)
    inside = masked.where(zero, 1.0, power)
    root = unary.sqrt(inside) if p == 2 else binary.pow(inside, 1 / p)  # type: ignore[arg-type]
    return masked.where(zero, 0.0, root)


@composite(method=False)
@in_float32
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6,
                      keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    Examples
    --------
    >>> import facula
    >>> facula.pairwise_distance(facula.zeros(1, 2), facula.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    return length(x1 - x2 + eps, p, -1, keepdim)  # type: ignore[operator]


@composite(method=False)
@in_float32
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``.

    Examples
    --------
    >>> import facula
    >>> facula.cosine_similarity(facula.tensor([3.0, 0.0]), facula.ones(2), dim=0)
    tensor(0.7071)
    """
    if x1.is_complex() or x2.is_complex():
        raise TypeError(f"cosine_similarity: takes real tensors: {describe(x1)}, {describe(x2)}")

    def unit(x: Tensor) -> Any:
        return x / binary.maximum(length(x, 2, dim, True), eps)  # type: ignore
    return reduce.sum(unit(x1) * unit(x2), dim)


@composite(method=False)
@in_float32
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances between all pairs of rows.

    Parameters
    ----------
    input : Tensor
        ``(N, M)``.
    p : float
        At least 0: 0 counts the elements that differ, infinity takes the largest difference.

    Returns
    -------
    Tensor
        ``(N (N - 1) / 2,)``: rows 0 and 1, 0 and 2, ..., 1 and 2, ...

    Raises
    ------
    RuntimeError
        If the input has not two dimensions, or p is negative.

    Examples
    --------
    >>> import facula
    >>> facula.pdist(facula.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2 or not input.is_floating_point():
        raise RuntimeError(f"pdist: takes floating tensors of 2 dimensions: {describe(input)}")
    if p < 0:
        raise RuntimeError(f"pdist: p={p} must not be negative")
    first, second = rearrange.triu_indices(input.shape[0], input.shape[0], 1, device=input.device)
    gap: Any = (gather.index_select(input, 0, first)
                - gather.index_select(input, 0, second))  # type: ignore[operator]
    return reduce.sum(gap, 1) if not input.shape[1] else length(gap, p, 1)


_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
          "donot_use_mm_for_euclid_dist")


@composite(method=False)
@in_float32
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0,
          compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distances between all rows of one matrix and all of another, in batches.

    Parameters
    ----------
    x1, x2 : Tensor
        ``(..., P, M)`` and ``(..., R, M)``, of one floating dtype; batch dimensions broadcast.
    p : float
        At least 0: 0 counts the elements that differ, infinity takes the largest difference.
    compute_mode : str
        Whether Euclidean distances come from a matrix product, which is fast but less exact for
        rows that lie close together: if there are more than 25 rows (the default), always
        (``"use_mm_for_euclid_dist"``) or never (``"donot_use_mm_for_euclid_dist"``).

    Returns
    -------
    Tensor
        ``(..., P, R)``.

    Raises
    ------
    RuntimeError
        If the shapes do not fit, or p is negative.

    Examples
    --------
    >>> import facula
    >>> facula.cdist(facula.tensor([[0.0, 0.0]]), facula.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"cdist: takes (..., P, M) and (..., R, M), but got {describe(x1)} and "
                           f"{describe(x2)}")
    if not (x1.is_floating_point() and x2.is_floating_point()):
        raise RuntimeError(f"cdist: takes floating tensors: {describe(x1)}, {describe(x2)}")
    if p < 0:
        raise RuntimeError(f"cdist: p={p} must not be negative")
    if compute_mode not in _MODES:
        raise ValueError(f"cdist: compute_mode={compute_mode!r} must be one of {_MODES}")
    many = max(x1.shape[-2], x2.shape[-2]) > MANY
    if p == 2 and (compute_mode == _MODES[1] or (compute_mode == _MODES[0] and many)):
        return _euclidean(x1, x2)
    gap = binary.sub(shape.unsqueeze(x1, -2), shape.unsqueeze(x2, -3))
    return reduce.sum(gap, -1) if not x1.shape[-1] else length(gap, p, -1)


def _euclidean(x1: Tensor, x2: Tensor) -> Tensor:
    """By ``|a|^2 - 2 a b + |b|^2``."""
    first = reduce.sum(binary.mul(x1, x1), -1, True)
    second = shape.unsqueeze(reduce.sum(binary.mul(x2, x2), -1), -2)
    mixed = linalg.matmul(x1, shape.matrix_transpose(x2))
    return _root(first + second - 2 * mixed, 2)  # type: ignore[operator]


@composite(inplace=True)
@in_float32
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice along ``dim`` scaled down, where its p-norm is above ``maxnorm``, to that norm.

    Raises
    ------
    RuntimeError
        If the input has fewer than 2 dimensions, or p or maxnorm is out of range.

    Examples
    --------
    >>> import facula
    >>> facula.renorm(facula.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    if input._kind.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"renorm: the input must be floating, but is {input.dtype.name}")
    if not p > 0 or maxnorm < 0:
        raise RuntimeError(f"renorm: p={p} must be positive and maxnorm={maxnorm} not negative")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: the input must have at least 2 dimensions: {describe(input)}")
    at = canonical_dim("renorm", dim, input.ndim)
    rest = tuple([d for d in range(input.ndim) if d != at])
    norm = length(input, p, rest, True)
    factor = masked.where(compare.gt(norm, maxnorm), maxnorm / (norm + 1e-7), 1.0)  # type: ignore
    return binary.mul(input, convert.to(factor, dtype=norm.dtype))
