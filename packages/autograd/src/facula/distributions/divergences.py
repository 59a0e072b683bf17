"""Kullback-Leibler divergences of distributions of one family; filled in at import."""

from __future__ import annotations

import math
from typing import Any

from facula import core
from facula.core import linalg
from facula.distributions.bernoulli import Bernoulli
from facula.distributions.beta import Beta
from facula.distributions.bijections import softplus
from facula.distributions.binomial import Binomial
from facula.distributions.categorical import Categorical
from facula.distributions.cauchy import Cauchy
from facula.distributions.continuous_bernoulli import ContinuousBernoulli
from facula.distributions.dirichlet import Dirichlet
from facula.distributions.exp_family import ExponentialFamily
from facula.distributions.exponential import Exponential
from facula.distributions.gamma import Gamma
from facula.distributions.geometric import Geometric
from facula.distributions.gumbel import Gumbel
from facula.distributions.half_normal import HalfNormal
from facula.distributions.independent import Independent
from facula.distributions.kl import kl_divergence, register_kl
from facula.distributions.laplace import Laplace
from facula.distributions.lowrank_multivariate_normal import (
    LowRankMultivariateNormal,
    lowrank_mahalanobis,
)
from facula.distributions.multivariate_normal import MultivariateNormal, batch_mahalanobis
from facula.distributions.normal import Normal
from facula.distributions.one_hot_categorical import OneHotCategorical
from facula.distributions.pareto import Pareto
from facula.distributions.poisson import Poisson
from facula.distributions.transformed_distribution import TransformedDistribution
from facula.distributions.uniform import Uniform
from facula.distributions.utils import EULER, sum_rightmost


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = core.where(q.probs == 0, math.inf, one)
    one = core.where(p.probs == 0, 0.0, one)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zero = core.where(q.probs == 1, math.inf, zero)
    return one + core.where(p.probs == 1, 0.0, zero)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    p1, p0, q1, q0 = (p.concentration1, p.concentration0, q.concentration1, q.concentration0)
    norms = (core.lgamma(q1) + core.lgamma(q0) + core.lgamma(p1 + p0)
             - core.lgamma(p1) - core.lgamma(p0) - core.lgamma(q1 + q0))
    return (norms + (p1 - q1) * core.digamma(p1) + (p0 - q0) * core.digamma(p0)
            + (q1 + q0 - p1 - p0) * core.digamma(p1 + p0))


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is "
                                  "not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return core.where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms = core.where(q.probs == 0, math.inf, terms)
    return core.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categorical(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    return (p.mean * (p.logits - q.logits) + p._log_norm() + (-p.probs).log1p()
            - q._log_norm() - (-q.probs).log1p())


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    norms = (core.lgamma(total) - core.lgamma(b.sum(-1))
             + (core.lgamma(b) - core.lgamma(a)).sum(-1))
    return norms + ((a - b) * (core.digamma(a) - core.digamma(total).unsqueeze(-1))).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: Any, q: Any) -> Any:
    if type(p) is not type(q):
        raise NotImplementedError("The cross KL-divergence between different exponential families "
                                  "cannot be computed using Bregman divergences")
    natural, normalizer, means = p._mean_statistics()
    result = q._log_normalizer(*q._natural_params) - normalizer
    for a, b, mean in zip(natural, q._natural_params, means, strict=True):
        # one parameter may be a number where another is a matrix (Wishart's)
        result = result - sum_rightmost((b - a) * mean, mean.ndim - len(p.batch_shape))
    return result


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    return (b * (p.rate / q.rate).log() + core.lgamma(b) - core.lgamma(a)
            + (a - b) * core.digamma(a) + (q.rate - p.rate) * (a / p.rate))


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio, apart = p.scale / q.scale, q.loc / q.scale
    shift = p.loc / q.scale
    return (-ratio.log() - apart + shift + ratio * EULER
            + (apart + core.lgamma(1 + ratio) - shift).exp() - (1 + EULER))


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio, apart = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + apart / q.scale + ratio * (-apart / p.scale).exp() - 1


