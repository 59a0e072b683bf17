"""Special functions against SciPy in float64, over wide ranges and at the edges."""

import numpy as np
import pytest

import facula as core
from facula import special

scipy = pytest.importorskip("scipy.special", reason="the environment `oracle` has SciPy")

RNG = np.random.default_rng(5)
NEAR = np.concatenate([RNG.normal(size=3000) * 3, np.logspace(-300, 1, 200),
                       -np.logspace(-300, 1, 200), [0.0, -0.0, np.inf, -np.inf, np.nan]])
BELOW_ONE = np.concatenate([RNG.uniform(-1, 1, 3000), 1 - np.logspace(-16, -1, 100),
                            np.logspace(-300, -1, 100), [0.0, 1.0, -1.0, 2.0, np.nan]])
SHARES = np.concatenate([np.abs(BELOW_ONE[:-2]), [-0.5, 2.0, np.nan]])
POSITIVE = np.concatenate([RNG.uniform(0, 60, 3000), np.logspace(-200, 4, 300), [0.0, np.nan]])
# At its zeros a function is as exact as the numbers around it, not relatively.
GAMMA = np.concatenate([RNG.uniform(0.01, 0.99, 500), RNG.uniform(2.05, 40, 2000),
                        RNG.uniform(1.0, 1.4, 200), RNG.uniform(1.5, 1.99, 200),
                        np.logspace(1, 300, 200), np.logspace(-300, -2, 100),
                        [0.0, 1.0, 2.0, -1.0, -7.0, np.inf, np.nan]])

CASES = [  # name, points, SciPy's function, relative tolerance
    ("erfc", NEAR, scipy.erfc, 1e-13), ("erfcx", NEAR, scipy.erfcx, 1e-13),
    ("erf", NEAR, scipy.erf, 1e-14), ("ndtr", NEAR, scipy.ndtr, 1e-13),
    ("log_ndtr", NEAR, scipy.log_ndtr, 1e-13), ("erfinv", BELOW_ONE, scipy.erfinv, 2e-15),
    ("ndtri", SHARES, scipy.ndtri, 2e-15), ("gammaln", GAMMA, scipy.gammaln, 1e-13),
    ("digamma", GAMMA, scipy.digamma, 1e-12), ("entr", NEAR, scipy.entr, 1e-14),
    ("i0", NEAR, scipy.i0, 1e-13), ("i0e", NEAR, scipy.i0e, 1e-14),
    ("i1", NEAR, scipy.i1, 1e-13), ("i1e", NEAR, scipy.i1e, 1e-14),
    ("modified_bessel_k0", POSITIVE, scipy.k0, 1e-13),
    ("modified_bessel_k1", POSITIVE, scipy.k1, 1e-13),
    ("scaled_modified_bessel_k0", POSITIVE, scipy.k0e, 1e-14),
    ("scaled_modified_bessel_k1", POSITIVE, scipy.k1e, 1e-14),
    ("spherical_bessel_j0", POSITIVE[:-1], lambda x: np.sinc(x / np.pi), 1e-12),
]


def assert_equal(got, want, rtol, atol, x):
    huge = np.abs(want) > 1e-290  # SciPy flushes what is smaller to 0
    np.testing.assert_allclose(got[huge | np.isnan(want)], want[huge | np.isnan(want)], rtol, atol,
                               err_msg=f"at {x}")


@pytest.mark.parametrize(("name", "x", "oracle", "rtol"), CASES, ids=[c[0] for c in CASES])
def test_values_in_float64(name, x, oracle, rtol):
    got = getattr(special, name)(core.tensor(x)).numpy()
    with np.errstate(all="ignore"):
        want = oracle(x)
    if name in ("i0", "i1"):
        want[np.isinf(x)] = got[np.isinf(x)]  # SciPy gives NaN at infinity
        assert np.all(np.abs(got[np.isinf(x)]) == np.inf)
    if name == "digamma":  # SciPy gives a pole at 0, and NaN at the whole numbers below
        assert got[x == 0] == -np.inf
    assert_equal(got, want, rtol, 0, name)


