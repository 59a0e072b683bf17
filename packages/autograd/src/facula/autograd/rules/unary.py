"""Derivatives of elementwise operations of one tensor, by PyTorch's convention for complex ones.

The gradient of a complex number is the derivative by its real part plus i times that by its
imaginary part; so the gradient of an analytic function is g times the conjugate of its derivative.
"""

import math

from facula.autograd import steps
from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.steps import conj
from facula.core import ops

op = ops.unary
where = ops.compare.select_where
zeros_like = ops.creation.zeros_like


def _abs(g, input):  # type: ignore[no-untyped-def]
    return g * (ops.complex_numbers.sgn(input) if input.is_complex() else op.sign(input))


def _acosh(g, input):  # type: ignore[no-untyped-def]
    if input.is_complex():
        return g * conj(op.rsqrt(input - 1) * op.rsqrt(input + 1))
    return g * op.rsqrt(input * input - 1)


# sinc'(x) = x * sum of c x**2k; on abs(x) < 0.1 these terms are enough for float64.
_SINC = [(-1) ** k * 2 * k * math.pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 8)]


def _sinc(g, input, y):  # type: ignore[no-untyped-def]
    """By the series near 0, where the two terms of the quotient cancel."""
    near = op.abs(input) < 0.1
    x = where(input, 0.0, near)
    series = _SINC[-1]
    for c in _SINC[-2::-1]:
        series = series * (x * x) + c
    quotient = (op.cos(input * math.pi) - y) / where(1.0, input, near)
    return g * conj(where(series * x, quotient, near))


vjp(op.neg, input=lambda g: -g)
vjp(op.abs, input=_abs)
vjp(op.square, input=lambda g, input: g * conj(input) * 2)
vjp(op.reciprocal, input=lambda g, y: -g * conj(y * y))
vjp(op.sqrt, input=lambda g, y: g / conj(y * 2))
vjp(op.rsqrt, input=lambda g, y: g * conj(y * y * y) * -0.5)
vjp(op.exp, input=lambda g, y: g * conj(y))
vjp(op.exp2, input=lambda g, y: g * conj(y) * math.log(2))
vjp(op.expm1, input=lambda g, y: g * conj(y + 1))
vjp(op.log, input=lambda g, input: g / conj(input))
vjp(op.log2, input=lambda g, input: g / conj(input * math.log(2)))
vjp(op.log10, input=lambda g, input: g / conj(input * math.log(10)))
vjp(op.log1p, input=lambda g, input: g / conj(input + 1))
vjp(op.sin, input=lambda g, input: g * conj(op.cos(input)))
vjp(op.cos, input=lambda g, input: -g * conj(op.sin(input)))
vjp(op.sinc, input=_sinc)
vjp(op.tan, input=lambda g, y: g * conj(y * y + 1))
vjp(op.asin, input=lambda g, input: g * conj(op.rsqrt(1 - input * input)))
vjp(op.acos, input=lambda g, input: -g * conj(op.rsqrt(1 - input * input)))
vjp(op.atan, input=lambda g, input: g / conj(input * input + 1))
vjp(op.sinh, input=lambda g, input: g * conj(op.cosh(input)))
vjp(op.cosh, input=lambda g, input: g * conj(op.sinh(input)))
vjp(op.tanh, input=lambda g, y: steps.tanh_step(g, conj(y)))
vjp(op.asinh, input=lambda g, input: g * conj(op.rsqrt(input * input + 1)))
vjp(op.acosh, input=_acosh)
vjp(op.atanh, input=lambda g, input: g / conj(1 - input * input))
vjp(op.sigmoid, input=lambda g, y: steps.sigmoid_step(g, conj(y)))
vjp(op.relu, input=lambda g, y: steps.relu_step(g, y))

# The steps themselves, for gradients of gradients.
vjp(steps.tanh_step, gradient=lambda g, output: steps.tanh_step(g, conj(output)),
    output=lambda g, gradient, output: g * conj(gradient * output) * -2)
vjp(steps.sigmoid_step, gradient=lambda g, output: steps.sigmoid_step(g, conj(output)),
    output=lambda g, gradient, output: g * conj(gradient * (1 - output * 2)))
vjp(steps.relu_step, gradient=lambda g, output: steps.relu_step(g, output),
    output=lambda g: zeros_like(g))

# Flat almost everywhere: PyTorch's gradient is zero, not missing.
for flat in (op.sign, op.floor, op.ceil, op.trunc, op.round):
    vjp(flat, input=lambda g: zeros_like(g))

not_differentiable(op.isnan, op.isinf, op.isfinite, op.logical_not, op.bitwise_not,
                   reason="the result is not a floating number")
