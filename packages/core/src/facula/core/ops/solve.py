"""Linear systems: solving, inverses, triangular systems, least squares, tensors as matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import describe
from facula.core.ops import complex_numbers, creation, gather, linalg, reduce, shape, unary, views
from facula.core.ops.decompose import check_field, check_matrix, check_singular, pivot_order
from facula.core.ops.eigen import eigvalsh, svdvals
from facula.core.results import Inverted, LeastSquares, Solved
from facula.core.tensor import Tensor

adjoint, transposed = complex_numbers.adjoint, shape.matrix_transpose

# General systems


@primitive(result=("same", dtypes.int32), outputs=2, export=False)
def linear_solution(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The solutions of ``a x = b`` and info about zero pivots; b has at least two dimensions."""
    return a, b


def _check_sizes(name: str, A: Tensor, B: Tensor, left: bool) -> None:
    at = -2 if left else -1
    if A._data.shape[-1] != B._data.shape[at]:
        equation = "A X = B" if left else "X A = B"
        raise RuntimeError(f"{name}: the sizes do not fit for {equation}: A is {describe(A)}, B is "
                           f"{describe(B)} ({A._data.shape[-1]} != {B._data.shape[at]})")
    try:
        np.broadcast_shapes(A._data.shape[:-2], B._data.shape[:-2])
    except ValueError:
        raise RuntimeError(f"{name}: the batch sizes do not broadcast: A is {describe(A)}, B is "
                           f"{describe(B)}") from None


def _is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether the right side is one vector, or one per matrix of the batch."""
    a, b = A._data.shape, B._data.shape
    return len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)


def _solved(name: str, A: Tensor, B: Tensor, left: bool) -> tuple[Tensor, Tensor]:
    check_matrix(name, A, square=True)
    check_field(name, A, B)
    vector = _is_vector(A, B)
    if not B._data.ndim or (vector and not left):
        raise RuntimeError(f"{name}: B must be a matrix for left={left}, but got {describe(B)}")
    b = shape.unsqueeze(B, -1) if vector else B
    _check_sizes(name, A, b, left)
    if left:
        x, info = linear_solution(A, b)
    else:
        x, info = linear_solution(transposed(A), transposed(b))
        x = transposed(x)
    return (shape.squeeze(x, -1) if vector else x), info


@composite(space="linalg")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Solved:
    """The solution of a linear system, without an error where a matrix is singular.

    Parameters
    ----------
    A, B : Tensor
        As for :func:`facula.linalg.solve`.
    left : bool
        Solve ``A X = B``; else ``X A = B``.
    check_errors : bool
        Raise :class:`facula.linalg.LinAlgError` where ``info`` is not 0.

    Returns
    -------
    named tuple (result, info)
        ``info`` is 0, or the place of the first zero on the diagonal of U in the LU factors; the
        result is then NaN.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.solve_ex(facula.zeros(1, 1), facula.ones(1)).info
    tensor(1, dtype=facula.int32)
    """
    x, info = _solved("linalg.solve_ex", A, B, left)
    if check_errors:
        check_singular("linalg.solve_ex", info)
    return Solved(x, info)


@composite(space="linalg")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X with ``A X = B``.

    Parameters
    ----------
    A : Tensor
        Square matrices, ``(..., n, n)``.
    B : Tensor
        ``(..., n, k)``, or vectors: ``(n,)``, or one for each matrix of A's batch.
    left : bool
        False for ``X A = B`` with B ``(..., k, n)``.

    Returns
    -------
    Tensor
        Of B's shape, batch dimensions broadcast.

    Raises
    ------
    LinAlgError
        If a matrix is singular.

    Examples
    --------
    >>> import facula
    >>> A = facula.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> facula.linalg.solve(A, facula.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    x, info = _solved("linalg.solve", A, B, left)
    check_singular("linalg.solve", info)
    return x


def inverted(name: str, A: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse and info."""
    check_matrix(name, A, square=True)
    return linear_solution(A, creation.eye(A._data.shape[-1], dtype=A.dtype, device=A.device))


@composite(space="linalg")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Inverted:
    """The inverse, without an error where a matrix is singular.

    Parameters
    ----------
    A : Tensor
        Square matrices, ``(..., n, n)``.
    check_errors : bool
        Raise :class:`facula.linalg.LinAlgError` where ``info`` is not 0.

    Returns
    -------
    named tuple (inverse, info)
        As for :func:`facula.linalg.solve_ex`.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.inv_ex(facula.tensor([[4.0]])).inverse
    tensor([[0.2500]])
    """
    inverse, info = inverted("linalg.inv_ex", A)
    if check_errors:
        check_singular("linalg.inv_ex", info)
    return Inverted(inverse, info)


