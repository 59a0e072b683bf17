"""Special functions with a derivative by one argument only, and those without."""

import pytest

from facula import autograd, core
from facula.core import special
from facula.core.operation import operations


@pytest.mark.parametrize("function", [special.gammainc, special.gammaincc, special.zeta],
                         ids=lambda f: f.__name__)
def test_the_second_argument_has_a_derivative_and_the_first_refuses(function):
    a = core.tensor([1.5, 2.0, 3.5], dtype=core.float64)
    x = core.tensor([0.7, 2.0, 6.0], dtype=core.float64, requires_grad=True)
    assert autograd.gradcheck(lambda x: function(a, x), x)
    assert autograd.gradgradcheck(lambda x: function(a, x), x)
    assert autograd.gradcheck(lambda x: function(2.5, x), x)
    y = function(a.requires_grad_(), x).sum()
    with pytest.raises(NotImplementedError, match="no derivative by input"):
        y.backward()


@pytest.mark.parametrize("op", [op for op in operations() if op.room == "polynomials"],
                         ids=lambda op: op.name)
def test_polynomials_refuse_a_derivative(op):
    x = core.tensor([0.5], requires_grad=True)
    y = op.public(x, 3)
    with pytest.raises(NotImplementedError, match="no derivative by input"):
        y.backward()


def test_slopes_at_zero_are_the_limits():
    x = core.zeros(1, dtype=core.float64, requires_grad=True)
    for function, slope in ((special.i1, 0.5), (special.i1e, 0.5), (special.bessel_j1, 0.5),
                            (special.i0e, 0.0), (special.spherical_bessel_j0, 0.0),
                            (special.xlog1py, None)):
        y = function(x) if slope is not None else function(x, 1.0)
        (g,) = autograd.grad(y.sum(), x)
        assert g.item() == pytest.approx(slope if slope is not None else 0.6931471805599453)
