"""Distributions without an oracle: integrals, samples, gradients of samples, transforms, checks."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from facula import autograd, core
from facula import distributions as D
from facula.core.ops.variates import log_gamma_variate
from facula.distributions import constraints


def t(*values: float) -> core.Tensor:
    return core.tensor(values, dtype=core.float64)


MATRIX = core.tensor([[1.0, 0.3], [0.3, 0.5]], dtype=core.float64)

# Of numbers: one distribution each, and the ends between which nearly all of it lies.
CONTINUOUS = {
    "Normal": (lambda: D.Normal(t(0.5), t(1.3)), (-12, 13)),
    "Laplace": (lambda: D.Laplace(t(0.5), t(0.7)), (-20, 20)),
    "Uniform": (lambda: D.Uniform(t(-1.0), t(2.0)), (-2, 3)),
    "Exponential": (lambda: D.Exponential(t(1.5)), (0, 30)),
    "Gamma": (lambda: D.Gamma(t(2.5), t(1.5)), (0, 40)),
    "Chi2": (lambda: D.Chi2(t(5.0)), (0, 90)),
    "Beta": (lambda: D.Beta(t(2.5), t(1.5)), (0, 1)),
    "StudentT": (lambda: D.StudentT(t(9.0), t(0.3), t(1.2)), (-300, 300)),
    "FisherSnedecor": (lambda: D.FisherSnedecor(t(6.0), t(20.0)), (0, 150)),
    "Gumbel": (lambda: D.Gumbel(t(0.3), t(0.8)), (-5, 40)),
    "HalfNormal": (lambda: D.HalfNormal(t(1.3)), (0, 13)),
    "LogNormal": (lambda: D.LogNormal(t(0.1), t(0.5)), (0, 60)),
    "Pareto": (lambda: D.Pareto(t(1.0), t(9.0)), (1, 60)),
    "Weibull": (lambda: D.Weibull(t(1.2), t(1.8)), (0, 12)),
    "Kumaraswamy": (lambda: D.Kumaraswamy(t(2.0), t(3.0)), (0, 1)),
    "InverseGamma": (lambda: D.InverseGamma(t(8.0), t(3.0)), (1e-3, 40)),
    "GeneralizedPareto": (lambda: D.GeneralizedPareto(t(0.5), t(1.0), t(0.1)), (0.5, 400)),
    "GeneralizedPareto that ends": (lambda: D.GeneralizedPareto(t(0.5), t(1.0), t(-0.4)), (0.5, 3)),
    "GeneralizedPareto of 0": (lambda: D.GeneralizedPareto(t(0.5), t(1.0), t(0.0)), (0.5, 40)),
    "ContinuousBernoulli": (lambda: D.ContinuousBernoulli(t(0.8)), (0, 1)),
    "MixtureSameFamily": (lambda: D.MixtureSameFamily(
        D.Categorical(t(0.3, 0.7)), D.Normal(t(-1.0, 2.0), t(0.5, 1.0))), (-8, 12)),
    "TransformedDistribution": (lambda: D.TransformedDistribution(
        D.Normal(t(0.0), t(1.0)), [D.AffineTransform(1.0, -0.5), D.ExpTransform()]), (0, 60)),
}
DISCRETE = {
    "Bernoulli": lambda: D.Bernoulli(t(0.3)),
    "Binomial": lambda: D.Binomial(5, t(0.3)),
    "Geometric": lambda: D.Geometric(t(0.4)),
    "NegativeBinomial": lambda: D.NegativeBinomial(t(3.0), t(0.4)),
    "Poisson": lambda: D.Poisson(t(2.5)),
}
MULTIVARIATE = {
    "Dirichlet": lambda: D.Dirichlet(t(0.5, 2.0, 3.0)),
    "MultivariateNormal": lambda: D.MultivariateNormal(t(0.5, -1.0), MATRIX),
    "MultivariateNormal of a precision": lambda: D.MultivariateNormal(
        t(0.5, -1.0), precision_matrix=MATRIX),
    "LowRankMultivariateNormal": lambda: D.LowRankMultivariateNormal(
        t(0.5, -1.0), MATRIX[:, :1], t(0.5, 2.0)),
    "Wishart": lambda: D.Wishart(t(5.0)[0], MATRIX),
    "Multinomial": lambda: D.Multinomial(6, t(0.2, 0.3, 0.5)),
    "OneHotCategorical": lambda: D.OneHotCategorical(t(0.2, 0.3, 0.5)),
    "Independent": lambda: D.Independent(D.Gamma(t(2.0, 3.0), t(1.0, 2.0)), 1),
}


def grid(case: str, points: int = 400_001) -> tuple[D.Distribution, core.Tensor]:
    make, (low, high) = CONTINUOUS[case]
    p = make()
    step = (high - low) / points
    return p, core.tensor(low + step * (np.arange(points) + 0.5)), step


def density(p: D.Distribution, x: core.Tensor) -> np.ndarray:
    inside = p.support.check(x)
    safe = core.where(inside, x, p.sample().reshape(())).to(core.float64)
    return np.where(inside.numpy(), p.log_prob(safe).exp().numpy(), 0.0)


@pytest.mark.parametrize("case", CONTINUOUS)
def test_densities_integrate_to_what_is_claimed(case: str) -> None:
    p, x, step = grid(case)
    f, at = density(p, x), x.numpy()
    assert f.sum() * step == pytest.approx(1, abs=2e-4)
    if not case.startswith("Transformed"):
        mean = (f * at).sum() * step
        assert p.mean.item() == pytest.approx(mean, rel=1e-3, abs=1e-4)
        assert p.variance.item() == pytest.approx((f * (at - mean) ** 2).sum() * step, rel=5e-3)
    try:
        entropy = p.entropy().item()
    except NotImplementedError:
        entropy = None
    if entropy is not None:
        logs = np.log(np.where(f > 0, f, 1))
        assert entropy == pytest.approx(-(f * logs).sum() * step, abs=2e-3)
    try:
        mode = p.mode
    except NotImplementedError:
        return
    if not math.isnan(mode.item()):
        assert p.log_prob(mode.clamp(x[0], x[-1])).exp().item() >= f.max() * (1 - 1e-5)


@pytest.mark.parametrize("case", CONTINUOUS)
def test_cdf_is_the_densitys_integral_and_icdf_its_inverse(case: str) -> None:
    p, x, step = grid(case)
    edges = np.arange(50_000, 400_001, 50_000)
    at = core.tensor(x.numpy()[edges - 1] + step / 2)
    at = at[p.support.check(at)]
    try:
        got = p.cdf(at).numpy()
    except NotImplementedError:
        return
    total = np.cumsum(density(p, x)) * step
    np.testing.assert_allclose(got, np.interp(at.numpy(), x.numpy() + step / 2, total), atol=3e-4)
    u = t(0.05, 0.3, 0.5, 0.9)
    try:
        back = p.cdf(p.icdf(u))
    except NotImplementedError:
        return
    np.testing.assert_allclose(back.numpy(), u.numpy(), rtol=1e-6)


@pytest.mark.parametrize("case", CONTINUOUS)
def test_samples_follow_the_density(case: str) -> None:
    """Kolmogorov and Smirnov's test: with the right density 2.2 is passed once in 8000 seeds."""
    p, x, step = grid(case)
    core.manual_seed(7)
    n = 20_000
    drawn = np.sort(p.sample((n,)).numpy().ravel())
    total = np.cumsum(density(p, x)) * step
    expected = np.interp(drawn, x.numpy() + step / 2, total)
    steps = np.arange(n + 1) / n
    distance = max(np.abs(steps[1:] - expected).max(), np.abs(expected - steps[:-1]).max())
    assert distance * math.sqrt(n) < 2.2


