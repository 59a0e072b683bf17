"""Distributions, transforms, constraints and divergences agree with PyTorch's."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

RNG = np.random.default_rng(0)
POSITIVE = RNG.uniform(0.5, 3.0, size=(2, 3))
OTHER = RNG.uniform(0.5, 3.0, size=(2, 3))
REAL = RNG.normal(size=(2, 3))
PROBS = RNG.uniform(0.1, 0.9, size=(2, 3))
MATRIX = RNG.normal(size=(2, 3, 3))
COVARIANCE = MATRIX @ MATRIX.transpose(0, 2, 1) + 0.5 * np.eye(3)
FACTOR = np.linalg.cholesky(COVARIANCE)
COUNTS = np.array([[0.0, 1, 2], [3, 1, 0]])
UNIT = RNG.uniform(0.05, 0.95, size=(2, 3))
SIMPLEX = UNIT / UNIT.sum(-1, keepdims=True)
CORRELATION = FACTOR / np.linalg.norm(FACTOR, axis=-1, keepdims=True)

# name: (a distribution from the library D and the function t that makes tensors, a value)
CASES = {
    "Normal": (lambda D, t: D.Normal(t(REAL), t(POSITIVE)), REAL[::-1]),
    "Laplace": (lambda D, t: D.Laplace(t(REAL), t(POSITIVE)), REAL[::-1]),
    "Cauchy": (lambda D, t: D.Cauchy(t(REAL), t(POSITIVE)), REAL[::-1]),
    "Uniform": (lambda D, t: D.Uniform(t(-POSITIVE), t(OTHER)), REAL * 0.2),
    "Exponential": (lambda D, t: D.Exponential(t(POSITIVE)), OTHER),
    "Gamma": (lambda D, t: D.Gamma(t(POSITIVE), t(OTHER)), OTHER),
    "Chi2": (lambda D, t: D.Chi2(t(POSITIVE)), OTHER),
    "Beta": (lambda D, t: D.Beta(t(POSITIVE), t(OTHER)), UNIT),
    "Dirichlet": (lambda D, t: D.Dirichlet(t(POSITIVE)), SIMPLEX),
    "Dirichlet of corners": (lambda D, t: D.Dirichlet(t(POSITIVE * 0.3)), SIMPLEX),
    "StudentT": (lambda D, t: D.StudentT(t(POSITIVE + 1), t(REAL), t(OTHER)), REAL[::-1]),
    "StudentT of heavy tails": (lambda D, t: D.StudentT(t(PROBS), t(REAL), t(OTHER)), REAL),
    "FisherSnedecor": (lambda D, t: D.FisherSnedecor(t(POSITIVE * 2), t(OTHER * 4)), POSITIVE),
    "Gumbel": (lambda D, t: D.Gumbel(t(REAL), t(POSITIVE)), REAL[::-1]),
    "HalfNormal": (lambda D, t: D.HalfNormal(t(POSITIVE)), OTHER),
    "HalfCauchy": (lambda D, t: D.HalfCauchy(t(POSITIVE)), OTHER),
    "LogNormal": (lambda D, t: D.LogNormal(t(REAL), t(POSITIVE)), OTHER),
    "LogisticNormal": (lambda D, t: D.LogisticNormal(t(REAL[:, :2]), t(POSITIVE[:, :2])), SIMPLEX),
    "Pareto": (lambda D, t: D.Pareto(t(POSITIVE), t(OTHER)), POSITIVE + 1),
    "Weibull": (lambda D, t: D.Weibull(t(POSITIVE), t(OTHER)), OTHER),
    "Kumaraswamy": (lambda D, t: D.Kumaraswamy(t(POSITIVE), t(OTHER)), UNIT),
    "InverseGamma": (lambda D, t: D.InverseGamma(t(POSITIVE), t(OTHER)), OTHER),
    "GeneralizedPareto": (
        lambda D, t: D.GeneralizedPareto(t(REAL), t(POSITIVE), t(REAL[::-1])), REAL + 0.1),
    "Bernoulli": (lambda D, t: D.Bernoulli(t(PROBS)), np.round(UNIT)),
    "Bernoulli of logits": (lambda D, t: D.Bernoulli(logits=t(REAL)), np.round(UNIT)),
    "Geometric": (lambda D, t: D.Geometric(t(PROBS)), COUNTS),
    "Geometric of logits": (lambda D, t: D.Geometric(logits=t(REAL)), COUNTS),
    "Binomial": (lambda D, t: D.Binomial(4, t(PROBS)), COUNTS),
    "Binomial of logits": (lambda D, t: D.Binomial(t(COUNTS + 2), logits=t(REAL)), COUNTS),
    "NegativeBinomial": (lambda D, t: D.NegativeBinomial(t(POSITIVE), t(PROBS)), COUNTS),
    "NegativeBinomial of logits": (
        lambda D, t: D.NegativeBinomial(t(POSITIVE), logits=t(REAL)), COUNTS),
    "Poisson": (lambda D, t: D.Poisson(t(POSITIVE)), COUNTS),
    "Categorical": (lambda D, t: D.Categorical(t(POSITIVE)), np.array([2.0, 0.0])),
    "Categorical of logits": (lambda D, t: D.Categorical(logits=t(REAL)), np.array([1.0, 2.0])),
    "OneHotCategorical": (lambda D, t: D.OneHotCategorical(t(POSITIVE)), np.eye(3)[:2]),
    "OneHotCategoricalStraightThrough": (
        lambda D, t: D.OneHotCategoricalStraightThrough(logits=t(REAL)), np.eye(3)[:2]),
    "Multinomial": (lambda D, t: D.Multinomial(4, t(POSITIVE)), COUNTS + [[1, 0, 0], [0, 0, 0]]),
    "ContinuousBernoulli": (lambda D, t: D.ContinuousBernoulli(t(PROBS)), UNIT),
    "ContinuousBernoulli near 1/2": (
        lambda D, t: D.ContinuousBernoulli(t(0.5 + 3e-4 * REAL)), UNIT),
    "RelaxedBernoulli": (
        lambda D, t: D.RelaxedBernoulli(t(np.array(0.7)), t(PROBS)), UNIT),
    "RelaxedOneHotCategorical": (
        lambda D, t: D.RelaxedOneHotCategorical(t(np.array(0.7)), t(POSITIVE)), SIMPLEX),
    "MultivariateNormal": (
        lambda D, t: D.MultivariateNormal(t(REAL), t(COVARIANCE)), REAL[::-1]),
    "MultivariateNormal of precisions": (
        lambda D, t: D.MultivariateNormal(t(REAL), precision_matrix=t(COVARIANCE)), REAL[::-1]),
    "MultivariateNormal of factors": (
        lambda D, t: D.MultivariateNormal(t(REAL[0]), scale_tril=t(FACTOR)), REAL[::-1]),
    "LowRankMultivariateNormal": (
        lambda D, t: D.LowRankMultivariateNormal(t(REAL), t(MATRIX[:, :, :2]), t(POSITIVE)),
        REAL[::-1]),
    "Wishart": (lambda D, t: D.Wishart(t(np.array([4.0, 5.5])), t(COVARIANCE)), COVARIANCE[::-1]),
    "Wishart of precisions": (
        lambda D, t: D.Wishart(t(np.array([4.0, 5.5])), precision_matrix=t(COVARIANCE)),
        COVARIANCE[::-1]),
    "LKJCholesky": (lambda D, t: D.LKJCholesky(3, t(np.array([0.7, 2.0]))), CORRELATION),
    "VonMises": (lambda D, t: D.VonMises(t(REAL), t(POSITIVE * 3)), REAL[::-1]),
    "Independent": (lambda D, t: D.Independent(D.Normal(t(REAL), t(POSITIVE)), 1), REAL[::-1]),
    "MixtureSameFamily": (
        lambda D, t: D.MixtureSameFamily(D.Categorical(t(PROBS)), D.Normal(t(REAL), t(POSITIVE))),
        REAL[:, 0]),
    "MixtureSameFamily of vectors": (
        lambda D, t: D.MixtureSameFamily(
            D.Categorical(t(PROBS[0])), D.Independent(D.Normal(t(REAL.T), t(POSITIVE.T)), 1)),
        REAL[:, :2]),
    "TransformedDistribution": (
        lambda D, t: D.TransformedDistribution(D.Normal(t(REAL), t(POSITIVE)), [
            D.TanhTransform(), D.AffineTransform(1.0, -2.0)]), 1 - 2 * (2 * UNIT - 1)),
}


def ours(array):
    return facula.tensor(np.array(array, order="C"))


def theirs(array):
    return torch.tensor(np.array(array, order="C"))


def numpy(x):
    return x.detach().numpy()


@pytest.fixture(autouse=True)
def double():
    facula.set_default_dtype(facula.float64)
    torch.set_default_dtype(torch.float64)
    yield
    facula.set_default_dtype(facula.float32)
    torch.set_default_dtype(torch.float32)


def pair(case):
    make, value = CASES[case]
    return (make(facula.distributions, ours), make(torch.distributions, theirs),
            np.ascontiguousarray(value))


def agree(a, b, **options) -> None:
    np.testing.assert_allclose(numpy(a), numpy(b), **({"rtol": 1e-7, "atol": 1e-9} | options))


@pytest.mark.parametrize("case", CASES)
def test_shapes_and_flags(case: str) -> None:
    p, q, _ = pair(case)
    for d, e in ((p, q), (p.expand((4, *p.batch_shape)), q.expand((4, *q.batch_shape)))):
        assert tuple(d.batch_shape) == tuple(e.batch_shape)
        assert tuple(d.event_shape) == tuple(e.event_shape)
        assert tuple(d.sample((5,)).shape) == tuple(e.sample((5,)).shape)
    assert p.has_rsample == q.has_rsample
    assert p.has_enumerate_support == q.has_enumerate_support
    assert type(p.support).__name__ == type(q.support).__name__
    assert p.support.event_dim == q.support.event_dim
    assert p.support.is_discrete == q.support.is_discrete
    assert sorted(p.arg_constraints) == sorted(q.arg_constraints)
    assert bool(p.support.check(p.sample((50,))).all())


@pytest.mark.parametrize("case", CASES)
def test_log_prob(case: str) -> None:
    p, q, value = pair(case)
    agree(p.log_prob(ours(value)), q.log_prob(theirs(value)))
    n = (2, *p.batch_shape)
    agree(p.expand(n).log_prob(ours(value)), q.expand(n).log_prob(theirs(value)))


@pytest.mark.parametrize("what", ["mean", "mode", "variance", "stddev"])
@pytest.mark.parametrize("case", CASES)
def test_moments(case: str, what: str) -> None:
    p, q, _ = pair(case)
    try:
        expected = getattr(q, what)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            getattr(p, what)
        return
    # PyTorch's modes are NaN for each Kumaraswamy and for Weibull's below 1: ours are tested where
    # the density is; its Bessel functions are polynomials good to 2e-7
    if what == "mode" and case in ("Kumaraswamy", "Weibull"):
        known = ~np.isnan(numpy(expected))
        np.testing.assert_allclose(numpy(getattr(p, what))[known], numpy(expected)[known])
        return
    agree(getattr(p, what), expected, rtol=2e-6 if case == "VonMises" else 1e-7)


@pytest.mark.parametrize("what", ["cdf", "icdf"])
@pytest.mark.parametrize("case", CASES)
def test_quantiles(case: str, what: str) -> None:
    p, q, value = pair(case)
    if what == "icdf":
        value = UNIT
    try:
        expected = getattr(q, what)(theirs(value))
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            getattr(p, what)(ours(value))
        return
    except ValueError:  # PyTorch checks probabilities against the base's support here
        return
    agree(getattr(p, what)(ours(value)), expected, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_entropy_and_support(case: str) -> None:
    p, q, _ = pair(case)
    try:
        expected = q.entropy()
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            p.entropy()
    else:
        agree(p.entropy(), expected)
        agree(p.perplexity(), q.perplexity())
    if q.has_enumerate_support:
        try:
            values = q.enumerate_support()
        except NotImplementedError:
            with pytest.raises(NotImplementedError):
                p.enumerate_support()
            return
        np.testing.assert_array_equal(numpy(p.enumerate_support()), numpy(values))
        np.testing.assert_array_equal(numpy(p.enumerate_support(False)),
                                      numpy(q.enumerate_support(False)))


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_log_prob(case: str) -> None:
    make, value = CASES[case]
    grads = []
    for lib, tensor in ((facula, facula.tensor), (torch, torch.tensor)):
        leaves = []

        def leaf(array, tensor=tensor, leaves=leaves):
            leaves.append(tensor(np.array(array, order="C"), requires_grad=True))
            return leaves[-1]

        log_prob = make(lib.distributions, leaf).log_prob(tensor(np.ascontiguousarray(value)))
        log_prob.sum().backward()
        grads.append([None if x.grad is None else x.grad.numpy() for x in leaves])
    for a, b in zip(*grads, strict=True):
        if b is None:
            assert a is None or not a.any()
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5 if case == "VonMises" else 1e-6, atol=1e-8)


@functools.cache
def _kinds(D, t):
    """One or two distributions of each type that takes part in a divergence."""
    normal = D.MultivariateNormal(t(REAL), t(COVARIANCE))
    low = D.LowRankMultivariateNormal(t(REAL[::-1].copy()), t(MATRIX[:, :, :2]), t(POSITIVE))
    return {
        "Bernoulli": [D.Bernoulli(t(PROBS)), D.Bernoulli(t(UNIT)),
                      D.Bernoulli(t(np.round(UNIT)))],
        "Beta": [D.Beta(t(POSITIVE), t(OTHER)), D.Beta(t(OTHER), t(POSITIVE))],
        "Binomial": [D.Binomial(4, t(PROBS)), D.Binomial(4, t(UNIT)), D.Binomial(3, t(UNIT))],
        "Categorical": [D.Categorical(t(PROBS)), D.Categorical(t(UNIT)),
                        D.Categorical(t(np.round(UNIT) + np.eye(3)[:2]))],
        "ContinuousBernoulli": [D.ContinuousBernoulli(t(PROBS)), D.ContinuousBernoulli(t(UNIT))],
        "Dirichlet": [D.Dirichlet(t(POSITIVE)), D.Dirichlet(t(OTHER))],
        "Exponential": [D.Exponential(t(POSITIVE)), D.Exponential(t(OTHER))],
        "Gamma": [D.Gamma(t(POSITIVE), t(OTHER)), D.Gamma(t(OTHER), t(POSITIVE))],
        "Chi2": [D.Chi2(t(POSITIVE))],
        "Gumbel": [D.Gumbel(t(REAL), t(POSITIVE)), D.Gumbel(t(REAL * 0.5), t(OTHER))],
        "Geometric": [D.Geometric(t(PROBS)), D.Geometric(t(UNIT))],
        "HalfNormal": [D.HalfNormal(t(POSITIVE)), D.HalfNormal(t(OTHER))],
        "Laplace": [D.Laplace(t(REAL), t(POSITIVE)), D.Laplace(t(REAL * 0.5), t(OTHER))],
        "LowRankMultivariateNormal": [
            low, D.LowRankMultivariateNormal(t(REAL), t(MATRIX[:, :, :1]), t(OTHER))],
        "MultivariateNormal": [
            normal, D.MultivariateNormal(t(REAL * 0.5), t(COVARIANCE[::-1].copy()))],
        "Normal": [D.Normal(t(REAL), t(POSITIVE)), D.Normal(t(REAL * 0.5), t(OTHER))],
        "OneHotCategorical": [D.OneHotCategorical(t(PROBS)), D.OneHotCategorical(t(UNIT))],
        "Pareto": [D.Pareto(t(POSITIVE), t(OTHER)), D.Pareto(t(POSITIVE * 0.5), t(POSITIVE + 2))],
        "Poisson": [D.Poisson(t(POSITIVE)), D.Poisson(t(OTHER))],
        "LogNormal": [D.LogNormal(t(REAL), t(POSITIVE)), D.LogNormal(t(REAL * 0.5), t(OTHER))],
        "Uniform": [D.Uniform(t(-POSITIVE), t(OTHER)), D.Uniform(t(PROBS * 0.5), t(PROBS)),
                    D.Uniform(t(-POSITIVE - 1), t(OTHER + 1)),
                    D.Uniform(t(POSITIVE), t(POSITIVE + 1))],
        "Independent": [D.Independent(D.Normal(t(REAL), t(POSITIVE)), 1),
                        D.Independent(D.Normal(t(REAL * 0.5), t(OTHER)), 1)],
        "Cauchy": [D.Cauchy(t(REAL), t(POSITIVE)), D.Cauchy(t(REAL * 0.5), t(OTHER))],
        # one at a time: PyTorch adds up a batch's divergences
        "Wishart": [D.Wishart(4.0, t(COVARIANCE[0])), D.Wishart(5.5, t(COVARIANCE[1]))],
        "VonMises": [D.VonMises(t(REAL), t(POSITIVE))],
    }


NAMES = list(_kinds(torch.distributions, torch.tensor))


@pytest.mark.parametrize(("a", "b"), list(itertools.product(NAMES, NAMES)))
def test_divergences(a: str, b: str) -> None:
    mine, yours = _kinds(facula.distributions, ours), _kinds(torch.distributions, theirs)
    for i, j in itertools.product(range(len(mine[a])), range(len(mine[b]))):
        try:
            expected = torch.distributions.kl_divergence(yours[a][i], yours[b][j])
        except NotImplementedError:
            with pytest.raises(NotImplementedError):
                facula.distributions.kl_divergence(mine[a][i], mine[b][j])
            continue
        got = facula.distributions.kl_divergence(mine[a][i], mine[b][j])
        agree(got, expected.expand(got.shape), atol=1e-7)


TRANSFORMS = {
    "abs": (lambda D, t: D.AbsTransform(), REAL),
    "affine": (lambda D, t: D.AffineTransform(t(REAL), t(-POSITIVE)), REAL),
    "affine of vectors": (lambda D, t: D.AffineTransform(1.0, -2.0, event_dim=1), REAL),
    "exp": (lambda D, t: D.ExpTransform(), REAL),
    "power": (lambda D, t: D.PowerTransform(t(-POSITIVE)), OTHER),
    "sigmoid": (lambda D, t: D.SigmoidTransform(), REAL * 5),
    "softplus": (lambda D, t: D.SoftplusTransform(), REAL * 5),
    "tanh": (lambda D, t: D.TanhTransform(), REAL),
    "softmax": (lambda D, t: D.SoftmaxTransform(), REAL),
    "stick breaking": (lambda D, t: D.StickBreakingTransform(), REAL),
    "lower cholesky": (lambda D, t: D.LowerCholeskyTransform(), MATRIX),
    "positive definite": (lambda D, t: D.PositiveDefiniteTransform(), MATRIX),
    "corr cholesky": (lambda D, t: D.CorrCholeskyTransform(), REAL),
    "cdf": (lambda D, t: D.CumulativeDistributionTransform(D.Normal(0.0, 2.0)), REAL),
    "inverse": (lambda D, t: D.ExpTransform().inv, OTHER),
    "chain": (lambda D, t: D.ComposeTransform([
        D.AffineTransform(0.5, 2.0), D.SigmoidTransform(), D.StickBreakingTransform()]), REAL),
    "independent": (lambda D, t: D.IndependentTransform(D.ExpTransform(), 1), REAL),
    "reshape": (lambda D, t: D.ReshapeTransform((3,), (3, 1)), REAL),
    "cat": (lambda D, t: D.CatTransform([D.ExpTransform(), D.identity_transform], -1, [1, 2]),
            REAL),
    "stack": (lambda D, t: D.StackTransform([D.ExpTransform(), D.AffineTransform(0.0, 3.0)], 0),
              REAL),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name: str) -> None:
    make, x = TRANSFORMS[name]
    a, b = make(facula.distributions, ours), make(torch.distributions, theirs)
    y, expected = a(ours(x)), b(theirs(x))
    agree(y, expected)
    agree(a.inv(y), b.inv(expected))
    assert tuple(a.forward_shape(x.shape)) == tuple(b.forward_shape(x.shape))
    assert tuple(a.inverse_shape(y.shape)) == tuple(b.inverse_shape(expected.shape))
    assert a.bijective == b.bijective
    for region in ("domain", "codomain"):
        mine, yours = getattr(a, region), getattr(b, region)
        assert type(mine).__name__ == type(yours).__name__
        assert mine.event_dim == yours.event_dim
    try:
        det = b.log_abs_det_jacobian(theirs(x), expected)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            a.log_abs_det_jacobian(ours(x), y)
    else:
        agree(a.log_abs_det_jacobian(ours(x), y), det)


CONSTRAINTS = {
    "boolean": lambda c, t: c.boolean, "one_hot": lambda c, t: c.one_hot,
    "real": lambda c, t: c.real, "real_vector": lambda c, t: c.real_vector,
    "positive": lambda c, t: c.positive, "nonnegative": lambda c, t: c.nonnegative,
    "unit_interval": lambda c, t: c.unit_interval, "simplex": lambda c, t: c.simplex,
    "greater_than": lambda c, t: c.greater_than(0.5),
    "greater_than_eq": lambda c, t: c.greater_than_eq(1.0),
    "less_than": lambda c, t: c.less_than(0.5), "interval": lambda c, t: c.interval(-0.5, 1.0),
    "half_open_interval": lambda c, t: c.half_open_interval(0.0, 1.0),
    "integer_interval": lambda c, t: c.integer_interval(0, 1),
    "nonnegative_integer": lambda c, t: c.nonnegative_integer,
    "positive_integer": lambda c, t: c.positive_integer,
    "multinomial": lambda c, t: c.multinomial(2),
    "lower_triangular": lambda c, t: c.lower_triangular,
    "lower_cholesky": lambda c, t: c.lower_cholesky, "corr_cholesky": lambda c, t: c.corr_cholesky,
    "square": lambda c, t: c.square, "symmetric": lambda c, t: c.symmetric,
    "positive_semidefinite": lambda c, t: c.positive_semidefinite,
    "positive_definite": lambda c, t: c.positive_definite,
    "independent": lambda c, t: c.independent(c.positive, 1),
    "cat": lambda c, t: c.cat([c.positive, c.real], -1, [1, 2]),
    "stack": lambda c, t: c.stack([c.positive, c.real, c.unit_interval], -1),
}
VALUES = [MATRIX, COVARIANCE, FACTOR, CORRELATION, np.eye(3)[None], np.round(MATRIX),
          np.abs(np.round(MATRIX)), np.zeros((2, 3, 3)), np.full((1, 3, 3), math.nan),
          np.broadcast_to(SIMPLEX[:, None], (2, 3, 3)).copy(), -COVARIANCE]


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(name: str) -> None:
    a = CONSTRAINTS[name](facula.distributions.constraints, ours)
    b = CONSTRAINTS[name](torch.distributions.constraints, theirs)
    assert repr(a) == repr(b).replace("torch.", "facula.") or name in ("cat", "stack")
    assert (a.is_discrete, a.event_dim) == (b.is_discrete, b.event_dim)
    for value in VALUES:
        if np.isnan(value).any() and "definite" in name:
            continue  # PyTorch's eigenvalues of NaN are an error
        np.testing.assert_array_equal(numpy(a.check(ours(value))), numpy(b.check(theirs(value))))


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraint_registries(registry: str, name: str) -> None:
    D, E = facula.distributions, torch.distributions
    a, b = (CONSTRAINTS[name](lib.constraints, None) for lib in (D, E))
    try:
        expected = getattr(E, registry)(b)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            getattr(D, registry)(a)
        return
    got = getattr(D, registry)(a)
    agree(got(ours(MATRIX)), expected(theirs(MATRIX)))


@pytest.mark.parametrize("make", [
    lambda D, t: D.Normal(t(REAL), t(-POSITIVE)),
    lambda D, t: D.Normal(t(REAL), t(POSITIVE)).log_prob(t(REAL[0, :2])),
    lambda D, t: D.Normal(t(REAL), t(POSITIVE)).log_prob(1.0),
    lambda D, t: D.Normal(t(REAL), "1"),
    lambda D, t: D.Gamma(t(POSITIVE), t(OTHER)).log_prob(t(-OTHER)),
    lambda D, t: D.Uniform(t(POSITIVE), t(POSITIVE)),
    lambda D, t: D.Bernoulli(t(PROBS), t(REAL)),
    lambda D, t: D.Bernoulli(),
    lambda D, t: D.Bernoulli(t(PROBS + 1)),
    lambda D, t: D.Bernoulli(t(PROBS)).log_prob(t(UNIT)),
    lambda D, t: D.Categorical(t(np.array(1.0))),
    lambda D, t: D.Categorical(t(PROBS)).log_prob(t(np.array([3, 0]))),
    lambda D, t: D.Dirichlet(t(np.array(1.0))),
    lambda D, t: D.MultivariateNormal(t(REAL)),
    lambda D, t: D.MultivariateNormal(t(REAL), t(-COVARIANCE)),
    lambda D, t: D.Independent(D.Normal(0.0, 1.0), 1),
    lambda D, t: D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform()),
    lambda D, t: D.TransformedDistribution(D.Normal(0.0, 1.0), ["exp"]),
    lambda D, t: D.LKJCholesky(1),
    lambda D, t: D.Wishart(1.0, t(COVARIANCE)),
    lambda D, t: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0)),
    lambda D, t: D.ReshapeTransform((2,), (3,)),
])
def test_errors_are_value_errors_as_in_pytorch(make) -> None:
    with pytest.raises(ValueError, match=r"."):
        make(torch.distributions, theirs)
    with pytest.raises(ValueError, match=r"."):
        make(facula.distributions, ours)


def test_everything_is_there() -> None:
    assert set(torch.distributions.__all__) <= set(facula.distributions.__all__)
    for part in ("constraints", "transforms", "utils", "kl"):
        here, there = (getattr(lib.distributions, part) for lib in (facula, torch))
        names = getattr(there, "__all__", ["broadcast_all", "logits_to_probs", "clamp_probs",
                                           "probs_to_logits", "lazy_property",
                                           "tril_matrix_to_vec", "vec_to_tril_matrix"])
        assert [n for n in names if not hasattr(here, n)] == []


@pytest.mark.parametrize("diag", [-2, -1, 0, 1])
def test_triangles(diag: int) -> None:
    D, E = facula.distributions.utils, torch.distributions.utils
    vec = E.tril_matrix_to_vec(theirs(MATRIX), diag)
    agree(D.tril_matrix_to_vec(ours(MATRIX), diag), vec)
    agree(D.vec_to_tril_matrix(ours(vec.numpy()), diag), E.vec_to_tril_matrix(vec, diag))
