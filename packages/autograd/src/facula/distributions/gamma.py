"""The gamma distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core.ops.variates import log_gamma_variate
from facula.distributions import constraints
from facula.distributions.exp_family import ExponentialFamily
from facula.distributions.utils import broadcast_all

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """Density ``rate^c x^(c - 1) exp(-rate x) / Gamma(c)`` for x >= 0, with c the concentration.

    Parameters
    ----------
    concentration, rate : Tensor or float
        Positive.
    validate_args : bool, optional

    References
    ----------
    M. Figurnov et al., "Implicit reparameterization gradients", NeurIPS 2018.

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Gamma(1.0, 2.0).log_prob(facula.tensor(0.5))
    tensor(-0.3069)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate.pow(2)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        return self._expanded(batch_shape, _instance, Gamma, "concentration", "rate")

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        value = log_gamma_variate(self.concentration.expand(shape)).exp() / self.rate
        return value.clamp(min=core.finfo(value.dtype).tiny)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return (core.xlogy(self.concentration, self.rate)
                + core.xlogy(self.concentration - 1, value)
                - self.rate * value - core.lgamma(self.concentration))

    def cdf(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return core.igamma(self.concentration, self.rate * value)

    def entropy(self) -> Any:
        c = self.concentration
        return c - core.log(self.rate) + core.lgamma(c) + (1 - c) * core.digamma(c)

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, *natural_params: Any) -> Any:
        x, y = natural_params
        return core.lgamma(x + 1) + (x + 1) * core.log(-y.reciprocal())