@pytest.mark.parametrize("case", DISCRETE)
def test_discrete_probabilities(case: str) -> None:
    p = DISCRETE[case]()
    top = {"Bernoulli": 1, "Binomial": 5}.get(case, 120)
    k = core.arange(0, top + 1, dtype=core.float64)
    f, at = p.log_prob(k).exp().numpy(), k.numpy()
    assert f.sum() == pytest.approx(1, abs=1e-9)
    mean = (f * at).sum()
    assert p.mean.item() == pytest.approx(mean)
    assert p.variance.item() == pytest.approx((f * (at - mean) ** 2).sum())
    assert f[int(p.mode.item())] == pytest.approx(f.max())
    core.manual_seed(7)
    n = 20_000
    drawn = np.bincount(p.sample((n,)).numpy().astype(int).ravel(), minlength=top + 1)[:top + 1]
    often = f * n > 20
    z = (drawn[often] - n * f[often]) / np.sqrt(n * f[often] * (1 - f[often]))
    assert np.abs(z).max() < 4.5


@pytest.mark.parametrize("case", MULTIVARIATE)
def test_moments_of_samples(case: str) -> None:
    p = MULTIVARIATE[case]()
    core.manual_seed(7)
    n = 40_000
    x = p.sample((n,)).numpy()
    mean, variance = p.mean.numpy(), p.variance.numpy()
    assert (np.abs(x.mean(0) - mean) < 5 * np.sqrt(variance / n)).all()
    np.testing.assert_allclose(x.var(0), variance, rtol=0.1)
    if hasattr(p, "covariance_matrix") and x.ndim == 2:
        np.testing.assert_allclose(np.cov(x.T), p.covariance_matrix.numpy(), atol=0.05)
        np.testing.assert_allclose(np.linalg.inv(p.covariance_matrix.numpy()),
                                   p.precision_matrix.numpy(), rtol=1e-9)
        np.testing.assert_allclose(p.scale_tril.numpy() @ p.scale_tril.numpy().T,
                                   p.covariance_matrix.numpy(), rtol=1e-9)
    try:
        entropy = p.entropy().item()
    except NotImplementedError:
        return
    logs = p.log_prob(core.tensor(x)).numpy()
    assert entropy == pytest.approx(-logs.mean(), abs=5 * logs.std() / math.sqrt(n) + 1e-9)


