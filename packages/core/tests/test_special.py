"""Special functions against Python's own, identities between them, and the edges."""

import math

import numpy as np
import pytest

from facula import core
from facula.core import ops, special
from facula.core.testing.compare import assert_close

X = np.concatenate([np.linspace(-6, 6, 97) + 0.01, [25.0, 1e-9]])


@pytest.mark.parametrize(("ours", "oracle"), [
    (core.erf, math.erf), (core.erfc, math.erfc), (core.lgamma, math.lgamma),
    (special.ndtr, lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))], ids=lambda f: f.__name__)
def test_values_are_those_of_pythons_functions(ours, oracle, device):
    want = np.array([oracle(float(x)) for x in X])
    assert_close(ours(core.tensor(X)), want, rtol=1e-13, atol=1e-14)
    single = core.tensor(X.astype(np.float32), device=device)
    want = np.array([oracle(float(x)) for x in X.astype(np.float32)])
    assert_close(ours(single), want, rtol=1e-5, atol=2e-6)


def test_inverses_lead_back():
    x = core.linspace(-5, 5, 101, dtype=core.float64)
    assert_close(core.erfinv(core.erf(x[20:80])), x[20:80].numpy(), rtol=1e-12, atol=1e-14)
    assert_close(special.ndtri(special.ndtr(x[:60])), x[:60].numpy(), rtol=1e-12, atol=1e-13)
    assert_close(special.log_ndtr(x).exp(), special.ndtr(x).numpy(), rtol=1e-13)
    edges = core.tensor([-1.0, 1.0, 1.5, float("nan")])
    assert core.erfinv(edges).tolist()[:2] == [-math.inf, math.inf]
    assert core.erfinv(edges)[2:].isnan().all()


def test_recurrences_of_the_gamma_functions_family():
    x = core.linspace(0.05, 30, 200, dtype=core.float64)
    assert_close(core.lgamma(x + 1) - core.lgamma(x), np.log(x.numpy()), rtol=1e-11, atol=1e-13)
    assert_close(core.digamma(x + 1) - core.digamma(x), 1 / x.numpy(), rtol=1e-11)
    assert_close(core.polygamma(1, x + 1) - core.polygamma(1, x), -x.numpy() ** -2, rtol=1e-9)
    a, y = core.tensor([[0.3], [3.0], [40.0]], dtype=core.float64), x
    assert_close(core.igamma(a, y) + core.igammac(a, y), np.ones((3, 200)), rtol=1e-14)
    assert_close(core.igammac(core.ones(1, dtype=core.float64), y), np.exp(-y.numpy()), rtol=1e-13)


def test_wronskians_of_bessel_functions():
    x = np.concatenate([np.linspace(0.1, 60, 300), [1.0, 2.0, 25.0, 25.1]])
    t = core.tensor(x)
    j0, j1, y0, y1 = [getattr(special, f"bessel_{n}")(t) for n in ("j0", "j1", "y0", "y1")]
    assert_close(j1 * y0 - j0 * y1, 2 / (np.pi * x), rtol=1e-12)
    products = special.i0e(t) * special.scaled_modified_bessel_k1(t)
    products += special.i1e(t) * special.scaled_modified_bessel_k0(t)
    assert_close(products, 1 / x, rtol=1e-13)


def test_airys_equation():
    x = core.linspace(-12, 6, 400, dtype=core.float64)
    h = 1e-3
    second = (special.airy_ai(x + h) - 2 * special.airy_ai(x) + special.airy_ai(x - h)) / (h * h)
    assert_close(second, (x * special.airy_ai(x)).numpy(), rtol=0, atol=3e-5)


def test_whole_numbers_halves_and_refusals(device):
    whole = core.tensor([1, 5], device=device)
    assert special.gammaln(whole).dtype is core.float32
    half = special.digamma(core.tensor([1.5], dtype=core.bfloat16, device=device))
    assert half.dtype is core.bfloat16
    assert abs(float(half.item()) - 0.03649) < 1e-3
    with pytest.raises(TypeError, match="lgamma"):
        core.lgamma(core.tensor([1j]))
    with pytest.raises(RuntimeError, match="n=-1"):
        core.polygamma(-1, core.ones(2))
    with pytest.raises(RuntimeError, match="p=0"):
        core.mvlgamma(core.ones(2), 0)


@pytest.mark.parametrize("size", [5, 40_001, 300_000])
def test_gelu_by_blocks_and_strided(size):
    x = np.linspace(-12, 8, 2 * size, dtype=np.float32)
    wide = x[::2].astype(np.float64)
    cdf = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in wide])
    strided = core.from_numpy(x)[::2]
    assert_close(ops.activation.gelu_erf(strided), wide * cdf, rtol=2e-7, atol=5e-7)
    slope = cdf + wide * np.exp(-wide * wide / 2) / math.sqrt(2 * math.pi)
    step = ops.activation.gelu_erf_step(core.full((size,), 2.0), strided)
    assert_close(step, 2 * slope, rtol=2e-7, atol=8e-7)
    edges = ops.activation.gelu_erf(core.tensor([math.inf, math.nan, -0.0, 0.0])).numpy()
    np.testing.assert_array_equal(edges, [np.inf, np.nan, -0.0, 0.0])
