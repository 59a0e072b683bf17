"""Functions of matrices: determinants, powers, exponentials, chains, reflections, and vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, describe
from facula.core.ops import (
    compare,
    complex_numbers,
    creation,
    cumulative,
    joining,
    linalg,
    rearrange,
    reduce,
    shape,
    solve,
    unary,
    views,
)
from facula.core.ops.decompose import check_field, check_matrix
from facula.core.results import SignLogdet
from facula.core.tensor import Tensor

adjoint = complex_numbers.adjoint

# Determinants


@primitive(export=False)
def determinant(input: Tensor) -> Tensor:
    """The work of :func:`facula.linalg.det`."""
    return (input,)  # type: ignore[return-value]


@primitive(export=False)
def cofactors(input: Tensor) -> Tensor:
    """The conjugated cofactors, the determinant's gradient, right for singular matrices too.

    With ``A = U S V^H`` they are ``conj(det(U) det(V^H)) U D V^H``, where D holds for each
    singular value the product of all others.
    """
    return (input,)  # type: ignore[return-value]


def _real_of(*values: Any) -> dtypes.dtype:
    return values[0]._kind.dtype.to_real()


@primitive(result=("same", _real_of), outputs=2, export=False)
def sign_logdet(input: Tensor) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.linalg.slogdet`."""
    return (input,)  # type: ignore[return-value]


@composite(space="linalg")
def det(A: Tensor) -> Tensor:
    """The determinant of square matrices.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.det(facula.tensor([[2.0, 1.0], [0.0, 3.0]]))
    tensor(6.)
    """
    check_matrix("linalg.det", A, square=True)
    return determinant(A)


@composite(space="linalg")
def slogdet(A: Tensor) -> SignLogdet:
    """The sign of the determinant and the logarithm of its size, which cannot overflow.

    Parameters
    ----------
    A : Tensor
        Square matrices, ``(..., n, n)``.

    Returns
    -------
    named tuple (sign, logabsdet)
        The sign is a number of modulus 1, or 0 where the logarithm is minus infinity.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.slogdet(facula.tensor([[0.0, 1.0], [1.0, 0.0]])).sign
    tensor(-1.)
    """
    check_matrix("linalg.slogdet", A, square=True)
    return SignLogdet(*sign_logdet(A))