@pytest.mark.parametrize("concentration", [0.3, 4.0])
def test_von_mises_samples(concentration: float) -> None:
    core.manual_seed(7)
    p = D.VonMises(t(1.0), t(concentration))
    n = 20_000
    x = p.sample((n,)).numpy().ravel()
    at = np.linspace(-math.pi, math.pi, 200_001)
    f = p.log_prob(core.tensor(at)).exp().numpy()
    total = np.cumsum(f) * (at[1] - at[0])
    assert total[-1] == pytest.approx(1, abs=1e-4)
    drawn = np.interp(np.sort(x), at, total)
    assert np.abs(drawn - (np.arange(n) + 0.5) / n).max() * math.sqrt(n) < 2.2
    assert p.variance.item() == pytest.approx(1 - (f * np.cos(at - 1.0)).sum() * (at[1] - at[0]),
                                              abs=1e-4)


def test_lkj_factors() -> None:
    """With concentration 1, a 3 x 3 correlation is 2 x - 1 of a beta(1.5, 1.5) number."""
    core.manual_seed(7)
    p = D.LKJCholesky(3, t(1.0)[0])
    factor = p.sample((20_000,)).numpy()
    r = factor @ factor.transpose(0, 2, 1)
    np.testing.assert_allclose(np.diagonal(r, axis1=1, axis2=2), 1, rtol=1e-9)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert r[:, i, j].mean() == pytest.approx(0, abs=5 * 0.5 / math.sqrt(20_000))
        assert r[:, i, j].var() == pytest.approx(0.25, rel=0.05)


