"""Eigenvalues and singular values, with their vectors."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.ops.decompose import check_matrix
from facula.core.results import SVD, Eigen
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor


def _vectors_needed(A: Tensor) -> bool:
    """Eigenvalues alone are quicker, but their derivative is made of eigenvectors."""
    return grad_mode.enabled and A.requires_grad


# Eigenvalues


def _real_of(*values: Any) -> dtypes.dtype:
    return values[0]._kind.dtype.to_real()


def _complex_of(*values: Any) -> dtypes.dtype:
    return values[0]._kind.dtype.to_complex()


@primitive(result=(_real_of, "same"), outputs=2, export=False)
def eigh_factors(input: Tensor, upper: bool, vectors: bool) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of Hermitian matrices, of which one triangle is read."""
    return input, upper, vectors  # type: ignore[return-value]


@primitive(result=_complex_of, outputs=2, export=False)
def eig_factors(input: Tensor, vectors: bool) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of any square matrices."""
    return input, vectors  # type: ignore[return-value]


def _triangle(name: str, UPLO: str) -> bool:
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"{name}: UPLO={UPLO!r} is unknown: use 'L' or 'U'")
    return UPLO.upper() == "U"


@composite(space="linalg")
def eigh(A: Tensor, UPLO: str = "L") -> Eigen:
    """Eigenvalues and eigenvectors of Hermitian (real: symmetric) matrices.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.
    UPLO : str
        ``"L"`` reads the lower triangle, ``"U"`` the upper one.

    Returns
    -------
    named tuple (eigenvalues, eigenvectors)
        Real numbers in ascending order, and orthonormal columns: ``A = V diag(L) V^H``.

    Notes
    -----
    Eigenvectors have a free sign (complex: phase), and for repeated eigenvalues a free basis: a
    gradient makes sense where the result does not depend on that choice, and is an error where
    it depends on the phase. It is infinite where eigenvalues repeat, unless only these are used.

    References
    ----------
    Giles, M. B. (2008). An extended collection of matrix derivative results for forward and
    reverse mode algorithmic differentiation.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.eigh(facula.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    check_matrix("linalg.eigh", A, square=True)
    return Eigen(*eigh_factors(A, _triangle("linalg.eigh", UPLO), True))


@composite(space="linalg")
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of Hermitian (real: symmetric) matrices, in ascending order.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.
    UPLO : str
        ``"L"`` reads the lower triangle, ``"U"`` the upper one.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.eigvalsh(facula.tensor([[0.0, 1.0], [1.0, 0.0]]))
    tensor([-1.,  1.])
    """
    check_matrix("linalg.eigvalsh", A, square=True)
    return eigh_factors(A, _triangle("linalg.eigvalsh", UPLO), _vectors_needed(A))[0]


@composite(space="linalg")
def eig(A: Tensor) -> Eigen:
    """Eigenvalues and eigenvectors of square matrices, complex also for real ones.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``, diagonalisable.

    Returns
    -------
    named tuple (eigenvalues, eigenvectors)
        In no order; the eigenvectors are columns of norm 1: ``A V = V diag(L)``.

    Notes
    -----
    As for :func:`facula.linalg.eigh`, gradients make sense where the result does not depend on
    the eigenvectors' free phase.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.eig(facula.tensor([[2.0, 0.0], [0.0, 3.0]])).eigenvalues
    tensor([2.+0.j, 3.+0.j])
    """
    check_matrix("linalg.eig", A, square=True)
    return Eigen(*eig_factors(A, True))


@composite(space="linalg")
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of square matrices, complex, in no order.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.eigvals(facula.tensor([[2.0, 1.0], [0.0, 3.0]]))
    tensor([2.+0.j, 3.+0.j])
    """
    check_matrix("linalg.eigvals", A, square=True)
    return eig_factors(A, _vectors_needed(A))[0]


# Singular values


@primitive(result=("same", _real_of, "same"), outputs=3, export=False)
def svd_factors(input: Tensor, full: bool, vectors: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Singular vectors and values."""
    return input, full, vectors  # type: ignore[return-value]


@composite(space="linalg")
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """The singular value decomposition ``A = U diag(S) Vh``.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    full_matrices : bool
        Square U and Vh; else only the first ``min(m, n)`` columns and rows.
    driver : str, optional
        Taken and left aside: PyTorch's choice of a CUDA library.

    Returns
    -------
    named tuple (U, S, Vh)
        S is real and in descending order.

    Notes
    -----
    Each pair of singular vectors has a free sign (complex: phase): a gradient is an error where
    the result depends on the phase. It is infinite where singular values repeat or are 0, unless
    only these are used. Columns of U and rows of Vh beyond ``min(m, n)`` get no gradient.

    References
    ----------
    Townsend, J. (2016). Differentiating the singular value decomposition.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.svd(facula.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    check_matrix("linalg.svd", A)
    return SVD(*svd_factors(A, full_matrices, True))


@composite(space="linalg")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of matrices, in descending order.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    driver : str, optional
        Taken and left aside: PyTorch's choice of a CUDA library.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.svdvals(facula.tensor([[0.0, 2.0], [1.0, 0.0]]))
    tensor([2., 1.])
    """
    check_matrix("linalg.svdvals", A)
    return svd_factors(A, False, _vectors_needed(A))[1]
