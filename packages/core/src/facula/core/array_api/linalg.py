"""The array API standard's linear algebra."""

from __future__ import annotations

from typing import Any

from facula import core
from facula.core import linalg
from facula.core.array_api.elementwise import promoted
from facula.core.array_api.products import matmul, matrix_transpose, tensordot, vecdot
from facula.core.tensor import Tensor

__all__ = ["cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul",
           "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "outer", "pinv", "qr",
           "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot", "vector_norm"]


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangular factors of positive definite matrices."""
    return linalg.cholesky(x, upper=upper)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The cross product of vectors of three elements."""
    a, b = promoted(x1, x2)
    return linalg.cross(a, b, dim=axis)


def det(x: Tensor, /) -> Tensor:
    """The determinants of square matrices."""
    return linalg.det(x)


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """The diagonals of matrices."""
    return linalg.diagonal(x, offset=offset)


def eigh(x: Tensor, /) -> Any:
    """The eigenvalues and eigenvectors of symmetric or Hermitian matrices."""
    return linalg.eigh(x)


def eigvalsh(x: Tensor, /) -> Tensor:
    """The eigenvalues of symmetric or Hermitian matrices."""
    return linalg.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """The inverses of square matrices."""
    return linalg.inv(x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norms of matrices."""
    return linalg.matrix_norm(x, ord, keepdim=keepdims)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The ``n``-th powers of square matrices."""
    return linalg.matrix_power(x, n)


def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """How many singular values are greater than ``rtol`` times the greatest."""
    return linalg.matrix_rank(x, rtol=rtol)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """All products of an element of one vector with one of the other."""
    a, b = promoted(x1, x2)
    return core.outer(a, b)


def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """The pseudo-inverses of matrices, singular values below ``rtol`` of the greatest left out."""
    return linalg.pinv(x, rtol=rtol)


def qr(x: Tensor, /, *, mode: str = "reduced") -> Any:
    """The factors Q and R of matrices."""
    return linalg.qr(x, mode)


def slogdet(x: Tensor, /) -> Any:
    """The signs of determinants, and the logarithms of their absolute values."""
    return linalg.slogdet(x)


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The solutions of ``x1 @ y = x2``; ``x2`` is a vector only if it has one dimension."""
    a, b = promoted(x1, x2)
    if b.ndim == 1:
        return linalg.solve(a, b.unsqueeze(-1)).squeeze(-1)
    batch = core.broadcast_shapes(a.shape[:-2], b.shape[:-2])  # not to be taken for vectors
    return linalg.solve(a.expand((*batch, *a.shape[-2:])), b.expand((*batch, *b.shape[-2:])))


def svd(x: Tensor, /, *, full_matrices: bool = True) -> Any:
    """The singular value decompositions of matrices: U, S and Vh."""
    return linalg.svd(x, full_matrices)


def svdvals(x: Tensor, /) -> Tensor:
    """The singular values of matrices, in descending order."""
    return linalg.svdvals(x)


def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sums of diagonals."""
    return core.sum(linalg.diagonal(x, offset=offset), -1, dtype=dtype)


def vector_norm(x: Tensor, /, *, axis: Any = None, keepdims: bool = False,
                ord: Any = 2) -> Tensor:
    """The norms of vectors along dimensions, or of all elements."""
    if axis == ():
        return core.abs(x)
    return linalg.vector_norm(x, ord, axis, keepdims)
