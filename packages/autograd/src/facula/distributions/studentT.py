"""Student's t-distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.chi2 import Chi2
from facula.distributions.distribution import Distribution
from facula.distributions.utils import broadcast_all, standard_normal

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Density proportional to ``(1 + ((x - loc) / scale)^2 / df)^(-(df + 1) / 2)``.

    Parameters
    ----------
    df : Tensor or float
        Degrees of freedom, positive.
    loc, scale : Tensor or float
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.StudentT(4.0).variance
    tensor(2.)
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real,
                       "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0,
                 validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df, validate_args=validate_args)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return core.where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        finite = self.scale.pow(2) * self.df / (self.df - 2)
        return core.where(self.df > 2, finite, core.where(self.df > 1, math.inf, math.nan))

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, StudentT, "df", "loc", "scale",
                              _chi2=self._chi2.expand(batch_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        z = standard_normal(self._extended_shape(sample_shape), self.df)
        return self.loc + self.scale * z * core.rsqrt(self._chi2.rsample(sample_shape) / self.df)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        return (-0.5 * (self.df + 1) * core.log1p(y ** 2 / self.df) - self.scale.log()
                - 0.5 * self.df.log() - 0.5 * math.log(math.pi)
                - core.lgamma(0.5 * self.df) + core.lgamma(0.5 * (self.df + 1)))

    def entropy(self) -> Any:
        half = 0.5 * self.df
        log_beta = core.lgamma(half) + math.lgamma(0.5) - core.lgamma(half + 0.5)
        return (self.scale.log() + (half + 0.5) * (core.digamma(half + 0.5) - core.digamma(half))
                + 0.5 * self.df.log() + log_beta)