@pytest.mark.parametrize(("name", "x", "oracle", "rtol"), CASES, ids=[c[0] for c in CASES])
def test_values_in_float32(name, x, oracle, rtol, device):
    with np.errstate(all="ignore"):
        x = x.astype(np.float32)
        x = x[(np.abs(x) > 1e-30) & (np.abs(x) < 1e30)]
        want = oracle(x.astype(np.float64))
    got = getattr(special, name)(core.tensor(x).to(device)).cpu().numpy()
    assert got.dtype == np.float32
    plain = (np.abs(want) > 1e-30) & (np.abs(want) < 3e38)
    # On the device lgamma and erfc are OpenCL's, exact to some units in the last place.
    np.testing.assert_allclose(got[plain], want[plain], 2e-6 if device == "cpu" else 2e-5,
                               0 if device == "cpu" else 1e-6)


@pytest.mark.parametrize("order", [0, 1])
def test_bessel_functions_oscillate_as_scipys(order):
    x = np.concatenate([RNG.uniform(0, 200, 4000), np.logspace(-100, 3, 300), [0.0, np.nan]])
    with np.errstate(all="ignore"):
        size = np.sqrt(1 / np.maximum(x, 1))  # of the oscillation: at zeros only that counts
        for kind, oracle in (("j", scipy.jv), ("y", scipy.yv)):
            got = getattr(special, f"bessel_{kind}{order}")(core.tensor(x)).numpy()
            want = oracle(order, x)
            close = np.abs(got - want) <= 3e-14 * np.maximum(np.abs(want), size)
            assert (close | (got == want) | (np.isnan(got) & np.isnan(want))).all()
    assert special.bessel_j1(core.tensor(-2.5)) == -special.bessel_j1(core.tensor(2.5))
    assert np.isnan(special.bessel_y0(core.tensor(-1.0)).item())


def test_airys_function():
    x = RNG.uniform(-30, 90, 4000)
    got, want = special.airy_ai(core.tensor(x)).numpy(), scipy.airy(x)[0]
    np.testing.assert_allclose(got[x < 0], want[x < 0], 0, 2e-14)
    np.testing.assert_allclose(got[x > -2], want[x > -2], 3e-13)
    assert special.airy_ai(core.tensor(200.0)).item() == 0


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_polygamma(n):
    x = np.concatenate([RNG.uniform(0.01, 60, 2000), np.logspace(-20, 9, 100)])
    got = special.polygamma(n, core.tensor(x)).numpy()
    np.testing.assert_allclose(got, scipy.polygamma(n, x), 1e-13)


def test_derivatives_below_zero():
    x = -RNG.uniform(0.02, 0.98, 300) - RNG.integers(0, 9, 300)
    got = special.gammaln(core.tensor(x)).numpy()
    np.testing.assert_allclose(got, scipy.gammaln(x), 1e-12, 1e-13)
    got = special.digamma(core.tensor(x)).numpy()
    np.testing.assert_allclose(got, scipy.digamma(x), 1e-11, 1e-12)


def test_zeta():
    s, q = RNG.uniform(1.01, 30, 3000), RNG.uniform(0.01, 50, 3000)
    np.testing.assert_allclose(special.zeta(core.tensor(s), core.tensor(q)).numpy(),
                               scipy.zeta(s, q), 1e-13)
    edges = special.zeta(core.tensor([1.0, 0.5, 2.0, 2.0, 2.5]),
                         core.tensor([1.0, 1.0, -1.0, float("inf"), -0.5])).tolist()
    np.testing.assert_equal(edges, [np.inf, np.nan, np.inf, 0.0, np.nan])


@pytest.mark.parametrize(("low", "high"), [(1e-3, 1.0), (0.1, 30.0), (20.0, 190.0)])
def test_incomplete_gamma_functions(low, high):
    a = np.exp(RNG.uniform(np.log(low), np.log(high), 3000))
    x = np.abs(a * (1 + RNG.normal(size=3000) * 3 / np.sqrt(a)))
    for name, oracle in (("gammainc", scipy.gammainc), ("gammaincc", scipy.gammaincc)):
        got = getattr(special, name)(core.tensor(a), core.tensor(x)).numpy()
        want = oracle(a, x)
        np.testing.assert_allclose(got, want, 1e-12, 1e-200)