@composite(space="linalg")
def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices; to solve a system, :func:`facula.linalg.solve` is better.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.

    Raises
    ------
    LinAlgError
        If a matrix is singular.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.inv(facula.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    inverse, info = inverted("linalg.inv", A)
    check_singular("linalg.inv", info)
    return inverse


# Triangular systems, and those with known factors


@primitive(export=False)
def triangular_solution(a: Tensor, b: Tensor, upper: bool, unit: bool) -> Tensor:
    """The x with ``a x = b``; of a only the triangle is read, with ``unit`` without diagonal."""
    return a, b, upper, unit  # type: ignore[return-value]


@composite(space="linalg")
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True,
                     unitriangular: bool = False) -> Tensor:
    """The X with ``A X = B`` for triangular A, by substitution.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``, of which one triangle is read.
    B : Tensor
        ``(..., n, k)``.
    upper : bool
        Read the upper triangle, else the lower one.
    left : bool
        False for ``X A = B`` with B ``(..., k, n)``.
    unitriangular : bool
        Take the diagonal for ones, without reading it.

    Returns
    -------
    Tensor
        Infinite or NaN where A has zeros on the diagonal.

    Examples
    --------
    >>> import facula
    >>> A = facula.tensor([[1.0, 1.0], [0.0, 2.0]])
    >>> facula.linalg.solve_triangular(A, facula.tensor([[3.0], [4.0]]), upper=True)
    tensor([[1.],
            [2.]])
    """
    name = "linalg.solve_triangular"
    check_matrix(name, A, square=True)
    check_matrix(name, B)
    check_field(name, A, B)
    _check_sizes(name, A, B, left)
    if left:
        return triangular_solution(A, B, upper, unitriangular)
    return transposed(triangular_solution(transposed(A), transposed(B), not upper, unitriangular))


def reordered(x: Tensor, order: Tensor) -> Tensor:
    """The rows of matrices in another order, for each its own."""
    lead = np.broadcast_shapes(x._data.shape[:-2], order._data.shape[:-1])
    n, k = x._data.shape[-2:]
    index = shape.expand(shape.unsqueeze(order, -1), (*lead, n, k))
    return gather.gather(shape.expand(x, (*lead, n, k)), -2, index)


@composite(space="linalg")
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True,
             adjoint: bool = False) -> Tensor:
    """The X with ``A X = B``, from what :func:`facula.linalg.lu_factor` gave for A.

    Parameters
    ----------
    LU, pivots : Tensor
        The factors, ``(..., n, n)`` and ``(..., n)``.
    B : Tensor
        ``(..., n, k)``.
    left : bool
        False for ``X A = B`` with B ``(..., k, n)``.
    adjoint : bool
        With A's conjugated transpose instead of A.

    Examples
    --------
    >>> import facula
    >>> LU, pivots = facula.linalg.lu_factor(facula.tensor([[0.0, 2.0], [1.0, 0.0]]))
    >>> facula.linalg.lu_solve(LU, pivots, facula.tensor([[2.0], [3.0]]))
    tensor([[3.],
            [1.]])
    """
    name = "linalg.lu_solve"
    check_matrix(name, LU, square=True)
    check_matrix(name, B)
    check_field(name, LU, B)
    _check_sizes(name, LU, B, left)
    if pivots._data.shape != LU._data.shape[:-1] or pivots.dtype is not dtypes.int32:
        raise RuntimeError(f"{name}: the pivots must be int32 of shape "
                           f"{tuple(LU._data.shape[:-1])}, but got {describe(pivots)}")
    if not left:
        return complex_numbers.adjoint(lu_solve(LU, pivots, complex_numbers.adjoint(B),
                                                adjoint=not adjoint))
    order = pivot_order(pivots, LU._data.shape[-1])
    if not adjoint:
        y = triangular_solution(LU, reordered(B, order), False, True)
        return triangular_solution(LU, y, True, False)
    LUh = complex_numbers.adjoint(LU)
    y = triangular_solution(LUh, triangular_solution(LUh, B, False, False), True, True)
    return reordered(y, order.argsort(-1))  # type: ignore[attr-defined]


