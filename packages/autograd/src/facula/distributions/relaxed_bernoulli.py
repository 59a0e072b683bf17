"""The relaxed Bernoulli distribution: numbers in (0, 1) that become 0 or 1 as it cools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import SigmoidTransform, softplus
from facula.distributions.distribution import Distribution
from facula.distributions.odds import Odds
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.utils import (
    broadcast_all,
    clamp_probs,
    uniform_open,
)

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(Odds, Distribution):
    """The log-odds of a relaxed Bernoulli number.

    Parameters
    ----------
    temperature : Tensor
        Positive.
    probs, logits : Tensor or float, optional
        As for :class:`facula.distributions.Bernoulli`.
    validate_args : bool, optional

    References
    ----------
    C. Maddison, A. Mnih and Y. W. Teh, "The concrete distribution", ICLR 2017.
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self.temperature = temperature
        self._take(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, LogitRelaxedBernoulli, "probs", "logits",
                              temperature=self.temperature)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(uniform_open(shape, probs))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        difference = logits - value * self.temperature
        return core.log(self.temperature) + difference - 2 * softplus(difference)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1), differentiable by the probability; cold ones are near 0 or 1.

    Parameters
    ----------
    temperature : Tensor
        Positive.
    probs, logits : Tensor or float, optional
        As for :class:`facula.distributions.Bernoulli`.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> d = facula.distributions.RelaxedBernoulli(facula.tensor(0.5), 0.3)
    >>> d.has_rsample, bool(0 < d.sample() < 1)
    (True, True)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        super().__init__(LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(),
                         validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(RelaxedBernoulli, _instance))

    @property
    def temperature(self) -> Any:
        """How far from 0 and 1 the numbers are."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The log-odds of success."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probability of success."""
        return self.base_dist.probs
