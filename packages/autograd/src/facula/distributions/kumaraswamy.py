"""The Kumaraswamy distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import AffineTransform, PowerTransform
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.uniform import Uniform
from facula.distributions.utils import EULER, broadcast_all

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    """Cumulative distribution ``1 - (1 - x^a)^b`` in [0, 1], with a and b the concentrations.

    Parameters
    ----------
    concentration1, concentration0 : Tensor or float
        a and b, positive.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Kumaraswamy(1.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"concentration1": constraints.positive,
                       "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any,
                 validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        base = Uniform(core.zeros_like(self.concentration0), core.ones_like(self.concentration0),
                       validate_args=validate_args)
        super().__init__(base, self._chain(), validate_args=validate_args)

    def _chain(self) -> list[Any]:
        """From uniform numbers u to (1 - u^(1/b))^(1/a)."""
        return [PowerTransform(self.concentration0.reciprocal()), AffineTransform(1.0, -1.0),
                PowerTransform(self.concentration1.reciprocal())]

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(Kumaraswamy, _instance)
        new.concentration1 = self.concentration1.expand(batch_shape)
        new.concentration0 = self.concentration0.expand(batch_shape)
        new = super().expand(batch_shape, new)
        new.transforms = new._chain()
        return new

    def _moment(self, n: int) -> Any:
        """The mean of x^n: b B(1 + n / a, b)."""
        a, b = self.concentration1, self.concentration0
        x = 1 + n / a
        return (core.lgamma(x) + core.lgamma(b) - core.lgamma(x + b)).exp() * b

    @property
    def mean(self) -> Any:
        return self._moment(1)

    @property
    def mode(self) -> Any:
        a, b = self.concentration1, self.concentration0
        log_mode = ((a - 1) / (a * b - 1)).log() / a
        return core.where((a < 1) | (b < 1), math.nan, log_mode.exp())

    @property
    def variance(self) -> Any:
        return self._moment(2) - self.mean.pow(2)

    def entropy(self) -> Any:
        a, b = self.concentration1, self.concentration0
        harmonic = core.digamma(b + 1) + EULER
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()
