"""Gradients at zeros, borders, infinities and NaN, where formulas divide by 0 or cancel."""

import math

import pytest

from facula import autograd, core

INF, NAN = math.inf, math.nan


def slopes(function, *values):
    """The gradients of the sum by each argument, as lists."""
    leaves = [core.tensor(v, dtype=core.float64, requires_grad=True) for v in values]
    y = function(*leaves)
    return [g.tolist() for g in autograd.grad(y.sum(), leaves)]


def test_the_angle_at_the_origin_has_no_slope():
    assert slopes(core.atan2, [0.0, 1.0], [0.0, 0.0]) == [[0.0, 0.0], [0.0, -1.0]]


def test_one_infinite_term_of_logaddexp_has_all_of_the_slope():
    assert slopes(core.logaddexp, [INF, 1.0, -INF], [1.0, INF, 1.0]) == [[1, 0, 0], [0, 1, 1]]


@pytest.mark.parametrize("function", [core.maximum, core.minimum])
def test_a_nan_has_the_gradient_on_both_sides(function):
    assert slopes(function, [NAN, 1.0], [1.0, NAN]) == [[1, 1], [1, 1]]


@pytest.mark.parametrize("p", [0.3, 0.5, 0.9])
def test_distances_of_equal_points(p):
    x = [[0.0, 1.0], [0.0, 1.0]]
    for function in (lambda x: core.cdist(x, x * 1, p), lambda x: core.pdist(x, p)):
        (g,) = slopes(function, x)
        assert g == [[0.0, 0.0], [0.0, 0.0]]


def test_distances_of_order_below_1_where_some_parts_are_equal():
    x = core.tensor([[0.0, 1.0, 3.0]], dtype=core.float64, requires_grad=True)
    y = core.tensor([[0.0, 2.0, 5.0]], dtype=core.float64)
    (g,) = autograd.grad(core.cdist(x, y, 0.5).sum(), x)
    total = 1 + math.sqrt(2)
    assert g[0].tolist() == pytest.approx([0.0, -total, -total / math.sqrt(2)])


def test_sinc_near_zero_does_not_cancel():
    x = core.tensor([1e-3, -1e-2, 0.0999, 0.1001, 0.7], dtype=core.float32, requires_grad=True)
    (g,) = autograd.grad(core.sinc(x).sum(), x)
    want = [(math.cos(math.pi * t) - math.sin(math.pi * t) / (math.pi * t)) / t for t in x.tolist()]
    assert g.tolist() == pytest.approx(want, rel=2e-5)
    z = core.tensor([0.0, 0.05, 0.5], dtype=core.float64, requires_grad=True)
    assert autograd.gradgradcheck(core.sinc, z)
    (g,) = autograd.grad(core.sinc(z).sum(), z, create_graph=True)
    (h,) = autograd.grad(g.sum(), z)
    assert h[0].item() == pytest.approx(-math.pi**2 / 3)


def test_logit_outside_its_domain():
    (g,) = slopes(core.logit, [-0.5, 0.5, 1.5])
    assert math.isnan(g[0]) and g[1] == 4.0 and math.isnan(g[2])


def test_xlogy_with_a_number():
    (g,) = slopes(lambda x: core.xlogy(x, 2.0), [0.0, 3.0])
    assert g == pytest.approx([math.log(2)] * 2)
    (g,) = slopes(lambda x: core.xlogy(x, 0.0), [0.0, 3.0])
    assert g == [0.0, -INF]