@composite
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The X with ``A X = B``, from the Cholesky factor of A.

    Parameters
    ----------
    B : Tensor
        ``(..., n, k)``.
    L : Tensor
        ``(..., n, n)``, with ``A = L L^H``.
    upper : bool
        L is the upper factor: ``A = L^H L``.

    Examples
    --------
    >>> import facula
    >>> facula.cholesky_solve(facula.tensor([[8.0]]), facula.tensor([[2.0]]))
    tensor([[2.]])
    """
    check_matrix("cholesky_solve", L, square=True)
    check_matrix("cholesky_solve", B)
    check_field("cholesky_solve", L, B)
    _check_sizes("cholesky_solve", L, B, True)
    first, second = (adjoint(L), L) if upper else (L, adjoint(L))
    return triangular_solution(second, triangular_solution(first, B, False, False), True, False)


@composite
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of a matrix, from its Cholesky factor.

    Parameters
    ----------
    L : Tensor
        ``(..., n, n)``, with ``A = L L^H``.
    upper : bool
        L is the upper factor: ``A = L^H L``.

    Examples
    --------
    >>> import facula
    >>> facula.cholesky_inverse(facula.tensor([[2.0]]))
    tensor([[0.2500]])
    """
    check_matrix("cholesky_inverse", L, square=True)
    eye = creation.eye(L._data.shape[-1], dtype=L.dtype, device=L.device)
    return cholesky_solve(eye, L, upper)


# Pseudoinverse, rank and least squares


@primitive(export=False)
def pseudoinverse(input: Tensor, floor: Tensor, share: Tensor, hermitian: bool) -> Tensor:
    """The inverse of what has singular values above a floor and a share of the largest."""
    return input, floor, share, hermitian  # type: ignore[return-value]


def _limit(A: Tensor, value: Any, default: float) -> Tensor:
    """A tolerance as a tensor of the singular values' dtype."""
    real = A.dtype.to_real()
    if isinstance(value, Tensor):
        return value.detach().to(device=A.device, dtype=real)
    return creation.full((), default if value is None else value, dtype=real, device=A.device)


def _limits(A: Tensor, atol: Any, rtol: Any) -> tuple[Tensor, Tensor]:
    """Both tolerances; the default is rounding error relative to the largest singular value."""
    some = atol is not None and (isinstance(atol, Tensor) or atol > 0)
    rounding = 0.0 if some else max(A._data.shape[-2:]) * dtypes.finfo(A.dtype).eps
    return _limit(A, atol, 0.0), _limit(A, rtol, rounding)


