"""The largest singular values and eigenvalues of matrices, by random projection and densely."""

from __future__ import annotations

from typing import Any

from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import (
    complex_numbers,
    decompose,
    eigen,
    linalg,
    random,
    rearrange,
    reduce,
    solve,
)
from facula.core.results import Eigen, SVDColumns
from facula.core.tensor import Tensor

adjoint, product = complex_numbers.adjoint, linalg.matmul


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """Orthonormal columns that nearly span what A does most: Halko et al., algorithm 4.4."""
    Q = product(A, random.randn(A._data.shape[-1], q, dtype=A.dtype, device=A.device))
    Q = decompose.qr(Q).Q
    for _ in range(niter):
        Q = decompose.qr(product(adjoint(A), Q)).Q
        Q = decompose.qr(product(A, Q)).Q
    return Q


@composite(method=False)
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2,
                M: Tensor | None = None) -> SVDColumns:
    """About the q largest singular values of a matrix, with their vectors, by random projection.

    Parameters
    ----------
    A : Tensor
        ``(..., m, n)``.
    q : int, optional
        How many, a little more than the rank that is expected; 6 by default.
    niter : int, optional
        How often to iterate; 2 by default.
    M : Tensor, optional
        A matrix to subtract from A, broadcast to its shape.

    Returns
    -------
    named tuple (U, S, V)
        ``A - M`` is about ``U diag(S) V^H``.

    References
    ----------
    Halko, N., Martinsson, P.-G., Tropp, J. A. (2011). Finding structure with randomness:
    probabilistic algorithms for constructing approximate matrix decompositions. SIAM Review 53.

    Examples
    --------
    >>> import facula
    >>> facula.svd_lowrank(facula.diag(facula.tensor([3.0, 2.0, 0.0])), q=2).S
    tensor([3., 2.])
    """
    decompose.check_matrix("svd_lowrank", A)
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    m, n = A._data.shape[-2:]
    if not 0 <= q <= min(m, n) or niter < 0:
        raise ValueError(f"svd_lowrank: q={q} must be from 0 to {min(m, n)}, niter={niter} not "
                         f"negative: A is {describe(A)}")
    if M is not None:
        A = A - M  # type: ignore[operator]
    wide = m < n
    X = adjoint(A) if wide else A
    Q = _basis(X, q, niter)
    U, S, Vh = eigen.svd(product(adjoint(Q), X), full_matrices=False)
    left, right = product(Q, U), adjoint(Vh)
    return SVDColumns(right, S, left) if wide else SVDColumns(left, S, right)


@composite(method=False)
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True,
                niter: int = 2) -> SVDColumns:
    """The principal components of samples in rows, by :func:`facula.svd_lowrank`.

    Parameters
    ----------
    A : Tensor
        ``(..., m, n)``: m samples of n numbers.
    q : int, optional
        How many components; ``min(6, m, n)`` by default.
    center : bool
        Subtract the mean of each column first.
    niter : int
        How often to iterate.

    Returns
    -------
    named tuple (U, S, V)
        The columns of V are the principal directions, and ``S ** 2 / (m - 1)`` their variances.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]])
    >>> facula.pca_lowrank(x, q=1).S
    tensor([4.])
    """
    decompose.check_matrix("pca_lowrank", A)
    q = min(6, *A._data.shape[-2:]) if q is None else q
    M = reduce.mean(A, -2, True) if center else None
    return svd_lowrank(A, q, niter, M)


@composite(method=False)
def lobpcg(A: Tensor, k: int | None = None, B: Tensor | None = None, X: Tensor | None = None,
           n: int | None = None, iK: Tensor | None = None, niter: int | None = None,
           tol: float | None = None, largest: bool | None = None, method: str | None = None,
           tracker: Any = None, ortho_iparams: Any = None, ortho_fparams: Any = None,
           ortho_bparams: Any = None) -> Eigen:
    """The k largest or smallest eigenvalues of ``A x = lambda B x``, with their vectors.

    Unlike PyTorch's, which iterates, it decomposes the whole matrix: the result is exact, and what
    steers an iteration (``X`` but for its width, ``iK``, ``niter``, ``tol``, ``method``,
    ``tracker`` and the last three) is taken and left aside.

    Parameters
    ----------
    A : Tensor
        Hermitian, ``(..., m, m)``.
    k : int, optional
        How many; X's width, or 1.
    B : Tensor, optional
        Hermitian positive definite; the identity by default.
    X : Tensor, optional
        ``(..., m, k)``.
    n : int, optional
        The width of X where that is not given; left aside.
    largest : bool, optional
        The largest, by default; else the smallest.

    Returns
    -------
    named tuple (eigenvalues, eigenvectors)
        The largest first, or the smallest first; the columns are orthonormal by B.

    Examples
    --------
    >>> import facula
    >>> facula.lobpcg(facula.diag(facula.tensor([1.0, 5.0, 3.0])), k=2).eigenvalues
    tensor([5., 3.])
    """
    decompose.check_matrix("lobpcg", A, square=True)
    m = A._data.shape[-1]
    if k is None:
        k = 1 if X is None else X._data.shape[-1]
    if not 0 < k <= m:
        raise ValueError(f"lobpcg: k={k} must be from 1 to {m}: A is {describe(A)}")
    if B is None:
        values, vectors = eigen.eigh(A)
    else:
        L = decompose.cholesky(B)
        inner = solve.solve_triangular(L, A, upper=False)
        values, vectors = eigen.eigh(
            solve.solve_triangular(adjoint(L), inner, upper=True, left=False))
        vectors = solve.solve_triangular(adjoint(L), vectors, upper=True)
    if largest is None or largest:
        values, vectors = rearrange.flip(values, -1), rearrange.flip(vectors, -1)
    return Eigen(values[..., :k], vectors[..., :k])  # type: ignore[index]
