"""A few eigenvalues of a matrix, the largest or the smallest."""

from __future__ import annotations

from typing import Any

from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import complex_numbers, decompose, eigen, rearrange, solve, views
from facula.core.results import Eigen
from facula.core.tensor import Tensor


@composite(method=False)
def lobpcg(A: Tensor, k: int | None = None, B: Tensor | None = None, X: Tensor | None = None,
           n: int | None = None, iK: Tensor | None = None, niter: int | None = None,
           tol: float | None = None, largest: bool | None = None, method: str | None = None,
           tracker: Any = None, ortho_iparams: Any = None, ortho_fparams: Any = None,
           ortho_bparams: Any = None) -> Eigen:
    """The ``k`` largest or smallest eigenvalues of A x = e B x, with their eigenvectors.

    PyTorch iterates; here all eigenvalues are computed, so that the result is exact, and the
    parameters of the iteration change nothing.

    Parameters
    ----------
    A : Tensor
        Symmetric (Hermitian) matrices, ``(..., N, N)``.
    k : int, optional
        How many; as many as X has columns, or 1.
    B : Tensor, optional
        Symmetric, positive definite; the unit matrix where not given.
    X : Tensor, optional
        Only its number of columns counts.
    n, iK, niter, tol, method, tracker, ortho_iparams, ortho_fparams, ortho_bparams
        Accepted for PyTorch's sake.
    largest : bool, optional
        True, the default: the largest, in descending order; else the smallest, in ascending order.

    Returns
    -------
    (Tensor, Tensor)
        ``(..., k)`` eigenvalues and ``(..., N, k)`` eigenvectors.

    Examples
    --------
    >>> import facula
    >>> facula.lobpcg(facula.tensor([[2.0, 0.0], [0.0, 3.0]]))[0]
    tensor([3.])
    """
    if k is None:
        k = 1 if X is None else X.shape[-1] if n is None else n
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or not 0 < k <= A.shape[-1]:
        raise RuntimeError(f"lobpcg: takes square matrices with at least k={k} rows: {describe(A)}")
    if B is None:
        values, vectors = eigen.eigh(A)
    else:
        factor = decompose.cholesky(B)
        half = solve.solve_triangular(factor, A, upper=False)
        inner = solve.solve_triangular(factor, complex_numbers.adjoint(half), upper=False)
        values, vectors = eigen.eigh(inner)
        vectors = solve.solve_triangular(complex_numbers.adjoint(factor), vectors, upper=True)
    if largest is None or largest:
        start = A.shape[-1] - k
        values = rearrange.flip(views.narrow(values, -1, start, k), -1)
        return Eigen(values, rearrange.flip(views.narrow(vectors, -1, start, k), -1))
    return Eigen(views.narrow(values, -1, 0, k), views.narrow(vectors, -1, 0, k))
