"""Distances as modules."""

from __future__ import annotations

from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn.module import Module


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along ``dim``.

    Parameters
    ----------
    dim : int
    eps : float
        The least length.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of the difference of vectors along the last dimension.

    Parameters
    ----------
    p : float
    eps : float
        Added to the differences.
    keepdim : bool
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
