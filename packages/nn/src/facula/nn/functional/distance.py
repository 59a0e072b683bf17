"""Distances and angles between vectors."""

from __future__ import annotations

from typing import Any

from facula.core.errors import describe
from facula.core.ops import binary, convert, gather, masked, rearrange, reduce, unary
from facula.core.precision import guarded
from facula.core.tensor import Tensor


def norm(x: Tensor, p: float, dim: Any, keepdim: bool = False) -> Tensor:
    """The p-norm along ``dim``; its derivative at 0 is 0."""
    size = unary.abs(x)
    if p == float("inf"):
        return reduce.amax(size, dim, keepdim)
    if p == 1:
        return reduce.sum(size, dim, keepdim)
    if p == 2:
        square: Any = reduce.sum(x * x, dim, keepdim)  # type: ignore[operator]
        zero = square == 0
        return masked.where(zero, 0.0, unary.sqrt(masked.where(zero, 1.0, square)))
    power: Any = reduce.sum(size ** p, dim, keepdim)  # type: ignore[operator]
    zero = power == 0
    return masked.where(zero, 0.0, masked.where(zero, 1.0, power) ** (1 / p))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6,
                      keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.pairwise_distance(facula.zeros(1, 2), facula.tensor([[3.0, 4.0]]))
    tensor([5.])
    """
    return norm(x1 - x2 + eps, p, -1, keepdim)  # type: ignore[operator]


@guarded
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.cosine_similarity(facula.tensor([3.0, 0.0]), facula.ones(2), dim=0)
    tensor(0.7071)
    """
    def unit(x: Tensor) -> Tensor:
        size = norm(x, 2, dim, True)
        return x / binary.maximum(size, eps)  # type: ignore
    return reduce.sum(unit(x1) * unit(x2), dim)  # type: ignore[operator]


@guarded
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
    >>> facula.nn.functional.pdist(facula.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2 or not input.is_floating_point():
        raise RuntimeError(f"pdist only supports 2D floating tensors, got {describe(input)}")
    if p < 0:
        raise RuntimeError(f"pdist: p={p} must not be negative")
    first, second = rearrange.triu_indices(input.shape[0], input.shape[0], 1, device=input.device)
    gap: Any = (gather.index_select(input, 0, first)
                - gather.index_select(input, 0, second))  # type: ignore[operator]
    if p == 0:
        return reduce.sum(convert.to(gap != 0, dtype=input.dtype), 1)
    if not input.shape[1]:
        return reduce.sum(gap, 1)
    return norm(gap, p, 1)
