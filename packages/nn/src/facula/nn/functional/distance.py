"""Distances and angles between vectors."""

from __future__ import annotations

from typing import Any

from facula.core.ops import binary, masked, reduce, unary
from facula.core.precision import guarded
from facula.core.tensor import Tensor


def norm(x: Tensor, p: float, dim: Any, keepdim: bool = False) -> Tensor:
    """The p-norm along ``dim``; the derivative of the 2-norm at 0 is 0."""
    size = unary.abs(x)
    if p == float("inf"):
        return reduce.amax(size, dim, keepdim)
    if p == 1:
        return reduce.sum(size, dim, keepdim)
    if p == 2:
        square: Any = reduce.sum(x * x, dim, keepdim)  # type: ignore[operator]
        zero = square == 0
        return masked.where(zero, 0.0, unary.sqrt(masked.where(zero, 1.0, square)))
    return reduce.sum(size ** p, dim, keepdim) ** (1 / p)  # type: ignore[operator]


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