GRADIENTS = {
    "Normal": lambda a, b: D.Normal(a, b), "Laplace": lambda a, b: D.Laplace(a, b),
    "Uniform": lambda a, b: D.Uniform(a, a + b), "Exponential": lambda a, b: D.Exponential(a),
    "Gamma": lambda a, b: D.Gamma(a, b), "Chi2": lambda a, b: D.Chi2(a),
    "Beta": lambda a, b: D.Beta(a, b), "StudentT": lambda a, b: D.StudentT(a + 4, b, a),
    "FisherSnedecor": lambda a, b: D.FisherSnedecor(a, b + 8),
    "Gumbel": lambda a, b: D.Gumbel(a, b), "HalfNormal": lambda a, b: D.HalfNormal(a),
    "LogNormal": lambda a, b: D.LogNormal(a * 0.3, b * 0.3),
    "Pareto": lambda a, b: D.Pareto(a, b + 6), "Weibull": lambda a, b: D.Weibull(a, b),
    "Kumaraswamy": lambda a, b: D.Kumaraswamy(a, b),
    "InverseGamma": lambda a, b: D.InverseGamma(a + 4, b),
    "GeneralizedPareto": lambda a, b: D.GeneralizedPareto(a, b, a * 0.1),
    "ContinuousBernoulli": lambda a, b: D.ContinuousBernoulli(a / (a + b)),
}


@pytest.mark.parametrize("case", GRADIENTS)
def test_gradients_of_samples_are_those_of_the_mean(case: str) -> None:
    """Each sample's gradient, averaged, against the derivative of the mean's formula."""
    core.manual_seed(7)
    n = 20_000
    one = [t(1.7).requires_grad_(), t(1.2).requires_grad_()]
    GRADIENTS[case](*one).mean.sum().backward()
    many = [x.detach().expand(n).clone().requires_grad_() for x in one]
    p = GRADIENTS[case](*many)
    assert p.has_rsample or case in ("Pareto", "Weibull", "Gumbel")
    p.rsample().sum().backward()
    for single, all_ in zip(one, many, strict=True):
        if all_.grad is None:
            assert single.grad is None
            continue
        expected = 0.0 if single.grad is None else single.grad.item()
        g = all_.grad.numpy()
        error = 5 * g.std() / math.sqrt(n) + 1e-9
        assert g.mean() == pytest.approx(expected, abs=error)


@pytest.mark.parametrize("a", [0.01, 0.3, 1.0, 7.0, 90.0, 999.0, 1001.0, 1e5])
def test_implicit_gradients_of_gamma_variates(a: float) -> None:
    """The quantile stays: dF/da + (dF/dx) (dx/da) = 0, F by the incomplete gamma function."""
    core.manual_seed(7)
    c = core.full((200,), a, dtype=core.float64, requires_grad=True)
    y = log_gamma_variate(c)
    y.sum().backward()
    x = y.detach().exp()
    keep = x.numpy() > 1e-30
    h = 1e-3 * min(a, math.sqrt(a))
    by_a = (core.igamma(c.detach() + h, x) - core.igamma(c.detach() - h, x)) / (2 * h)
    by_y = (c.detach() * y.detach() - x - core.lgamma(c.detach())).exp()
    np.testing.assert_allclose((by_y * c.grad).numpy()[keep], -by_a.numpy()[keep],
                               rtol=1e-4, atol=2e-5 / a)


def test_second_gradients_of_gamma_variates_are_refused() -> None:
    c = t(2.0).requires_grad_()
    (g,) = autograd.grad(log_gamma_variate(c), c, create_graph=True)
    with pytest.raises(RuntimeError, match="second derivative"):
        g.backward()


def test_tiny_concentrations_have_finite_gradients() -> None:
    core.manual_seed(7)
    c = core.full((100, 3), 1e-3, requires_grad=True)
    x = D.Dirichlet(c).rsample()
    np.testing.assert_allclose(x.sum(-1).detach().numpy(), 1, rtol=1e-5)
    x[:, 0].sum().backward()
    assert bool(c.grad.isfinite().all())


def test_samples_repeat_with_the_seed_on_every_device(device: str) -> None:
    a = core.tensor([0.5, 2.0], device=device)
    for p in (D.Normal(a, a), D.Gamma(a, a), D.Beta(a, a), D.Categorical(a), D.Poisson(a),
              D.Dirichlet(a), D.Bernoulli(a / 3), D.StudentT(a)):
        core.manual_seed(3)
        x = p.sample((4,))
        core.manual_seed(3)
        assert core.equal(p.sample((4,)), x)
        assert x.device == a.device
        assert p.log_prob(x).device == a.device


