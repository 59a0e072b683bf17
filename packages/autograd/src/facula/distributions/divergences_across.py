"""Kullback-Leibler divergences between distributions of different families; filled in at import.

Each is ``-H(p) - E_p[log q]``: the entropy of p and the mean, under p, of q's logarithm.
"""

from __future__ import annotations

import math
from typing import Any

from facula import core
from facula.distributions.bernoulli import Bernoulli
from facula.distributions.beta import Beta
from facula.distributions.binomial import Binomial
from facula.distributions.continuous_bernoulli import ContinuousBernoulli
from facula.distributions.exponential import Exponential
from facula.distributions.gamma import Gamma
from facula.distributions.gumbel import Gumbel
from facula.distributions.kl import register_kl
from facula.distributions.laplace import Laplace
from facula.distributions.normal import Normal
from facula.distributions.pareto import Pareto
from facula.distributions.poisson import Poisson
from facula.distributions.uniform import Uniform
from facula.distributions.utils import EULER


def _infinite(value: Any) -> Any:
    return core.full_like(value, math.inf)


# Where p reaches beyond q's support, the divergence is infinite.

_NEVER_WITHIN: list[tuple[type, type, str]] = [
    (Beta, Pareto, "concentration1"), (ContinuousBernoulli, Pareto, "probs"),
    (Exponential, Beta, "rate"), (Exponential, ContinuousBernoulli, "rate"),
    (Exponential, Pareto, "rate"), (Exponential, Uniform, "rate"),
    (Gamma, Beta, "concentration"), (Gamma, ContinuousBernoulli, "concentration"),
    (Gamma, Pareto, "concentration"), (Gamma, Uniform, "concentration"),
    (Gumbel, Beta, "loc"), (Gumbel, ContinuousBernoulli, "loc"), (Gumbel, Exponential, "loc"),
    (Gumbel, Gamma, "loc"), (Gumbel, Pareto, "loc"), (Gumbel, Uniform, "loc"),
    (Laplace, Beta, "loc"), (Laplace, ContinuousBernoulli, "loc"), (Laplace, Exponential, "loc"),
    (Laplace, Gamma, "loc"), (Laplace, Pareto, "loc"), (Laplace, Uniform, "loc"),
    (Normal, Beta, "loc"), (Normal, ContinuousBernoulli, "loc"), (Normal, Exponential, "loc"),
    (Normal, Gamma, "loc"), (Normal, Pareto, "loc"), (Normal, Uniform, "loc"),
    (Pareto, Beta, "scale"), (Pareto, ContinuousBernoulli, "scale"), (Pareto, Uniform, "scale"),
    (Poisson, Bernoulli, "rate"), (Poisson, Binomial, "rate"),
]


def _register_infinite(type_p: type, type_q: type, parameter: str) -> None:
    @register_kl(type_p, type_q)
    def infinite(p: Any, q: Any) -> Any:
        return _infinite(getattr(p, parameter))


for _entry in _NEVER_WITHIN:
    _register_infinite(*_entry)


# E_p[log q] for q of an exponential type needs few moments of p.


def _log_normal_density(q: Any, mean: Any, square: Any) -> Any:
    """The mean of a normal log-density, from the first two moments of x."""
    return (-0.5 * (square - 2 * q.loc * mean + q.loc.pow(2)) / q.scale.pow(2)
            - q.scale.log() - 0.5 * math.log(2 * math.pi))


def _square(p: Any) -> Any:
    return p.variance + p.mean.pow(2)


def _gamma_density(q: Any, log_mean: Any, mean: Any) -> Any:
    return (q.concentration * q.rate.log() + (q.concentration - 1) * log_mean - q.rate * mean
            - core.lgamma(q.concentration))


def _beta_density(q: Any, log_mean: Any, log1m_mean: Any) -> Any:
    a, b = q.concentration1, q.concentration0
    return ((a - 1) * log_mean + (b - 1) * log1m_mean + core.lgamma(a + b) - core.lgamma(a)
            - core.lgamma(b))


def _beta_logs(p: Any) -> tuple[Any, Any]:
    """The means of log x and of log(1 - x) of a beta number."""
    a, b = p.concentration1, p.concentration0
    total = core.digamma(a + b)
    return core.digamma(a) - total, core.digamma(b) - total


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: Any) -> Any:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._log_norm()


