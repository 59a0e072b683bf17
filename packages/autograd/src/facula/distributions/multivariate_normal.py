"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core import linalg
from facula.distributions import constraints
from facula.distributions.distribution import Distribution
from facula.distributions.utils import lazy_property, standard_normal

__all__ = ["MultivariateNormal"]


def batch_mv(matrix: Any, vector: Any) -> Any:
    """Products of matrices and vectors, with broadcast batches."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def batch_mahalanobis(factor: Any, x: Any) -> Any:
    """``x^T (L L^T)^-1 x`` for lower triangular L and vectors x, with broadcast batches."""
    n = x.shape[-1]
    batch = core.broadcast_shapes(factor.shape[:-2], x.shape[:-1])
    extra = tuple(batch)[:len(batch) - (factor.ndim - 2)]
    if not any(size > 1 for size in extra):  # one solution per vector
        solved = linalg.solve_triangular(
            factor, x.expand((*batch, n)).unsqueeze(-1), upper=False).squeeze(-1)
        return solved.square().sum(-1)
    inner = tuple(batch)[len(extra):]  # many vectors per factor: as columns of one system
    columns = x.expand((*batch, n)).reshape(-1, *inner, n)
    order = (*range(1, columns.ndim), 0)
    solved = linalg.solve_triangular(factor, columns.permute(order), upper=False)
    squares = solved.square().sum(-2)
    back = (squares.ndim - 1, *range(squares.ndim - 1))
    return squares.permute(back).reshape(batch)


def precision_to_scale_tril(precision: Any) -> Any:
    """The Cholesky factor of a precision matrix's inverse."""
    # the factor of the matrix read backwards, read backwards, is upper triangular: P = U U^T
    reverse = linalg.cholesky(precision.flip((-2, -1)))
    upper = reverse.flip((-2, -1)).mT
    identity = core.eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return linalg.solve_triangular(upper, identity.expand(precision.shape), upper=False)


class MultivariateNormal(Distribution):
    """Normal vectors with a mean and a covariance.

    Parameters
    ----------
    loc : Tensor
        The mean.
    covariance_matrix : Tensor, optional
        Positive definite.
    precision_matrix : Tensor, optional
        Its inverse.
    scale_tril : Tensor, optional
        Its Cholesky factor, the fastest; exactly one of the three is given.
    validate_args : bool, optional

    Raises
    ------
    ValueError
        If none or several of the three are given, or a shape does not fit.

    Examples
    --------
    >>> import facula
    >>> d = facula.distributions.MultivariateNormal(facula.zeros(2), facula.eye(2))
    >>> d.log_prob(facula.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {"loc": constraints.real_vector,
                       "covariance_matrix": constraints.positive_definite,
                       "precision_matrix": constraints.positive_definite,
                       "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None,
                 scale_tril: Any = None, validate_args: bool | None = None) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
                 "scale_tril": scale_tril}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril "
                             "may be specified.")
        ((name, matrix),) = given.items()
        if matrix.ndim < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading "
                             "batch dimensions")
        batch_shape = tuple(core.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        setattr(self, name, matrix.expand((*batch_shape, *matrix.shape[-2:])))
        self.loc = loc.expand((*batch_shape, loc.shape[-1]))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = scale_tril
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(covariance_matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(precision_matrix)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        n = self.event_shape[0]
        matrices = {name: self.__dict__[name].expand((*batch_shape, n, n))
                    for name in ("covariance_matrix", "scale_tril", "precision_matrix")
                    if name in self.__dict__}
        return self._expanded(batch_shape, _instance, MultivariateNormal,
                              loc=self.loc.expand((*batch_shape, n)),
                              _unbroadcasted_scale_tril=self._unbroadcasted_scale_tril, **matrices)

    def _full(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        """The covariance's Cholesky factor."""
        return self._full(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        factor = self._unbroadcasted_scale_tril
        return self._full(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        factor = self._unbroadcasted_scale_tril
        identity = core.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)
        inverse = linalg.solve_triangular(factor, identity.expand(factor.shape), upper=False)
        return self._full(inverse.mT @ inverse)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(
            (*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + batch_mv(self._unbroadcasted_scale_tril, noise)

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        distance = batch_mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Any:
        n = self._event_shape[0]
        entropy = 0.5 * n * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return entropy.expand(self._batch_shape)
