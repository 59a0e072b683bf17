"""Decompositions of matrices: Cholesky, LU and QR."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import LinAlgError, describe
from facula.core.ops import compare, complex_numbers, convert, creation, rearrange, shape
from facula.core.results import (
    PLU,
    QR,
    Cholesky,
    LUFactors,
    LUFactorsInfo,
    Packed,
)
from facula.core.tensor import Tensor

_FIELDS = (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)

# Checks


def check_matrix(name: str, A: Tensor, square: bool = False) -> None:
    """Refuse what is not a matrix, or a batch of them, of real or complex numbers.

    Raises
    ------
    RuntimeError
        Saying what is wrong.
    """
    if A._data.ndim < 2:
        raise RuntimeError(f"{name}: takes matrices or batches of them, but got {describe(A)}: "
                           "it must have at least 2 dimensions")
    if square and A._data.shape[-1] != A._data.shape[-2]:
        raise RuntimeError(f"{name}: the matrices must be square, but got {describe(A)} "
                           f"({A._data.shape[-2]} by {A._data.shape[-1]})")
    check_field(name, A)


def check_field(name: str, *tensors: Tensor) -> None:
    """Refuse dtypes that linear algebra does not work in, and mixtures of them.

    Raises
    ------
    RuntimeError
        Saying what is wrong.
    """
    for t in tensors:
        if t._kind.dtype not in _FIELDS:
            raise RuntimeError(f"{name}: takes float32, float64, complex64 or complex128, but got "
                               f"{describe(t)}: convert it")
        if t._kind.dtype is not tensors[0]._kind.dtype:
            raise RuntimeError(f"{name}: the dtypes differ: "
                               f"{', '.join(map(describe, tensors))}: convert one of them")


def first_failure(info: Tensor) -> tuple[int, str]:
    """The first number that is not 0 and which matrix of the batch it is about, in words."""
    codes = np.atleast_1d(info._kind.backend.to_numpy(info._data))
    failed = np.argwhere(codes)
    if not len(failed):
        return 0, ""
    at = tuple(failed[0].tolist())
    return int(codes[at]), f" (in batch element {at})" if info._data.ndim else ""


def check_singular(name: str, info: Tensor) -> None:
    """Refuse singular matrices.

    Raises
    ------
    LinAlgError
        If a number is not 0.
    """
    code, where = first_failure(info)
    if code:
        raise LinAlgError(f"{name}: the matrix is singular: element {code} of U's diagonal is 0"
                          f"{where}")


# Cholesky


@primitive(result=("same", dtypes.int32), outputs=2, export=False)
def cholesky_factor(input: Tensor) -> tuple[Tensor, Tensor]:
    """The lower factors, from the lower triangles, and 0 or the order of the failing minor."""
    return (input,)  # type: ignore[return-value]


def factor(name: str, A: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    """The Cholesky factors and info of :func:`facula.linalg.cholesky_ex`."""
    check_matrix(name, A, square=True)
    L, info = cholesky_factor(complex_numbers.adjoint(A) if upper else A)
    return (complex_numbers.adjoint(L) if upper else L), info


def check_definite(name: str, info: Tensor) -> None:
    """Refuse what has no Cholesky factor.

    Raises
    ------
    LinAlgError
        If a number is not 0.
    """
    code, where = first_failure(info)
    if code:
        raise LinAlgError(f"{name}: the matrix is not positive definite: its leading minor of "
                          f"order {code} is not{where}")


@composite(space="linalg")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Cholesky:
    """The Cholesky factor without an error where there is none.

    Parameters
    ----------
    A : Tensor
        Hermitian positive definite matrices, ``(..., n, n)``; one triangle is read.
    upper : bool
        The upper factor, from the upper triangle.
    check_errors : bool
        Raise :class:`facula.linalg.LinAlgError` as :func:`facula.linalg.cholesky` does.

    Returns
    -------
    named tuple (L, info)
        ``info`` is 0, or the order of the first leading minor that is not positive definite;
        the factor is then NaN.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.cholesky_ex(facula.tensor([[4.0, 0.0], [0.0, -1.0]])).info
    tensor(2, dtype=facula.int32)
    """
    L, info = factor("linalg.cholesky_ex", A, upper)
    if check_errors:
        check_definite("linalg.cholesky_ex", info)
    return Cholesky(L, info)


@composite(space="linalg")
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with ``A = L L^H``, or the upper U with ``A = U^H U``.

    Parameters
    ----------
    A : Tensor
        Hermitian positive definite matrices, ``(..., n, n)``; one triangle is read.
    upper : bool
        The upper factor, from the upper triangle.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite.

    References
    ----------
    Murray, I. (2016). Differentiation of the Cholesky decomposition. arXiv:1602.07527.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.cholesky(facula.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    L, info = factor("linalg.cholesky", A, upper)
    check_definite("linalg.cholesky", info)
    return L


# LU


@primitive(result=("same", dtypes.int32, dtypes.int32), outputs=3, export=False)
def lu_packed(input: Tensor, pivot: bool) -> tuple[Tensor, Tensor, Tensor]:
    """L below the diagonal and U above, the exchanges of rows, and LAPACK's info."""
    return input, bool(pivot)  # type: ignore[return-value]


@primitive(result=dtypes.int64, export=False)
def pivot_order(pivots: Tensor, rows: int) -> Tensor:
    """The order of rows that LAPACK's exchanges end in."""
    return pivots, rows  # type: ignore[return-value]


def permutation(order: Tensor, dtype: Any) -> Tensor:
    """The matrix P with ``A[order] = P^T A``."""
    rows = creation.arange(order._data.shape[-1], device=order.device)
    return convert.to(compare.eq(shape.unsqueeze(order, -2), shape.unsqueeze(rows, -1)),
                      dtype=dtype)