@register_kl(Beta, Exponential)
def _beta_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Any, q: Any) -> Any:
    return -p.entropy() - _gamma_density(q, _beta_logs(p)[0], p.mean)


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _any_normal(p: Any, q: Any) -> Any:
    return -p.entropy() - _log_normal_density(q, p.mean, _square(p))


def _unit_uniform(p: Any, q: Any) -> Any:
    """For p on [0, 1]."""
    kl = -p.entropy() + (q.high - q.low).log()
    return core.where((q.low > 0) | (q.high < 1), math.inf, kl)


register_kl(Beta, Uniform)(_unit_uniform)
register_kl(ContinuousBernoulli, Uniform)(_unit_uniform)


@register_kl(ContinuousBernoulli, Exponential)
def _continuous_bernoulli_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Any, q: Any) -> Any:
    return -p.entropy() - _gamma_density(q, -EULER - p.rate.log(), p.mean)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Any, q: Any) -> Any:
    rate = p.rate * q.scale
    shift = q.loc / q.scale
    # E exp(-(x - loc) / scale) = exp(loc / scale) rate / (rate + 1)
    return -p.entropy() + q.scale.log() + 1 / rate - shift + shift.exp() * rate / (rate + 1)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Any, q: Any) -> Any:
    rate, shift = p.rate * q.scale, q.loc / q.scale
    # E exp(-x / scale) is the moment generating function at -1 / scale
    return (-p.entropy() + q.scale.log() + p.concentration / rate - shift
            + (shift - p.concentration * (1 + rate.reciprocal()).log()).exp())


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Any, q: Any) -> Any:
    mean, spread = (p.loc - q.loc) / q.scale, (p.scale / q.scale).pow(2)
    return -p.entropy() + q.scale.log() + mean + (-mean + 0.5 * spread).exp()


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Any:
    apart = p.loc - q.loc
    z = apart / p.scale
    # the mean of a folded normal number
    folded = (math.sqrt(2 / math.pi) * p.scale * (-0.5 * z.pow(2)).exp()
              + apart * core.erf(math.sqrt(0.5) * z))
    return -p.entropy() + (2 * q.scale).log() + folded / q.scale


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Any, q: Any) -> Any:
    kl = -p.entropy() - q.rate.log() + q.rate * p.mean
    return core.where(p.alpha <= 1, math.inf, kl)


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Any, q: Any) -> Any:
    kl = -p.entropy() - _gamma_density(q, p.scale.log() + p.alpha.reciprocal(), p.mean)
    return core.where(p.alpha <= 1, math.inf, kl)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Any, q: Any) -> Any:
    return core.where(p.alpha <= 2, math.inf, _any_normal(p, q))


def _x_log_x(x: Any) -> Any:
    return core.xlogy(x, x)


@register_kl(Uniform, Beta)
def _uniform_beta(p: Any, q: Any) -> Any:
    width = p.high - p.low
    log_mean = (_x_log_x(p.high) - _x_log_x(p.low)) / width - 1
    log1m_mean = (_x_log_x(1 - p.low) - _x_log_x(1 - p.high)) / width - 1
    kl = -p.entropy() - _beta_density(q, log_mean, log1m_mean)
    return core.where((p.high > 1) | (p.low < 0), math.inf, kl)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Any, q: Any) -> Any:
    kl = -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._log_norm()
    return core.where((p.high > 1) | (p.low < 0), math.inf, kl)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Any, q: Any) -> Any:
    kl = -p.entropy() - q.rate.log() + q.rate * p.mean
    return core.where(p.low < 0, math.inf, kl)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Any, q: Any) -> Any:
    log_mean = (_x_log_x(p.high) - _x_log_x(p.low)) / (p.high - p.low) - 1
    return core.where(p.low < 0, math.inf, -p.entropy() - _gamma_density(q, log_mean, p.mean))


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Any, q: Any) -> Any:
    low, high = (p.low - q.loc) / q.scale, (p.high - q.loc) / q.scale
    mean = 0.5 * (low + high)
    return -p.entropy() + q.scale.log() + mean + ((-low).exp() - (-high).exp()) / (high - low)


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Any:
    log_mean = (_x_log_x(p.high) - _x_log_x(p.low)) / (p.high - p.low) - 1
    kl = (-p.entropy() - q.alpha.log() - q.alpha * q.scale.log() + (q.alpha + 1) * log_mean)
    return core.where(p.low < q.support.lower_bound, math.inf, kl)