def test_relaxed_samples_have_gradients() -> None:
    core.manual_seed(0)
    logits = core.zeros(3, requires_grad=True)
    x = D.RelaxedOneHotCategorical(core.tensor(0.5), logits=logits).rsample((5,))
    np.testing.assert_allclose(x.sum(-1).detach().numpy(), 1, rtol=1e-5)
    x[:, 0].sum().backward()
    assert logits.grad.abs().sum() > 0
    probs = core.tensor([0.3, 0.7], requires_grad=True)
    y = D.OneHotCategoricalStraightThrough(probs).rsample()
    assert sorted(y.tolist()) == [0.0, 1.0]
    (y * core.tensor([1.0, 2.0])).sum().backward()
    np.testing.assert_allclose(probs.grad.tolist(), [-0.7, 0.3], rtol=1e-5)


BIJECTIONS = {
    "affine": (D.AffineTransform(1.0, -2.0), 3), "exp": (D.ExpTransform(), 3),
    "power": (D.PowerTransform(t(1.7)), 3), "sigmoid": (D.SigmoidTransform(), 3),
    "softplus": (D.SoftplusTransform(), 3), "tanh": (D.TanhTransform(), 3),
    "stick breaking": (D.StickBreakingTransform(), 3),
    "corr cholesky": (D.CorrCholeskyTransform(), 3),
    "chain": (D.ComposeTransform([D.AffineTransform(0.1, 2.0), D.StickBreakingTransform()]), 3),
    "inverse": (D.ComposeTransform([D.SigmoidTransform(), D.ExpTransform().inv]), 3),
    "cat": (D.CatTransform([D.ExpTransform(), D.TanhTransform()], -1, [1, 2]), 3),
}


@pytest.mark.parametrize("name", BIJECTIONS)
def test_jacobians_and_inverses(name: str) -> None:
    transform, n = BIJECTIONS[name]
    x = t(*np.linspace(0.2, 0.9, n))
    y = transform(x)
    np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-8)
    assert tuple(transform.forward_shape(x.shape)) == tuple(y.shape)
    assert bool(transform.codomain.check(y).all())
    jacobian = autograd.functional.jacobian(transform, x).numpy().reshape(-1, n)
    rows = {"corr cholesky": [3, 6, 7]}.get(name, range(n))  # the free elements of the result
    _, log_det = np.linalg.slogdet(jacobian[rows])
    got = transform.log_abs_det_jacobian(x, y)
    assert got.sum().item() == pytest.approx(log_det, rel=1e-8)
    again = pickle.loads(pickle.dumps(transform))
    assert core.equal(again(x), y)


def test_a_cache_gives_the_very_argument_back() -> None:
    transform = D.TanhTransform(cache_size=1)
    x = t(30.0)
    assert transform.inv(transform(x)) is x
    assert transform.inv.inv is transform
    assert not bool(D.TanhTransform().inv(D.TanhTransform()(x)).isfinite())
    with pytest.raises(ValueError, match="cache_size"):
        D.ExpTransform(cache_size=2)


@pytest.mark.parametrize(("p", "q"), [
    (D.Gamma(t(2.0), t(1.5)), D.Normal(t(1.0), t(2.0))),
    (D.Normal(t(0.3), t(0.8)), D.Gumbel(t(0.1), t(1.4))),
    (D.Normal(t(0.3), t(0.8)), D.Laplace(t(0.1), t(1.4))),
    (D.Exponential(t(2.0)), D.Gumbel(t(0.2), t(1.3))),
    (D.Gamma(t(2.0), t(1.5)), D.Gumbel(t(0.5), t(2.0))),
    (D.Uniform(t(0.2), t(0.9)), D.Beta(t(2.0), t(3.0))),
    (D.Gumbel(t(0.5), t(0.7)), D.Gumbel(t(0.1), t(1.5))),
    (D.Wishart(t(5.0)[0], MATRIX), D.Wishart(t(4.0)[0], MATRIX.flip((0, 1)))),
    (D.Dirichlet(t(1.0, 2.0)), D.Dirichlet(t(3.0, 1.5))),
    (D.LogNormal(t(0.1), t(0.5)), D.LogNormal(t(0.3), t(0.9))),
])
def test_divergences_are_means_of_log_ratios(p: D.Distribution, q: D.Distribution) -> None:
    core.manual_seed(7)
    n = 50_000
    x = p.sample((n,))
    ratio = (p.log_prob(x) - q.log_prob(x)).numpy().ravel()
    assert D.kl_divergence(p, q).item() == pytest.approx(
        ratio.mean(), abs=5 * ratio.std() / math.sqrt(n))


