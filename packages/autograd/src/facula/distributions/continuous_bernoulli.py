"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import softplus
from facula.distributions.exp_family import ExponentialFamily
from facula.distributions.odds import Odds
from facula.distributions.utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    uniform_open,
)

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Odds, ExponentialFamily):
    """Density ``C(p) p^x (1 - p)^(1 - x)`` in [0, 1]: for pictures with grey values.

    Near p = 1/2, where C is 0/0, a Taylor series stands in.

    Parameters
    ----------
    probs : Tensor or float, optional
    logits : Tensor or float, optional
        The log-odds of p; exactly one of the two is given.
    lims : tuple of float
        Between which probabilities the Taylor series is used.
    validate_args : bool, optional

    References
    ----------
    G. Loaiza-Ganem and J. P. Cunningham, "The continuous Bernoulli: fixing a pervasive error in
    variational autoencoders", NeurIPS 2019.

    Examples
    --------
    >>> import facula
    >>> facula.distributions.ContinuousBernoulli(0.5).log_prob(facula.tensor(0.3))
    tensor(0.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None,
                 lims: tuple[float, float] = (0.499, 0.501),
                 validate_args: bool | None = None) -> None:
        self._lims = lims
        self._take(probs, logits)
        if probs is not None:
            if validate_args and not bool(constraints.unit_interval.check(self.probs).all()):
                raise ValueError("The parameter probs has invalid values")
            self.probs = clamp_probs(self.probs)
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, ContinuousBernoulli, "probs", "logits",
                              _lims=self._lims)

    @lazy_property
    def probs(self) -> Any:
        """The probability of x = 1 were it a Bernoulli number."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _outside(self) -> Any:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Any:
        """The probabilities, away from 1/2."""
        return core.where(self._outside(), self.probs, self._lims[0])

    def _log_norm(self) -> Any:
        """log C: log |2 atanh(1 - 2p) / (1 - 2p)|."""
        cut = self._cut_probs()
        apart = (1 - 2 * cut).abs()
        exact = ((-cut).log1p() - cut.log()).abs().log() - apart.log()
        x = (self.probs - 0.5).square()
        return core.where(self._outside(), exact, math.log(2.0) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Any:
        cut = self._cut_probs()
        exact = cut / (2 * cut - 1) + 1 / ((-cut).log1p() - cut.log())
        x = self.probs - 0.5
        return core.where(self._outside(), exact, 0.5 + (1 / 3 + 16 / 45 * x.square()) * x)

    @property
    def stddev(self) -> Any:
        return self.variance.sqrt()

    @property
    def variance(self) -> Any:
        cut = self._cut_probs()
        exact = cut * (cut - 1) / (1 - 2 * cut).square() + 1 / ((-cut).log1p() - cut.log()).square()
        x = (self.probs - 0.5).square()
        return core.where(self._outside(), exact, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self.icdf(uniform_open(self._extended_shape(sample_shape), self.probs))

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return value * logits - softplus(logits) + self._log_norm()

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        cut = self._cut_probs()
        exact = (cut.pow(value) * (1 - cut).pow(1 - value) + cut - 1) / (2 * cut - 1)
        inside = core.where(self._outside(), exact, value)
        return core.where(value <= 0, 0.0, core.where(value >= 1, 1.0, inside))

    def icdf(self, value: Any) -> Any:
        cut = self._cut_probs()
        exact = ((-cut + value * (2 * cut - 1)).log1p() - (-cut).log1p()) / (
            cut.log() - (-cut).log1p())
        return core.where(self._outside(), exact, value)

    def entropy(self) -> Any:
        return (self.mean * ((-self.probs).log1p() - self.probs.log())
                - self._log_norm() - (-self.probs).log1p())

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Any) -> Any:
        (x,) = natural_params
        low, high = self._lims[0] - 0.5, self._lims[1] - 0.5
        outside = (x <= low) | (x > high)
        cut = core.where(outside, x, low)
        exact = (cut.expm1().abs()).log() - cut.abs().log()
        return core.where(outside, exact, 0.5 * x + x.square() / 24 - x.pow(4) / 2880)
