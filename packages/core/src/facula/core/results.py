"""The named tuples in which operations with several results return them."""

from __future__ import annotations

from typing import NamedTuple

from facula.core.tensor import Tensor


class ValuesIndices(NamedTuple):
    """Elements, and where along the dimension they stood."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor


class SignLogdet(NamedTuple):
    """The sign of a determinant and the logarithm of its size."""

    sign: Tensor
    logabsdet: Tensor


class Cholesky(NamedTuple):
    """A Cholesky factor, and 0 or the order of the minor that is not positive definite."""

    L: Tensor
    info: Tensor


class QR(NamedTuple):
    """An orthonormal and an upper triangular matrix."""

    Q: Tensor
    R: Tensor


class PLU(NamedTuple):
    """A permutation, a unit lower and an upper triangular matrix."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactors(NamedTuple):
    """L and U in one matrix, and the exchanges of rows, counted from 1."""

    LU: Tensor
    pivots: Tensor


class LUFactorsInfo(NamedTuple):
    """As :class:`LUFactors`, and 0 or the place of the first zero on U's diagonal."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class Eigen(NamedTuple):
    """Eigenvalues, and eigenvectors in columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SVD(NamedTuple):
    """Left singular vectors, singular values, and right singular vectors in rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class SVDColumns(NamedTuple):
    """As :class:`SVD`, but the right singular vectors stand in columns."""

    U: Tensor
    S: Tensor
    V: Tensor


class Solved(NamedTuple):
    """A solution, and 0 or the place of the first zero on U's diagonal."""

    result: Tensor
    info: Tensor


class Inverted(NamedTuple):
    """An inverse, and 0 or the place of the first zero on U's diagonal."""

    inverse: Tensor
    info: Tensor


class TriangularSolved(NamedTuple):
    """A solution, and the coefficients it belongs to."""

    solution: Tensor
    cloned_coefficient: Tensor


class LeastSquares(NamedTuple):
    """A solution with the sums of its squared errors, the ranks and the singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class LDLFactors(NamedTuple):
    """L and D in one matrix, and the exchanges of rows as LAPACK writes them."""

    LD: Tensor
    pivots: Tensor


class LDLFactorsInfo(NamedTuple):
    """As :class:`LDLFactors`, and 0 or the place of the first zero on D's diagonal."""

    LD: Tensor
    pivots: Tensor
    info: Tensor


class Packed(NamedTuple):
    """R and below it the Householder vectors, and their scales."""

    a: Tensor
    tau: Tensor


class MantissaExponent(NamedTuple):
    """A number between 1/2 and 1 (or -1/2 and -1), and the power of 2 that goes with it."""

    mantissa: Tensor
    exponent: Tensor


class Histogram(NamedTuple):
    """The counts in each bin, and the edges of the bins."""

    hist: Tensor
    bin_edges: Tensor


class HistogramDD(NamedTuple):
    """The counts in each bin, and the edges of the bins along each dimension."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]