def split(LU: Tensor) -> tuple[Tensor, Tensor]:
    """The unit lower and the upper triangular matrix that lie packed in one."""
    m, n = LU._data.shape[-2:]
    k = min(m, n)
    eye = creation.eye(m, k, dtype=LU.dtype, device=LU.device)
    L = rearrange.tril(LU[..., :k], -1) + eye  # type: ignore[index]
    return L, rearrange.triu(LU[..., :k, :])  # type: ignore[index]


def _factored(name: str, A: Tensor, pivot: bool, check: bool) -> tuple[Tensor, Tensor, Tensor]:
    check_matrix(name, A)
    LU, pivots, info = lu_packed(A, pivot)
    if check:
        check_singular(name, info)
    return LU, pivots, info


@composite(space="linalg")
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorsInfo:
    """The packed LU factors, as :func:`facula.linalg.lu_factor`, and info about zeros.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    pivot : bool
        Exchange rows for the largest pivot; without, zeros end the elimination.
    check_errors : bool
        Raise :class:`facula.linalg.LinAlgError` where ``info`` is not 0.

    Returns
    -------
    named tuple (LU, pivots, info)
        ``info`` is 0, or the place of the first zero on the diagonal of U, counted from 1.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.lu_factor_ex(facula.ones(2, 2)).info
    tensor(2, dtype=facula.int32)
    """
    return LUFactorsInfo(*_factored("linalg.lu_factor_ex", A, pivot, check_errors))


@composite(space="linalg")
def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactors:
    """LU factors packed into one matrix, as :func:`facula.linalg.lu_solve` takes them.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    pivot : bool
        Exchange rows for the largest pivot.

    Returns
    -------
    named tuple (LU, pivots)
        U above and on the diagonal, L below (its diagonal of ones left out); at step i row i and
        row ``pivots[i]``, counted from 1, were exchanged.

    Raises
    ------
    LinAlgError
        If there is a zero on the diagonal of U.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.lu_factor(facula.tensor([[2.0, 4.0], [1.0, 5.0]])).LU
    tensor([[2.0000, 4.0000],
            [0.5000, 3.0000]])
    """
    return LUFactors(*_factored("linalg.lu_factor", A, pivot, True)[:2])


@composite(space="linalg")
def lu(A: Tensor, *, pivot: bool = True) -> PLU:
    """Gaussian elimination: ``A = P L U`` with a permutation, a unit lower and an upper matrix.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    pivot : bool
        Exchange rows for the largest pivot; P is empty without.

    Returns
    -------
    named tuple (P, L, U)
        ``(..., m, m)``, ``(..., m, k)`` and ``(..., k, n)`` with ``k = min(m, n)``.

    References
    ----------
    Golub, G. H., Van Loan, C. F. (2013). Matrix Computations, 4th edition, section 3.4.

    Examples
    --------
    >>> import facula
    >>> P, L, U = facula.linalg.lu(facula.tensor([[1.0, 5.0], [2.0, 4.0]]))
    >>> L
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    LU, pivots, _ = _factored("linalg.lu", A, pivot, False)
    L, U = split(LU)
    if not pivot:
        return PLU(creation.empty(0, dtype=A.dtype, device=A.device), L, U)
    return PLU(permutation(pivot_order(pivots, A._data.shape[-2]), A.dtype), L, U)


# QR


@primitive(outputs=2, export=False)
def qr_factors(input: Tensor, complete: bool) -> tuple[Tensor, Tensor]:
    """Q and R."""
    return input, complete  # type: ignore[return-value]


@primitive(outputs=2, export=False)
def qr_packed(input: Tensor) -> tuple[Tensor, Tensor]:
    """R with the Householder vectors below it, and their scales."""
    return (input,)  # type: ignore[return-value]


@composite(space="linalg")
def qr(A: Tensor, mode: str = "reduced") -> QR:
    """``A = Q R`` with orthonormal columns in Q and an upper triangular R.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    mode : str
        ``"reduced"``: Q is ``(m, min(m, n))``; ``"complete"``: Q is ``(m, m)``; ``"r"``: Q is left
        empty.

    Returns
    -------
    named tuple (Q, R)

    Notes
    -----
    The derivative needs the first ``min(m, n)`` columns of A to be independent, and does not
    exist for ``"complete"`` with more rows than columns.

    References
    ----------
    Roberts, D. A. O., Roberts, L. R. (2020). QR and LQ decomposition matrix backpropagation
    algorithms for square, wide, and deep matrices. arXiv:2009.10071.

    Examples
    --------
    >>> import facula
    >>> Q, R = facula.linalg.qr(facula.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> (Q @ R).round(decimals=4)
    tensor([[3., 1.],
            [4., 2.]])
    """
    check_matrix("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"linalg.qr: mode={mode!r} is unknown: use 'reduced', 'complete' or 'r'")
    Q, R = qr_factors(A, mode == "complete")
    return QR(creation.empty(0, dtype=A.dtype, device=A.device) if mode == "r" else Q, R)


@composite
def geqrf(input: Tensor) -> Packed:
    """The QR decomposition as LAPACK packs it: R, the Householder vectors below, their scales.

    :func:`facula.linalg.householder_product` makes Q of it. It has no derivative;
    :func:`facula.linalg.qr` has one.

    Returns
    -------
    named tuple (a, tau)

    Examples
    --------
    >>> import facula
    >>> a, tau = facula.geqrf(facula.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> a.shape, tau.shape
    (facula.Size([2, 2]), facula.Size([2]))
    """
    check_matrix("geqrf", input)
    return Packed(*qr_packed(input))
