"""The absolute value of a number whose distribution is symmetric about 0."""

from __future__ import annotations

import math
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import AbsTransform
from facula.distributions.distribution import Distribution
from facula.distributions.transformed_distribution import TransformedDistribution


class Folded(TransformedDistribution):
    """What half distributions share; the base has a `scale`."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, base: Distribution, validate_args: bool | None) -> None:
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Any:
        """The base's scale."""
        return self.base_dist.scale

    @property
    def mode(self) -> Any:
        return core.zeros_like(self.scale)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        result = self.base_dist.log_prob(value) + math.log(2)
        return core.where(value >= 0, result, -math.inf)

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Any) -> Any:
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Any:
        return self.base_dist.entropy() - math.log(2)