@composite
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: NaN where that is negative, minus infinity where it is 0.

    Examples
    --------
    >>> import facula
    >>> facula.logdet(facula.eye(2))
    tensor(0.)
    """
    check_matrix("logdet", input, square=True)
    sign, logarithm = sign_logdet(input)
    if input.is_complex():
        return unary.log(sign) + logarithm  # type: ignore[operator, no-any-return]
    return compare.select_where(logarithm, math.nan, sign >= 0)  # type: ignore[operator]


# Powers and exponentials


def power(name: str, A: Tensor, n: int) -> Tensor:
    """The product of n factors A by repeated squaring."""
    if A._data.ndim < 2 or A._data.shape[-1] != A._data.shape[-2]:
        raise RuntimeError(f"{name}: takes square matrices, but got {describe(A)}")
    if n < 0:
        A, n = solve.inv(A), -n
    result = None
    while n:
        if n & 1:
            result = A if result is None else linalg.matmul(result, A)
        n >>= 1
        if n:
            A = linalg.matmul(A, A)
    if result is not None:
        return result.clone() if result is A else result  # type: ignore[attr-defined]
    eye = creation.eye(A._data.shape[-1], dtype=A.dtype, device=A.device)
    never = creation.zeros((), dtype=dtypes.bool_, device=A.device)
    return compare.select_where(A, eye, never)  # its gradient is zero, not missing


@composite(space="linalg")
def matrix_power(A: Tensor, n: int) -> Tensor:
    """The product of n factors A; of ``-n`` inverses where n is negative.

    Parameters
    ----------
    A : Tensor
        Square matrices, ``(..., m, m)``.
    n : int

    Raises
    ------
    LinAlgError
        If n is negative and a matrix singular.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.matrix_power(facula.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    return power("linalg.matrix_power", A, n)


# The coefficients of the [13/13] Pade approximant of exp, and the norm up to which it is exact to
# double precision. Source: Higham (2005), section 2.3.
_PADE = [math.factorial(26 - k) * math.factorial(13) / (
    math.factorial(26) * math.factorial(k) * math.factorial(13 - k)) for k in range(14)]
_PADE_REACH = 5.371920351148152


def _squarings(A: Tensor) -> Tensor:
    """For each matrix, how often it must be halved to have a norm within the approximant's reach.
    """
    sizes = reduce.amax(reduce.sum(unary.abs(A.detach()), -2), -1)
    ratio = unary.log2(sizes / _PADE_REACH)  # type: ignore[operator]
    finite = compare.select_where(ratio, 0.0, unary.isfinite(ratio))
    return unary.ceil(finite).clamp(0)  # type: ignore[attr-defined, no-any-return]


@composite(space="linalg")
def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of square matrices: the sum of ``A^k / k!``.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``.

    References
    ----------
    Higham, N. J. (2005). The scaling and squaring method for the matrix exponential revisited.
    SIAM Journal on Matrix Analysis and Applications 26.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.matrix_exp(facula.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    check_matrix("linalg.matrix_exp", A, square=True)
    if not A._data.size:
        return A.clone()  # type: ignore[attr-defined, no-any-return]
    times = shape.unsqueeze(shape.unsqueeze(_squarings(A), -1), -1)
    x = A * unary.exp2(-times)  # type: ignore[operator]
    eye = creation.eye(A._data.shape[-1], dtype=A.dtype, device=A.device)
    x2 = linalg.matmul(x, x)
    x4 = linalg.matmul(x2, x2)
    x6 = linalg.matmul(x4, x2)
    c = [p / _PADE[0] for p in _PADE]
    high = linalg.matmul(x6, x6 * c[13] + x4 * c[11] + x2 * c[9])  # type: ignore[operator]
    odd = linalg.matmul(x, high + x6 * c[7] + x4 * c[5] + x2 * c[3] + eye * c[1])
    high = linalg.matmul(x6, x6 * c[12] + x4 * c[10] + x2 * c[8])  # type: ignore[operator]
    even = high + x6 * c[6] + x4 * c[4] + x2 * c[2] + eye * c[0]
    y = solve.linear_solution(even - odd, even + odd)[0]
    for step in range(int(reduce.amax(times).item())):
        y = compare.select_where(linalg.matmul(y, y), y, times > step)
    return y


# Chains of products


def _split_points(sizes: Sequence[int]) -> list[list[int]]:
    """For each stretch of a chain where to split it, so that the fewest products are made."""
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    best = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                       for k in range(i, j)]
            cost[i][j] = min(options)
            best[i][j] = i + options.index(cost[i][j])
    return best


def _multiplied(chain: Sequence[Tensor], best: list[list[int]], i: int, j: int) -> Tensor:
    if i == j:
        return chain[i]
    k = best[i][j]
    return linalg.matmul(_multiplied(chain, best, i, k), _multiplied(chain, best, k + 1, j))


@composite(space="linalg")
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices, in the order of least work.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least two, all matrices; the first and the last may be vectors.

    References
    ----------
    Cormen, T. H. et al. (2009). Introduction to Algorithms, 3rd edition, section 15.2.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.multi_dot([facula.ones(2, 3), facula.ones(3, 4), facula.ones(4)])
    tensor([12., 12.])
    """
    chain = list(tensors)
    if len(chain) < 2:
        raise RuntimeError(f"linalg.multi_dot: takes at least 2 tensors, but got {len(chain)}")
    row, column = chain[0].ndim == 1, chain[-1].ndim == 1
    if row:
        chain[0] = shape.unsqueeze(chain[0], 0)
    if column:
        chain[-1] = shape.unsqueeze(chain[-1], 1)
    for i, t in enumerate(chain):
        if t.ndim != 2:
            raise RuntimeError(f"linalg.multi_dot: tensor {i} must be a matrix, but is "
                               f"{describe(tensors[i])}: only the first and the last may be "
                               "vectors")
        if i and chain[i - 1].shape[1] != t.shape[0]:
            raise RuntimeError(f"linalg.multi_dot: tensors {i - 1} and {i} cannot be multiplied: "
                               f"{describe(chain[i - 1])}, {describe(t)}")
    best = _split_points([chain[0].shape[0], *[t.shape[1] for t in chain]])
    y = _multiplied(chain, best, 0, len(chain) - 1)
    kept = [*(() if row else (y.shape[0],)), *(() if column else (y.shape[1],))]
    return shape.reshape(y, kept) if row or column else y


# Householder reflections


def _reflections(name: str, A: Tensor, tau: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Each reflection ``I - tau v v^H`` as (v as a column, tau as a 1 by 1 matrix)."""
    check_matrix(name, A)
    check_field(name, A, tau)
    m, n = A._data.shape[-2:]
    k = tau._data.shape[-1] if tau._data.ndim else -1
    if m < n or not 0 <= k <= n or tau._data.shape[:-1] != A._data.shape[:-2]:
        raise RuntimeError(f"{name}: takes matrices with no more columns than rows and at most as "
                           f"many scales as columns, but got {describe(A)} and {describe(tau)}")
    eye = creation.eye(m, k, dtype=A.dtype, device=A.device)
    v = rearrange.tril(A[..., :k], -1) + eye  # type: ignore[index]
    return [(v[..., i:i + 1], shape.unsqueeze(tau[..., i:i + 1], -1)) for i in range(k)]


def _reflect(pair: tuple[Tensor, Tensor], x: Tensor, conjugate: bool = False) -> Tensor:
    v, scale = pair
    scale = complex_numbers.conj(scale) if conjugate else scale
    return x - v * (scale * linalg.matmul(adjoint(v), x))  # type: ignore[operator, no-any-return]


@composite(space="linalg")
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first columns of a product of Householder reflections ``I - tau v v^H``.

    Parameters
    ----------
    A : Tensor
        ``(..., m, n)``, m >= n: column i holds v_i below the diagonal, its 1 there left out.
    tau : Tensor
        ``(..., k)``, k <= n.

    Returns
    -------
    Tensor
        ``(..., m, n)``; with :func:`facula.geqrf` the matrix Q.

    References
    ----------
    Golub, G. H., Van Loan, C. F. (2013). Matrix Computations, 4th edition, section 5.1.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.householder_product(facula.eye(2), facula.tensor([2.0, 0.0]))
    tensor([[-1.,  0.],
            [ 0.,  1.]])
    """
    pairs = _reflections("linalg.householder_product", A, tau)
    m, n = A._data.shape[-2:]
    y = shape.expand(creation.eye(m, n, dtype=A.dtype, device=A.device), A._data.shape)
    for pair in reversed(pairs):
        y = _reflect(pair, y)
    return y if pairs else y.clone()  # type: ignore[attr-defined, no-any-return]


@composite
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True,
          transpose: bool = False) -> Tensor:
    """The product of a matrix with the square Q that reflections make.

    Parameters
    ----------
    input, tau : Tensor
        The reflections, as for :func:`facula.linalg.householder_product`.
    other : Tensor
        ``(..., m, k)``, or ``(..., k, m)`` on the left side of Q.
    left : bool
        ``Q other``, else ``other Q``.
    transpose : bool
        With Q's conjugated transpose.

    Examples
    --------
    >>> import facula
    >>> facula.ormqr(facula.eye(2), facula.tensor([2.0, 0.0]), facula.ones(2, 1))
    tensor([[-1.],
            [ 1.]])
    """
    pairs = _reflections("ormqr", input, tau)
    check_field("ormqr", input, other)
    if other._data.ndim < 2 or other._data.shape[-2 if left else -1] != input._data.shape[-2]:
        raise RuntimeError(f"ormqr: the sizes do not fit: input is {describe(input)}, other is "
                           f"{describe(other)}, left={left}")
    y = other if left else adjoint(other)  # other Q = (Q^H other^H)^H
    conjugate = transpose if left else not transpose
    for pair in pairs if conjugate else reversed(pairs):
        y = _reflect(pair, y, conjugate)
    return y if left else adjoint(y)


# Vectors


@composite(space="linalg")
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of three elements.

    Parameters
    ----------
    input, other : Tensor
        They broadcast.
    dim : int
        The dimension of size 3.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.cross(facula.tensor([1.0, 0.0, 0.0]), facula.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    if input.ndim != other.ndim:
        raise RuntimeError(f"linalg.cross: the tensors must have equally many dimensions: "
                           f"{describe(input)}, {describe(other)}")
    at = canonical_dim("linalg.cross", dim, input.ndim)
    if not input.ndim or input.shape[at] != 3 or other.shape[at] != 3:
        raise RuntimeError(f"linalg.cross: dimension {at} must have size 3: {describe(input)}, "
                           f"{describe(other)}")
    roll = rearrange.roll
    return roll(input * roll(other, -1, at)  # type: ignore[operator]
                - roll(input, -1, at) * other, -1, at)  # type: ignore[operator]


@composite(space="linalg")
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sum of ``conj(x) * y`` along a dimension.

    Parameters
    ----------
    x, y : Tensor
        They broadcast.
    dim : int

    Examples
    --------
    >>> import facula
    >>> facula.linalg.vecdot(facula.tensor([1j, 2.0]), facula.tensor([1j, 1.0]))
    tensor(3.+0.j)
    """
    for t in (x, y):
        if t._kind.dtype.category < dtypes.FLOAT:
            raise RuntimeError(f"linalg.vecdot: takes floating or complex tensors, but got "
                               f"{describe(t)}: convert it")
    return reduce.sum(complex_numbers.conj(x) * y, dim)  # type: ignore[operator]


@composite(space="linalg")
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Vandermonde matrices: the powers 0 to N - 1 of each element, in rows.

    Parameters
    ----------
    x : Tensor
        ``(..., n)``.
    N : int, optional
        The number of columns, at least 2; n by default.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.vander(facula.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    if not x.ndim:
        raise RuntimeError(f"linalg.vander: takes at least one dimension, but got {describe(x)}")
    N = x._data.shape[-1] if N is None else N
    if N < 2:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, but is {N}")
    return powers(x, N)


def powers(x: Tensor, count: int) -> Tensor:
    """The powers 0 to count - 1 of each element, in a new last dimension."""
    rest = cumulative.cumprod(
        shape.expand(shape.unsqueeze(x, -1), (*x._data.shape, max(count - 1, 0))), -1)
    ones = creation.ones((*x._data.shape, min(count, 1)), dtype=rest.dtype, device=x.device)
    return joining.cat((ones, rest), -1)


@composite(space="linalg")
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, a view: :func:`facula.diagonal` of the last two dimensions.

    Parameters
    ----------
    A : Tensor
    offset : int
        Above (positive) or below (negative) the main diagonal.
    dim1, dim2 : int
        The dimensions of the matrices.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.diagonal(facula.eye(2).expand(3, 2, 2)).shape
    facula.Size([3, 2])
    """
    return views.diagonal(A, offset, dim1, dim2)


@composite(space="linalg")
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product: the same as :func:`facula.matmul`."""
    return linalg.matmul(input, other)
