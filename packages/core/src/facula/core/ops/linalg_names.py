"""The functions of linear algebra that PyTorch has at its top level, some of them older forms."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import (
    complex_numbers,
    creation,
    decompose,
    eigen,
    matrices,
    norms,
    shape,
    solve,
)
from facula.core.results import (
    PLU,
    QR,
    LUFactors,
    LUFactorsInfo,
    SignLogdet,
    SVDColumns,
    TriangularSolved,
)
from facula.core.tensor import Tensor

# The same as in facula.linalg


@composite
def det(input: Tensor) -> Tensor:
    """The same as :func:`facula.linalg.det`."""
    return matrices.det(input)


@composite
def slogdet(input: Tensor) -> SignLogdet:
    """The same as :func:`facula.linalg.slogdet`."""
    return matrices.slogdet(input)


@composite
def inverse(input: Tensor) -> Tensor:
    """The same as :func:`facula.linalg.inv`."""
    return solve.inv(input)


@composite
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The same as :func:`facula.linalg.matrix_power`."""
    return matrices.matrix_power(input, n)


@composite
def matrix_exp(input: Tensor) -> Tensor:
    """The same as :func:`facula.linalg.matrix_exp`."""
    return matrices.matrix_exp(input)


@composite
def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """The same as :func:`facula.linalg.householder_product`."""
    return matrices.householder_product(input, tau)


# Other forms of what facula.linalg has


@composite
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor, as :func:`facula.linalg.cholesky`."""
    return decompose.cholesky(input, upper=upper)


@composite
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse, as :func:`facula.linalg.pinv` with ``rtol=rcond``."""
    return solve.pinv(input, rtol=rcond)


@composite
def qr(input: Tensor, some: bool = True) -> QR:
    """The QR decomposition, as :func:`facula.linalg.qr`, reduced or (``some=False``) complete."""
    return decompose.qr(input, "reduced" if some else "complete")


@composite
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> SVDColumns:
    """The singular value decomposition ``U diag(S) V^H``: V as it is, not transposed.

    Parameters
    ----------
    input : Tensor
        Matrices, ``(..., m, n)``.
    some : bool
        Only the first ``min(m, n)`` columns of U and V.
    compute_uv : bool
        False for the singular values alone: U and V are then zeros.

    Returns
    -------
    named tuple (U, S, V)

    Examples
    --------
    >>> import facula
    >>> facula.svd(facula.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    if compute_uv:
        U, S, Vh = eigen.svd(input, not some)
        return SVDColumns(U, S, complex_numbers.adjoint(Vh))
    S = eigen.svdvals(input)
    (m, n), lead = input._data.shape[-2:], input._data.shape[:-2]
    u, v = [creation.zeros((*lead, k, k), dtype=input.dtype, device=input.device) for k in (m, n)]
    return SVDColumns(u, S, v)


@composite
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Packed LU factors, as :func:`facula.linalg.lu_factor`, with ``get_infos`` without errors.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    pivot : bool
        Exchange rows for the largest pivot.
    get_infos : bool
        Return info, as :func:`facula.linalg.lu_factor_ex`, instead of raising.

    Returns
    -------
    named tuple (LU, pivots) or (LU, pivots, info)

    Examples
    --------
    >>> import facula
    >>> facula.lu(facula.tensor([[2.0, 4.0], [1.0, 5.0]])).LU
    tensor([[2.0000, 4.0000],
            [0.5000, 3.0000]])
    """
    given: LUFactorsInfo = decompose.lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    return given if get_infos else LUFactors(given.LU, given.pivots)


@composite
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The X with ``A X = b``, as :func:`facula.linalg.lu_solve`."""
    return solve.lu_solve(LU_data, LU_pivots, b)


@composite(method=False)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True,
              unpack_pivots: bool = True) -> PLU:
    """The P, L and U that :func:`facula.linalg.lu_factor` packed.

    Parameters
    ----------
    LU_data, LU_pivots : Tensor
        ``(..., m, n)`` and ``(..., min(m, n))``.
    unpack_data, unpack_pivots : bool
        Whether to make L and U, and P; else they are empty.

    Returns
    -------
    named tuple (P, L, U)

    Examples
    --------
    >>> import facula
    >>> facula.lu_unpack(*facula.lu(facula.tensor([[2.0, 4.0], [1.0, 5.0]]))).U
    tensor([[2., 4.],
            [0., 3.]])
    """
    decompose.check_matrix("lu_unpack", LU_data)
    if unpack_pivots and LU_pivots.dtype is not dtypes.int32:
        raise RuntimeError(f"lu_unpack: LU_pivots must be int32, but is {describe(LU_pivots)}")
    none = creation.empty(0, dtype=LU_data.dtype, device=LU_data.device)
    P, L, U = none, none, none
    if unpack_data:
        L, U = decompose.split(LU_data)
    if unpack_pivots:
        order = decompose.pivot_order(LU_pivots, LU_data._data.shape[-2])
        P = decompose.permutation(order, LU_data.dtype)
    return PLU(P, L, U)


@composite
def triangular_solve(input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False,
                     unitriangular: bool = False) -> TriangularSolved:
    """The X with ``A X = input`` for triangular A; :func:`facula.linalg.solve_triangular` is newer.

    Parameters
    ----------
    input : Tensor
        ``(..., n, k)``.
    A : Tensor
        ``(..., n, n)``.
    upper, unitriangular : bool
        As for :func:`facula.linalg.solve_triangular`.
    transpose : bool
        With A's transpose, not conjugated.

    Returns
    -------
    named tuple (solution, cloned_coefficient)

    Examples
    --------
    >>> import facula
    >>> facula.triangular_solve(facula.ones(1, 1), facula.tensor([[2.0]])).solution
    tensor([[0.5000]])
    """
    a = shape.matrix_transpose(A) if transpose else A
    x = solve.solve_triangular(a, input, upper=upper != transpose, unitriangular=unitriangular)
    return TriangularSolved(x, A.clone())  # type: ignore[attr-defined]


# Norms and distances


@composite
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False,
            dtype: Any = None) -> Tensor:
    """The norm of the elements over some dimensions, or all; newer: :func:`facula.linalg.norm`.

    Parameters
    ----------
    input : Tensor
    p : number, inf, ``"fro"``, ``"nuc"`` or None
        The order; "fro" and None mean 2, "nuc" the sum of a matrix's singular values.
    dim : int or sequence of int, optional
    keepdim : bool
    dtype : dtype, optional

    Examples
    --------
    >>> import facula
    >>> facula.norm(facula.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if p == "nuc":
        dims = tuple(range(input.ndim)) if dim is None else dim
        return norms.matrix_norm(input, "nuc", dims, keepdim, dtype=dtype)
    if isinstance(p, str):
        if p != "fro":
            raise RuntimeError(f"norm: p={p!r} is unknown: use a number, 'fro' or 'nuc'")
        p = 2
    return norms.vector_norm(input, 2 if p is None else p, dim, keepdim, dtype=dtype)


@composite
def dist(input: Tensor, other: Tensor, p: Any = 2) -> Tensor:
    """The p-norm of the difference of two tensors."""
    return norms.vector_norm(input - other, p)  # type: ignore[operator]
