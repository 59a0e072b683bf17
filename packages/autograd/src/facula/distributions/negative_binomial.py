"""The negative binomial distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import softplus
from facula.distributions.distribution import Distribution
from facula.distributions.gamma import Gamma
from facula.distributions.odds import Odds

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Odds, Distribution):
    """How many trials succeed before a number of failures.

    Parameters
    ----------
    total_count : Tensor or float
        The number of failures, not negative and not necessarily whole.
    probs : Tensor or float, optional
        The probability of success, in [0, 1).
    logits : Tensor or float, optional
        Its log-odds; exactly one of the two is given.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.NegativeBinomial(3.0, 0.5).mean
    tensor(3.)
    """

    arg_constraints = {"total_count": constraints.greater_than_eq(0),
                       "probs": constraints.half_open_interval(0.0, 1.0),
                       "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self._take_counted(total_count, probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, NegativeBinomial, "total_count", "probs",
                              "logits")

    @property
    def mean(self) -> Any:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.mean / core.sigmoid(-self.logits)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        with core.no_grad():
            rate = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
            return core.poisson(rate.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        weights = -n * softplus(logits) - value * softplus(-logits)
        ways = core.lgamma(n + value) - core.lgamma(1 + value) - core.lgamma(n)
        return weights + core.where(n + value == 0, 0.0, ways)
