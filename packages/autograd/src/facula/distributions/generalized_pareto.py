"""The generalised Pareto distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.distribution import Distribution
from facula.distributions.utils import broadcast_all, uniform_open

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """Density ``(1 + concentration z)^(-1 / concentration - 1) / scale``, z = (x - loc) / scale.

    What exceeds a high threshold is distributed like this. Where the concentration is 0 it is
    the exponential distribution, below 0 it ends at ``loc - scale / concentration``.

    Parameters
    ----------
    loc : Tensor or float
        The threshold.
    scale : Tensor or float
        Positive.
    concentration : Tensor or float
        The tail's weight.
    validate_args : bool, optional

    References
    ----------
    J. Pickands, "Statistical inference using extreme order statistics", Annals of Statistics 3,
    1975.

    Examples
    --------
    >>> import facula
    >>> facula.distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive,
                       "concentration": constraints.real}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any,
                 validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, GeneralizedPareto, "loc", "scale",
                              "concentration")

    def _split(self) -> tuple[Any, Any]:
        """Where the concentration is 0, and the concentration with 1 there."""
        zero = self.concentration.abs() < core.finfo(self.loc.dtype).tiny
        return zero, core.where(zero, core.ones_like(self.concentration), self.concentration)

    def _survival(self, value: Any) -> Any:
        """The logarithm of the probability of what is above a value."""
        z = (value - self.loc) / self.scale
        zero, c = self._split()
        return core.where(zero, -z, -core.log1p(c * z) / c)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return (1 + self.concentration) * self._survival(value) - self.scale.log()

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return -self._survival(value).expm1()

    def icdf(self, value: Any) -> Any:
        above = -core.log1p(-value)
        zero, c = self._split()
        return self.loc + self.scale * core.where(zero, above, (c * above).expm1() / c)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self.icdf(uniform_open(self._extended_shape(sample_shape), self.loc))

    @property
    def mean(self) -> Any:
        c = self.concentration
        return core.where(c < 1, self.loc + self.scale / (1 - c), math.inf)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        c = self.concentration
        return core.where(c < 0.5, self.scale ** 2 / ((1 - c) ** 2 * (1 - 2 * c)), math.inf)

    def entropy(self) -> Any:
        return self.scale.log() + self.concentration + 1

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        _, c = self._split()
        end = core.where(self.concentration < 0, self.loc - self.scale / c, math.inf)
        return constraints.interval(self.loc, end)