def test_incomplete_gamma_function_of_a_large_parameter():
    # The value is mpmath's with 30 digits; SciPy's is right to 5.
    p = special.gammainc(core.tensor(951862.2161872021, dtype=core.float64),
                         core.tensor(947469.615763879, dtype=core.float64))
    assert p.item() == pytest.approx(3.25815531565058e-6, rel=1e-12)


def test_incomplete_gamma_functions_at_the_edges():
    a = core.tensor([0.0, 0.0, 2.0, np.inf, np.inf, 2.0, -1.0, 1.0])
    x = core.tensor([0.0, 1.0, 0.0, 3.0, np.inf, np.inf, 1.0, -1.0])
    np.testing.assert_equal(special.gammainc(a, x).numpy(),
                            np.float32([np.nan, 1, 0, 0, np.nan, 1, np.nan, np.nan]))
    np.testing.assert_equal(special.gammaincc(a, x).numpy(),
                            np.float32([np.nan, 0, 1, 1, np.nan, 0, np.nan, np.nan]))


POLYNOMIALS = [
    ("chebyshev_polynomial_t", scipy.eval_chebyt), ("chebyshev_polynomial_u", scipy.eval_chebyu),
    ("shifted_chebyshev_polynomial_t", scipy.eval_sh_chebyt),
    ("shifted_chebyshev_polynomial_u", scipy.eval_sh_chebyu),
    ("hermite_polynomial_h", scipy.eval_hermite), ("hermite_polynomial_he", scipy.eval_hermitenorm),
    ("laguerre_polynomial_l", scipy.eval_laguerre), ("legendre_polynomial_p", scipy.eval_legendre),
]


@pytest.mark.parametrize(("name", "oracle"), POLYNOMIALS, ids=[p[0] for p in POLYNOMIALS])
def test_polynomials(name, oracle):
    x = np.concatenate([RNG.uniform(-1.2, 1.2, 2000), [1.0, -1.0, 0.0]])
    n = RNG.integers(0, 60, x.size)
    got = getattr(special, name)(core.tensor(x), core.tensor(n)).numpy()
    want = oracle(n, x)
    assert (np.abs(got - want) <= 1e-9 * np.maximum(1, np.abs(want))).all()
    assert getattr(special, name)(core.tensor(0.5), -1).item() == 0


def test_chebyshev_polynomials_of_the_third_and_fourth_kind():
    angle = RNG.uniform(0.1, 3.0, 500)
    n = RNG.integers(0, 80, 500)
    x = core.tensor(np.cos(angle))
    got = special.chebyshev_polynomial_v(x, core.tensor(n)).numpy()
    np.testing.assert_allclose(got, np.cos((n + 0.5) * angle) / np.cos(angle / 2), 0, 1e-11)
    got = special.chebyshev_polynomial_w(x, core.tensor(n)).numpy()
    np.testing.assert_allclose(got, np.sin((n + 0.5) * angle) / np.sin(angle / 2), 0, 1e-11)
    ends = core.tensor([1.0, -1.0], dtype=core.float64)
    for degree in (3, 50, 51):
        sign = (-1) ** degree
        assert special.chebyshev_polynomial_u(ends, degree).tolist() == [
            degree + 1, sign * (degree + 1)]
        assert special.chebyshev_polynomial_v(ends, degree).tolist() == [
            1, sign * (2 * degree + 1)]
        assert special.chebyshev_polynomial_w(ends, degree).tolist() == [2 * degree + 1, sign]


def test_whole_numbers_and_halves(device):
    whole = core.tensor([1, 5], device=device)
    assert special.gammaln(whole).dtype is core.float32
    half = special.digamma(core.tensor([1.5], dtype=core.bfloat16, device=device))
    assert half.dtype is core.bfloat16
    assert abs(float(half.item()) - 0.03649) < 1e-3
    with pytest.raises(TypeError, match="lgamma"):
        core.lgamma(core.tensor([1j]))
    with pytest.raises(RuntimeError, match="n=-1"):
        core.polygamma(-1, core.ones(2))
