"""The Weibull distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import AffineTransform, PowerTransform
from facula.distributions.exponential import Exponential
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.utils import EULER, broadcast_all

__all__ = ["Weibull"]


class Weibull(TransformedDistribution):
    """Cumulative distribution ``1 - exp(-(x / scale)^concentration)`` for x > 0.

    Parameters
    ----------
    scale, concentration : Tensor or float
        Positive.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Weibull(1.0, 1.0).mean
    tensor(1.)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(core.ones_like(self.scale), validate_args=validate_args)
        super().__init__(base, self._chain(), validate_args=validate_args)

    def _chain(self) -> list[Any]:
        return [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(Weibull, _instance)
        for name in ("scale", "concentration", "concentration_reciprocal"):
            setattr(new, name, getattr(self, name).expand(batch_shape))
        new = super().expand(batch_shape, new)
        new.transforms = new._chain()
        return new

    @property
    def mean(self) -> Any:
        return self.scale * core.lgamma(1 + self.concentration_reciprocal).exp()

    @property
    def mode(self) -> Any:
        c = self.concentration.clamp(min=1)  # at 0 below
        return self.scale * ((c - 1) / c) ** c.reciprocal()

    @property
    def variance(self) -> Any:
        r = self.concentration_reciprocal
        return self.scale.pow(2) * (core.lgamma(1 + 2 * r).exp()
                                    - (2 * core.lgamma(1 + r)).exp())

    def entropy(self) -> Any:
        r = self.concentration_reciprocal
        return EULER * (1 - r) + (self.scale * r).log() + 1