@composite(space="linalg")
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None,
         rtol: Any = None) -> Tensor:
    """The Moore-Penrose pseudoinverse.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    rcond : float or Tensor, optional
        The same as ``rtol``.
    hermitian : bool
        A is Hermitian: use eigenvalues.
    atol, rtol : float or Tensor, optional
        Singular values up to ``max(atol, rtol * largest)`` count as 0; by default rtol is
        ``max(m, n) * eps``, or 0 where atol is positive.

    Returns
    -------
    Tensor
        ``(..., n, m)``.

    Notes
    -----
    The derivative is that among matrices of the same rank.

    References
    ----------
    Golub, G. H., Pereyra, V. (1973). The differentiation of pseudo-inverses and nonlinear least
    squares problems whose variables separate. SIAM Journal on Numerical Analysis 10.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.pinv(facula.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    check_matrix("linalg.pinv", A, square=hermitian)
    floor, share = _limits(A, atol, rcond if rtol is None else rtol)
    return pseudoinverse(A, floor, share, hermitian)


@composite(space="linalg")
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None,
                rtol: Any = None) -> Tensor:
    """How many singular values are not 0 up to a tolerance.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    tol : float or Tensor, optional
        The same as ``atol``, with ``rtol=0``.
    hermitian : bool
        A is Hermitian: use eigenvalues.
    atol, rtol : float or Tensor, optional
        As for :func:`facula.linalg.pinv`.

    Returns
    -------
    Tensor
        int64, of the batch's shape.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.matrix_rank(facula.ones(3, 3))
    tensor(1)
    """
    check_matrix("linalg.matrix_rank", A, square=hermitian)
    A = A.detach()
    floor, share = _limits(A, atol, rtol) if tol is None else (
        _limit(A, tol, 0.0), _limit(A, None, 0.0))
    if not A._data.size:
        return creation.zeros(A._data.shape[:-2], dtype=dtypes.int64, device=A.device)
    sizes = unary.abs(eigvalsh(A)) if hermitian else svdvals(A)
    limit = (share * reduce.amax(sizes, -1)).maximum(floor)  # type: ignore[attr-defined]
    return reduce.sum(sizes > shape.unsqueeze(limit, -1), -1)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@composite(space="linalg")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *,
          driver: str | None = None) -> LeastSquares:
    """The X of least norm among those that minimise ``|A X - B|``.

    Parameters
    ----------
    A : Tensor
        Matrices, ``(..., m, n)``.
    B : Tensor
        ``(..., m, k)``, or one vector for each matrix of A's batch.
    rcond : float, optional
        Singular values up to this share of the largest count as 0: ``max(m, n) * eps``.
    driver : str, optional
        ``"gelsy"`` (the default), ``"gelsd"``, ``"gelss"``, ``"gels"``: LAPACK's names decide
        which results are given; all are computed by singular values.

    Returns
    -------
    named tuple (solution, residuals, rank, singular_values)
        The residuals, sums of squares, are empty for ``"gelsy"`` and unless ``m > n`` and all
        ranks are n; the rank is empty for ``"gels"``; the singular values for ``"gels"`` and
        ``"gelsy"``.

    Examples
    --------
    >>> import facula
    >>> A = facula.tensor([[1.0], [1.0]])
    >>> facula.linalg.lstsq(A, facula.tensor([[1.0], [3.0]])).solution
    tensor([[2.]])
    """
    name = "linalg.lstsq"
    check_matrix(name, A)
    check_field(name, A, B)
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f"{name}: driver={driver!r} is unknown: use one of {_DRIVERS}")
    m, n = A._data.shape[-2:]
    vector = A._data.shape[:-1] == B._data.shape
    b = shape.unsqueeze(B, -1) if vector else B
    if b._data.ndim < 2 or b._data.shape[-2] != m:
        raise RuntimeError(f"{name}: A and B must have as many rows: A is {describe(A)}, B is "
                           f"{describe(B)}")
    share = _limits(A, None, rcond)[1] if driver != "gels" else _limit(A, None, 0.0)
    x = linalg.matmul(pseudoinverse(A, _limit(A, None, 0.0), share, False), b)
    sizes = svdvals(A.detach())
    top = sizes[..., :1]  # type: ignore[index]
    ranks = reduce.sum(sizes > shape.unsqueeze(share, -1) * top, -1)
    residuals = none = creation.empty(0, dtype=sizes.dtype, device=A.device)
    full = driver == "gels" or bool((ranks == n).all())  # type: ignore[union-attr]
    if m > n and driver != "gelsy" and full:
        residuals = reduce.sum(unary.square(unary.abs(linalg.matmul(A, x) - b)), -2)
    if driver == "gels":
        ranks = creation.empty(0, dtype=dtypes.int64, device=A.device)
    return LeastSquares(shape.squeeze(x, -1) if vector else x, residuals, ranks,
                        sizes if driver in ("gelsd", "gelss") else none)


# Tensors as matrices


@composite(space="linalg")
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor seen as a matrix: its first ``ind`` dimensions are the rows.

    Parameters
    ----------
    A : Tensor
        The product of the first ``ind`` sizes equals that of the others.
    ind : int

    Returns
    -------
    Tensor
        Of shape ``A.shape[ind:] + A.shape[:ind]``.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.tensorinv(facula.eye(6).reshape(2, 3, 6)).shape
    facula.Size([6, 2, 3])
    """
    if ind <= 0:
        raise RuntimeError(f"linalg.tensorinv: ind must be positive, but is {ind}")
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(rows) != math.prod(columns):
        raise RuntimeError(f"linalg.tensorinv: the sizes before and after ind={ind} must have the "
                           f"same product, but A is {describe(A)} "
                           f"({math.prod(rows)} != {math.prod(columns)})")
    flat = shape.reshape(A, (math.prod(rows), math.prod(columns)))
    inverse, info = inverted("linalg.tensorinv", flat)
    check_singular("linalg.tensorinv", info)
    return shape.reshape(inverse, columns + rows)


@composite(space="linalg")
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The X with ``tensordot(A, X, X.ndim) = B``.

    Parameters
    ----------
    A, B : Tensor
        A's first dimensions are B's.
    dims : sequence of int, optional
        Dimensions of A to move to its end first.

    Returns
    -------
    Tensor
        Of shape ``A.shape[B.ndim:]``.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.tensorsolve(facula.eye(6).reshape(2, 3, 6), facula.ones(2, 3)).shape
    facula.Size([6])
    """
    if dims is not None:
        A = views.movedim(A, list(dims), list(range(-len(dims), 0)))
    rows, columns = math.prod(A.shape[:B.ndim]), math.prod(A.shape[B.ndim:])
    if rows != columns or rows != B.numel():
        raise RuntimeError(f"linalg.tensorsolve: the sizes do not fit: A is {describe(A)}, B is "
                           f"{describe(B)}: the products of A's first {B.ndim} sizes and of the "
                           "others must both be B's number of elements")
    x = solve(shape.reshape(A, (rows, columns)), shape.reshape(B, -1))
    return shape.reshape(x, tuple(A.shape[B.ndim:]))
