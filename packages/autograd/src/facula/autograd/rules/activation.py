"""Derivatives of activation functions."""

import math

from facula.autograd.plans import vjp
from facula.core import ops

op, where = ops.activation, ops.masked.where
exp, sigmoid = ops.unary.exp, ops.unary.sigmoid


def _elu(g, input, alpha, scale, input_scale):  # type: ignore[no-untyped-def]
    low = exp(input * input_scale) * (alpha * scale * input_scale)
    return g * where(input > 0, scale, low)


def _silu(g, input):  # type: ignore[no-untyped-def]
    s = sigmoid(input)
    return g * (s * (input * (1 - s) + 1))


def _softplus(g, input, beta, threshold):  # type: ignore[no-untyped-def]
    z = input * beta
    return g * where(z > threshold, 1.0, sigmoid(z))


def _gelu_erf_step(g, gradient, input):  # type: ignore[no-untyped-def]
    density = exp(input * input * -0.5) * (1 / math.sqrt(2 * math.pi))
    return g * gradient * (density * (2 - input * input))


def _gelu_tanh_slope(g, input):  # type: ignore[no-untyped-def]
    k, c = math.sqrt(2 / math.pi), 0.044715
    square = input * input
    t = ops.unary.tanh(input * (square * c + 1) * k)
    inner, rest = (square * (3 * c) + 1) * k, 1 - t * t
    return g * (rest * (inner + input * (3 * c * k) * input - input * inner * inner * t))


vjp(op.erf, input=lambda g, input: g * exp(-(input * input)) * (2 / math.sqrt(math.pi)))
vjp(op.leaky_relu, input=lambda g, input, negative_slope: where(input > 0, g, g * negative_slope))
vjp(op.elu, input=_elu)
vjp(op.hardtanh, input=lambda g, input, min_val, max_val: g * (
    (input > min_val) & (input < max_val)))
vjp(op.softplus, input=_softplus)
vjp(op.softshrink, input=lambda g, input, lambd: g * ((input > lambd) | (input < -lambd)))
vjp(op.hardshrink, input=lambda g, input, lambd: g * ((input > lambd) | (input < -lambd)))
vjp(op.threshold, input=lambda g, input, threshold: where(input <= threshold, 0.0, g))
vjp(op.silu, input=_silu)
vjp(op.gelu_erf, input=lambda g, input: op.gelu_erf_step(g, input))
vjp(op.gelu_tanh, input=lambda g, input: g * op.gelu_tanh_slope(input))
vjp(op.gelu_erf_step, gradient=lambda g, input: op.gelu_erf_step(g, input), input=_gelu_erf_step)
vjp(op.gelu_tanh_slope, input=_gelu_tanh_slope)
vjp(op.logsigmoid, input=lambda g, input: g * sigmoid(-input))