def test_a_batch_of_wisharts_has_a_batch_of_divergences() -> None:
    df = t(4.0, 5.5)
    p, q = D.Wishart(df, MATRIX), D.Wishart(df + 1, MATRIX)
    single = [D.kl_divergence(D.Wishart(d, MATRIX), D.Wishart(d + 1, MATRIX)) for d in df]
    np.testing.assert_allclose(D.kl_divergence(p, q).numpy(), core.stack(single).numpy())


def test_a_divergence_of_ones_own_and_of_base_classes() -> None:
    class Mine(D.Normal):
        pass

    p = Mine(0.0, 1.0)
    assert D.kl_divergence(p, p).item() == 0.0  # the base's

    @D.register_kl(Mine, Mine)
    def mine(p, q):
        return core.tensor(7.0)

    assert D.kl_divergence(p, p).item() == 7.0
    with pytest.raises(NotImplementedError, match="VonMises"):
        D.kl_divergence(p, D.VonMises(0.0, 1.0))
    with pytest.raises(TypeError, match="type_q"):
        D.register_kl(Mine, int)


def test_an_ambiguous_divergence_warns() -> None:
    class A(D.Distribution):
        pass

    class B(A):
        pass

    D.register_kl(A, B)(lambda p, q: 1)
    D.register_kl(B, A)(lambda p, q: 2)
    with pytest.warns(RuntimeWarning, match="Ambiguous"):
        assert D.kl_divergence(B(validate_args=False), B(validate_args=False)) == 2


def test_validation_can_be_switched_off() -> None:
    with pytest.raises(ValueError, match=r"parameter scale .* of distribution Normal\(loc: 0.0, "
                                         r"scale: -1.0\) to satisfy the constraint GreaterThan"):
        D.Normal(0.0, -1.0)
    D.Normal(0.0, -1.0, validate_args=False)
    with pytest.raises(ValueError, match="within the support"):
        D.Exponential(1.0).log_prob(core.tensor(-1.0))
    D.Distribution.set_default_validate_args(False)
    try:
        D.Normal(0.0, -1.0)
    finally:
        D.Distribution.set_default_validate_args(True)
    with pytest.raises(TypeError, match="tuple"):
        D.Normal(0.0, 1.0).sample(3)


def test_a_subclass_must_expand_itself() -> None:
    class Mine(D.Normal):
        def __init__(self) -> None:
            super().__init__(0.0, 1.0)

    with pytest.raises(NotImplementedError, match="custom __init__"):
        Mine().expand((2,))


def test_representations() -> None:
    assert repr(D.Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
    assert "probs: facula.Size([2])" in repr(D.Bernoulli(t(0.1, 0.2)))
    assert repr(constraints.unit_interval) == "Interval(lower_bound=0.0, upper_bound=1.0)"
    assert repr(D.ExpTransform().inv) == "_InverseTransform(ExpTransform())"


def test_parameters_learn_by_gradients_of_log_prob() -> None:
    """Maximum likelihood of a gamma distribution, by its two parameters' logarithms."""
    core.manual_seed(0)
    x = D.Gamma(t(3.0), t(2.0)).sample((5000,))
    theta = t(0.5, 0.5)
    for _ in range(300):
        theta = theta.detach().requires_grad_()
        loss = -D.Gamma(theta[0].exp(), theta[1].exp()).log_prob(x).mean()
        (g,) = autograd.grad(loss, theta)
        theta = theta - 0.3 * g
    np.testing.assert_allclose(theta.exp().detach().numpy(), [3.0, 2.0], rtol=0.1)
