"""Exponential families: their entropy is a Bregman divergence of the log-normaliser."""

from __future__ import annotations

from typing import Any

from facula import autograd, core
from facula.distributions.distribution import Distribution
from facula.distributions.utils import sum_rightmost

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """Densities ``exp(<t(x), theta> - F(theta) + k(x))`` with natural parameters theta.

    A subclass offers ``_natural_params``, ``_log_normalizer`` (F) and
    ``_mean_carrier_measure`` (the mean of k); then the entropy, and the Kullback-Leibler
    divergence from another of its kind, follow by differentiation.

    References
    ----------
    F. Nielsen and R. Nock, "Entropies and cross-entropies of exponential families", ICIP 2010.
    """

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Any:
        """``F(theta) - <theta, dF/dtheta> - E[k(x)]``, by differentiation."""
        with core.enable_grad():
            natural = [p.detach().requires_grad_() for p in self._natural_params]
            normalizer = self._log_normalizer(*natural)
            gradients = autograd.grad(normalizer.sum(), natural, create_graph=True)
        result = -self._mean_carrier_measure + normalizer
        for p, g in zip(natural, gradients, strict=True):
            result = result - sum_rightmost(p * g, len(self.event_shape))
        return result
