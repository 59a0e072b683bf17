"""Derivatives of the special functions; where PyTorch has none, they refuse."""

import math

from facula.autograd.plans import vjp
from facula.core import ops
from facula.core.tensor import Tensor

op, bessel = ops.special, ops.bessel
exp, where = ops.unary.exp, ops.compare.select_where
_ROOT_PI = math.sqrt(math.pi)


def refused(name, argument):  # type: ignore[no-untyped-def]
    """The rule of an argument that has no derivative: an error, never a silent zero."""
    def rule(g):  # type: ignore[no-untyped-def]
        raise NotImplementedError(f"{name}: there is no derivative by {argument}: detach() it")
    return rule


def _gamma_density(input, other):  # type: ignore[no-untyped-def]
    """other ** (input - 1) * exp(-other) / gamma(input)."""
    log_gamma = op.lgamma(input) if isinstance(input, Tensor) else math.lgamma(input)
    return exp(ops.pointwise.xlogy(input - 1, other) - other - log_gamma)


def _entr(g, input):  # type: ignore[no-untyped-def]
    return g * (-ops.unary.log(input) - 1)


def _log1p(x):  # type: ignore[no-untyped-def]
    return ops.unary.log1p(x) if isinstance(x, Tensor) else math.log1p(x)


def _xlog1py_input(g, input, other):  # type: ignore[no-untyped-def]
    zero = (input == 0) & (other <= -1)
    return where(0.0, g * _log1p(other), zero) if isinstance(zero, Tensor) else g * _log1p(other)


vjp(op.erfc, input=lambda g, input: g * exp(-(input * input)) * (-2 / _ROOT_PI))
vjp(op.erfinv, input=lambda g, y: g * exp(y * y) * (_ROOT_PI / 2))
vjp(op.erfcx, input=lambda g, input, y: g * (input * y * 2 - 2 / _ROOT_PI))
vjp(op.ndtr, input=lambda g, input: g * exp(input * input * -0.5) * (1 / math.sqrt(2 * math.pi)))
vjp(op.log_ndtr, input=lambda g, input: g * (
    math.sqrt(2 / math.pi) / op.erfcx(input * -math.sqrt(0.5))))
vjp(op.ndtri, input=lambda g, y: g * exp(y * y * 0.5) * math.sqrt(2 * math.pi))
vjp(op.lgamma, input=lambda g, input: g * op.digamma(input))
vjp(op.digamma, input=lambda g, input: g * op.polygamma_of(input, 1))
vjp(op.polygamma_of, input=lambda g, input, n: g * op.polygamma_of(input, n + 1))
vjp(op.igamma, input=refused("igamma", "input"),
    other=lambda g, input, other: g * _gamma_density(input, other))
vjp(op.igammac, input=refused("igammac", "input"),
    other=lambda g, input, other: -g * _gamma_density(input, other))
vjp(op.zeta, input=refused("zeta", "input"),
    other=lambda g, input, other: g * -input * op.zeta(input + 1, other))
vjp(op.entr, input=_entr)
vjp(op.xlog1py, input=_xlog1py_input, other=lambda g, input, other: g * input / (other + 1))

vjp(bessel.i0, input=lambda g, input: g * bessel.i1(input))
vjp(bessel.modified_bessel_i0, input=lambda g, input: g * bessel.i1(input))
vjp(bessel.i0e, input=lambda g, input, y: g * (
    bessel.i1e(input) - ops.unary.sign(input) * y))


def _i1(g, input, y):  # type: ignore[no-untyped-def]
    return g * where(0.5, bessel.i0(input) - y / input, input == 0)


def _i1e(g, input, y):  # type: ignore[no-untyped-def]
    away = bessel.i0e(input) - y * (ops.unary.sign(input) + 1 / input)
    return g * where(0.5, away, input == 0)


def _j1(g, input, y):  # type: ignore[no-untyped-def]
    return g * where(0.5, bessel.bessel_j0(input) - y / input, input == 0)


def _spherical(g, input, y):  # type: ignore[no-untyped-def]
    return g * where(0.0, (ops.unary.cos(input) - y) / input, input == 0)


vjp(bessel.i1, input=_i1)
vjp(bessel.modified_bessel_i1, input=_i1)
vjp(bessel.i1e, input=_i1e)
vjp(bessel.bessel_j0, input=lambda g, input: -g * bessel.bessel_j1(input))
vjp(bessel.bessel_j1, input=_j1)
vjp(bessel.bessel_y0, input=lambda g, input: -g * bessel.bessel_y1(input))
vjp(bessel.bessel_y1, input=lambda g, input, y: g * (bessel.bessel_y0(input) - y / input))
vjp(bessel.modified_bessel_k0, input=lambda g, input: -g * bessel.modified_bessel_k1(input))
vjp(bessel.modified_bessel_k1, input=lambda g, input, y: -g * (
    bessel.modified_bessel_k0(input) + y / input))
vjp(bessel.scaled_modified_bessel_k0, input=lambda g, input, y: g * (
    y - bessel.scaled_modified_bessel_k1(input)))
vjp(bessel.scaled_modified_bessel_k1, input=lambda g, input, y: g * (
    y - bessel.scaled_modified_bessel_k0(input) - y / input))
vjp(bessel.spherical_bessel_j0, input=_spherical)
vjp(bessel.airy_ai, input=refused("airy_ai", "input"))

for _polynomial in (
        "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v",
        "chebyshev_polynomial_w", "hermite_polynomial_h", "hermite_polynomial_he",
        "laguerre_polynomial_l", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t",
        "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
        "shifted_chebyshev_polynomial_w"):
    vjp(_polynomial, input=refused(_polynomial, "input"), n=refused(_polynomial, "n"))
