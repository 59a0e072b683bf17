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

    def _mean_statistics(self) -> tuple[list[Any], Any, list[Any]]:
        """Natural parameters, F of them, and its derivatives: the means of t(x).

        They are part of the graph as far as the distribution's parameters are.
        """
        given = self._natural_params
        recorded = core.is_grad_enabled() and any(p.requires_grad for p in given)
        with core.enable_grad():
            natural = [p if recorded and p.requires_grad else p.detach().requires_grad_()
                       for p in given]
            normalizer = self._log_normalizer(*natural)
            gradients = autograd.grad(normalizer.sum(), natural, create_graph=recorded)
        if recorded:
            return natural, normalizer, list(gradients)
        return [p.detach() for p in natural], normalizer.detach(), list(gradients)

    def entropy(self) -> Any:
        """``F(theta) - <theta, dF/dtheta> - E[k(x)]``, by differentiation."""
        natural, normalizer, means = self._mean_statistics()
        result = -self._mean_carrier_measure + normalizer
        for p, mean in zip(natural, means, strict=True):
            result = result - sum_rightmost(p * mean, p.ndim - len(self.batch_shape))
        return result
