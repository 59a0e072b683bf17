"""The Dirichlet distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core.ops.variates import log_gamma_variate
from facula.distributions import constraints
from facula.distributions.exp_family import ExponentialFamily

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """Density ``Gamma(sum c) / prod Gamma(c_i) prod x_i^(c_i - 1)`` on the simplex.

    Parameters
    ----------
    concentration : Tensor
        Positive; the last dimension makes up one distribution.
    validate_args : bool, optional

    Examples
    --------
    >>> import facula
    >>> facula.distributions.Dirichlet(facula.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:],
                         validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        concentration = self.concentration.expand((*batch_shape, *self.event_shape))
        return self._expanded(batch_shape, _instance, Dirichlet, concentration=concentration)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        # gamma variates divided by their sum, by their logarithms: small ones do not vanish
        shape = self._extended_shape(sample_shape)
        logs = log_gamma_variate(self.concentration.expand(shape))
        return core.softmax(logs, -1)

    def log_prob(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        c = self.concentration
        return (core.xlogy(c - 1, value).sum(-1) + core.lgamma(c.sum(-1))
                - core.lgamma(c).sum(-1))

    @property
    def mean(self) -> Any:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Any:
        above = (self.concentration - 1).clamp(min=0)
        mode = above / above.sum(-1, True)
        # with all below 1 every corner is a peak: the first, as PyTorch
        corners = (self.concentration < 1).all(-1, True)
        first = core.zeros_like(mode)
        first[..., 0] = 1
        return core.where(corners, first, mode)

    @property
    def variance(self) -> Any:
        c = self.concentration
        total = c.sum(-1, True)
        return c * (total - c) / (total.pow(2) * (total + 1))

    def entropy(self) -> Any:
        c = self.concentration
        k, total = c.shape[-1], c.sum(-1)
        return (core.lgamma(c).sum(-1) - core.lgamma(total) - (k - total) * core.digamma(total)
                - ((c - 1) * core.digamma(c)).sum(-1))

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.concentration,)

    def _log_normalizer(self, *natural_params: Any) -> Any:
        (x,) = natural_params
        return core.lgamma(x).sum(-1) - core.lgamma(x.sum(-1))
