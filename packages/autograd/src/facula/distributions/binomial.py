"""The binomial distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.distributions import constraints
from facula.distributions.bijections import softplus
from facula.distributions.distribution import Distribution
from facula.distributions.odds import Odds
from facula.distributions.utils import (
    broadcast_all,
)

__all__ = ["Binomial"]


class Binomial(Odds, Distribution):
    """How many of several trials succeed: probability ``C(n, k) p^k (1 - p)^(n - k)``.

    Parameters
    ----------
    total_count : Tensor or int
        The number of trials n.
    probs : Tensor or float, optional
        The probability of success.
    logits : Tensor or float, optional
        Its log-odds; exactly one of the two is given.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Binomial(4, 0.5).log_prob(facula.tensor(2.0)).exp()
    tensor(0.3750)
    """

    arg_constraints = {"total_count": constraints.nonnegative_integer,
                       "probs": constraints.unit_interval, "logits": constraints.real}
    has_enumerate_support = True

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:
        self._take_counted(total_count, probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, Binomial, "total_count", "probs", "logits")

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with core.no_grad():
            return core.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        ways = core.lgamma(n + 1) - core.lgamma(value + 1) - core.lgamma(n - value + 1)
        return ways + value * logits - n * softplus(logits)

    def entropy(self) -> Any:
        largest = int(self.total_count.max())
        if not bool((self.total_count.min() == largest).all()):
            raise NotImplementedError("Inhomogeneous total count not supported by `entropy`.")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        largest = int(self.total_count.max())
        if not bool((self.total_count.min() == largest).all()):
            raise NotImplementedError(
                "Inhomogeneous total count not supported by `enumerate_support`.")
        values = core.arange(1 + largest, dtype=self._param.dtype, device=self._param.device)
        values = values.reshape((-1, *(1,) * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


def _counted(total_count: Any, parameter: Any) -> tuple[Any, Any]:
    """The number of trials in the parameter's dtype, both in one shape."""
    (parameter,) = broadcast_all(parameter)
    total_count, parameter = broadcast_all(total_count, parameter)
    return total_count.type_as(parameter), parameter