def _mvn_half_log_det(d: Any) -> Any:
    return d._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _batch_trace_of_squares(factor: Any, x: Any) -> Any:
    """``trace((L L^T)^-1 X X^T)``."""
    batch = core.broadcast_shapes(factor.shape[:-2], x.shape[:-2])
    solved = linalg.solve_triangular(factor.expand((*batch, *factor.shape[-2:])),
                                          x.expand((*batch, *x.shape[-2:])), upper=False)
    return solved.square().sum((-2, -1))


def _same_length(p: Any, q: Any, what: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(f"KL-divergence between two {what} with different event shapes cannot be "
                         "computed")


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    _same_length(p, q, "Multivariate Normals")
    trace = _batch_trace_of_squares(q._unbroadcasted_scale_tril, p._unbroadcasted_scale_tril)
    distance = batch_mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return (_mvn_half_log_det(q) - _mvn_half_log_det(p)
            + 0.5 * (trace + distance - p.event_shape[0]))


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _lowrank_lowrank(p: Any, q: Any) -> Any:
    _same_length(p, q, "Low Rank Multivariate Normals")
    w, d = q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag
    distance = lowrank_mahalanobis(w, d, q.loc - p.loc, q._capacitance_tril)
    scaled = w.mT / d.unsqueeze(-2)  # trace of q's inverse covariance times p's, by Woodbury
    a = linalg.solve_triangular(q._capacitance_tril, scaled, upper=False)
    v, e = p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag
    trace = ((e / d).sum(-1) + (v * d.rsqrt().unsqueeze(-1)).pow(2).sum((-2, -1))
             - (a * e.sqrt().unsqueeze(-2)).pow(2).sum((-2, -1))
             - (a @ v).pow(2).sum((-2, -1)))
    return 0.5 * (q._log_det() - p._log_det() + distance + trace - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _normal_lowrank(p: Any, q: Any) -> Any:
    _same_length(p, q, "(Low Rank) Multivariate Normals")
    w, d = q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag
    distance = lowrank_mahalanobis(w, d, q.loc - p.loc, q._capacitance_tril)
    scaled = w.mT / d.unsqueeze(-2)
    a = linalg.solve_triangular(q._capacitance_tril, scaled, upper=False)
    factor = p._unbroadcasted_scale_tril
    trace = ((factor * d.rsqrt().unsqueeze(-1)).pow(2).sum((-2, -1))
             - (a @ factor).pow(2).sum((-2, -1)))
    return 0.5 * (q._log_det() - 2 * _mvn_half_log_det(p) + distance + trace - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _lowrank_normal(p: Any, q: Any) -> Any:
    _same_length(p, q, "(Low Rank) Multivariate Normals")
    factor = q._unbroadcasted_scale_tril
    distance = batch_mahalanobis(factor, q.loc - p.loc)
    trace = (_batch_trace_of_squares(factor, p._unbroadcasted_cov_factor)
             + _batch_trace_of_squares(factor, core.diag_embed(p._unbroadcasted_cov_diag.sqrt())))
    return 0.5 * (2 * _mvn_half_log_det(q) - p._log_det() + distance + trace - p.event_shape[0])


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Any:
    ratio, powers = p.scale / q.scale, q.alpha / p.alpha
    kl = q.alpha * ratio.log() - powers.log() + powers - 1
    return core.where(p.support.lower_bound < q.support.lower_bound, math.inf, kl)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("no divergence is known of distributions with different "
                                  "transforms")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    kl = ((q.high - q.low) / (p.high - p.low)).log()
    return core.where((q.low > p.low) | (q.high < p.high), math.inf, kl)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("no divergence is known of Independents with different "
                                  "reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    # F. Chyzak and F. Nielsen, 2019
    numerator = (p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)
    return (numerator / (4 * p.scale * q.scale)).log()
