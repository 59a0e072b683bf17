"""The Wishart distribution of random covariance matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core import linalg
from facula.distributions import constraints
from facula.distributions.chi2 import Chi2
from facula.distributions.exp_family import ExponentialFamily
from facula.distributions.multivariate_normal import precision_to_scale_tril
from facula.distributions.utils import lazy_property, standard_normal

__all__ = ["Wishart"]


def multidigamma(x: Any, p: int) -> Any:
    """The derivative of ``mvlgamma``: the sum of ``digamma(x - j / 2)`` for j below p."""
    steps = core.arange(p, dtype=x.dtype, device=x.device)
    return core.digamma(x.unsqueeze(-1) - steps / 2).sum(-1)


def mvlgamma(x: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    steps = core.arange(p, dtype=x.dtype, device=x.device)
    return (0.25 * p * (p - 1) * math.log(math.pi)
            + core.lgamma(x.unsqueeze(-1) - steps / 2).sum(-1))


class Wishart(ExponentialFamily):
    """Sums of ``df`` outer products of normal vectors: random positive definite matrices.

    Parameters
    ----------
    df : Tensor or float
        Degrees of freedom, above the matrices' size less 1.
    covariance_matrix : Tensor, optional
        The vectors' covariance.
    precision_matrix : Tensor, optional
        Its inverse.
    scale_tril : Tensor, optional
        Its Cholesky factor; exactly one of the three is given.
    validate_args : bool, optional

    Raises
    ------
    ValueError
        If none or several of the three are given, or df is too small.

    References
    ----------
    M. S. Bartlett, "On the theory of statistical regression", 1933 (the decomposition from which
    samples are drawn).

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Wishart(3.0, facula.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, df: Any, covariance_matrix: Any = None, precision_matrix: Any = None,
                 scale_tril: Any = None, validate_args: bool | None = None) -> None:
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
                 "scale_tril": scale_tril}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril "
                             "may be specified.")
        ((name, matrix),) = given.items()
        if matrix.ndim < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading "
                             "batch dimensions")
        df = core.as_tensor(df, dtype=matrix.dtype, device=matrix.device)
        batch_shape = tuple(core.broadcast_shapes(matrix.shape[:-2], df.shape))
        event_shape = matrix.shape[-2:]
        if bool((df <= event_shape[-1] - 1).any()):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = "
                             f"{event_shape[-1] - 1}.")
        self.df = df.expand(batch_shape)
        setattr(self, name, matrix.expand((*batch_shape, *event_shape)))
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = scale_tril
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = linalg.cholesky(covariance_matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(precision_matrix)
        self._chi2 = self._diagonal_chi2()

    def _diagonal_chi2(self) -> Any:
        n = self._event_shape[-1]
        steps = core.arange(n, dtype=self.df.dtype, device=self.df.device)
        return Chi2(self.df.unsqueeze(-1) - steps)

    @property
    def arg_constraints(self) -> dict[str, Any]:
        return {"covariance_matrix": constraints.positive_definite,
                "precision_matrix": constraints.positive_definite,
                "scale_tril": constraints.lower_cholesky,
                "df": constraints.greater_than(self._event_shape[-1] - 1)}

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        shape = (*batch_shape, *self.event_shape)
        matrices = {name: self.__dict__[name].expand(shape)
                    for name in ("covariance_matrix", "scale_tril", "precision_matrix")
                    if name in self.__dict__}
        new = self._expanded(batch_shape, _instance, Wishart, "df",
                             _unbroadcasted_scale_tril=self._unbroadcasted_scale_tril, **matrices)
        new._chi2 = new._diagonal_chi2()
        return new

    def _full(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        """The covariance's Cholesky factor."""
        return self._full(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The vectors' covariance."""
        factor = self._unbroadcasted_scale_tril
        return self._full(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the vectors' covariance."""
        factor = self._unbroadcasted_scale_tril
        identity = core.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)
        inverse = linalg.solve_triangular(factor, identity.expand(factor.shape), upper=False)
        return self._full(inverse.mT @ inverse)

    def _df(self) -> Any:
        return self.df.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Any:
        return self._df() * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor = core.where(factor <= 0, math.nan, factor)
        return factor.reshape((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self._df() * (v.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def rsample(self, sample_shape: Sequence[int] = (), max_try_correction: Any = None) -> Any:
        """Random matrices; ``max_try_correction`` is accepted for PyTorch's sake."""
        # Bartlett's decomposition: chi-distributed diagonal, normal numbers below
        shape = self._extended_shape(sample_shape)
        noise = standard_normal(shape, self.df).tril(-1)
        lower = noise + core.diag_embed(self._chi2.rsample(sample_shape).clamp(
            min=core.finfo(self.df.dtype).tiny).sqrt())
        chol = self._unbroadcasted_scale_tril @ lower
        return chol @ chol.mT

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        df, p = self.df, self._event_shape[-1]
        factor = self._unbroadcasted_scale_tril
        log_det = linalg.slogdet(value).logabsdet
        inner = linalg.solve_triangular(factor, value.expand(core.broadcast_shapes(
            value.shape, factor.shape)), upper=False)
        inner = linalg.solve_triangular(factor, inner.mT, upper=False)
        trace = inner.diagonal(dim1=-2, dim2=-1).sum(-1)
        return (-df * (p * math.log(2.0) / 2 + self._half_log_det()) - mvlgamma(df / 2, p)
                + (df - p - 1) / 2 * log_det - trace / 2)

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def entropy(self) -> Any:
        df, p = self.df, self._event_shape[-1]
        return ((p + 1) * (p * math.log(2.0) / 2 + self._half_log_det()) + mvlgamma(df / 2, p)
                - (df - p - 1) / 2 * multidigamma(df / 2, p) + df * p / 2)

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, *natural_params: Any) -> Any:
        x, y = natural_params
        p = self._event_shape[-1]
        log_det = linalg.slogdet(-2 * x).logabsdet
        return ((y + (p + 1) / 2) * (p * math.log(2.0) - log_det)
                + mvlgamma(y + (p + 1) / 2, p))
