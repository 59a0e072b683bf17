"""The Gumbel distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import AffineTransform, ExpTransform
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.uniform import Uniform
from facula.distributions.utils import EULER, broadcast_all

__all__ = ["Gumbel"]


class Gumbel(TransformedDistribution):
    """The largest of many: cumulative distribution ``exp(-exp(-(x - loc) / scale))``.

    Parameters
    ----------
    loc : Tensor or float
        The mode.
    scale : Tensor or float
        Positive.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Gumbel(0.0, 1.0).mean
    tensor(0.5772)
    """

    arg_constraints: Any = {"loc": constraints.real, "scale": constraints.positive}
    support: Any = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        info = core.finfo(self.loc.dtype)
        tiny, one = core.full_like(self.loc, info.tiny), core.full_like(self.loc, 1 - info.eps)
        base = Uniform(tiny, one, validate_args=validate_args)
        super().__init__(base, self._chain(), validate_args=validate_args)

    def _chain(self) -> list[Any]:
        """From uniform numbers u to loc - scale log(-log u)."""
        return [ExpTransform().inv, AffineTransform(0, -core.ones_like(self.scale)),
                ExpTransform().inv, AffineTransform(self.loc, -self.scale)]

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = self._get_checked_instance(Gumbel, _instance)
        new.loc, new.scale = self.loc.expand(batch_shape), self.scale.expand(batch_shape)
        new = super().expand(batch_shape, new)
        new.transforms = new._chain()
        return new

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return (-((self.loc - value) / self.scale).exp()).exp()

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Any:
        return self.stddev.pow(2)

    def entropy(self) -> Any:
        return self.scale.log() + (1 + EULER)
