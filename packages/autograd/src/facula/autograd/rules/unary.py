"""Derivatives of elementwise operations of one tensor."""

import math

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.unary
where = ops.compare.select_where

vjp(op.neg, input=lambda g: -g)
vjp(op.abs, input=lambda g, input: g * op.sign(input))
vjp(op.square, input=lambda g, input: g * input * 2)
vjp(op.reciprocal, input=lambda g, y: -g * y * y)
vjp(op.sqrt, input=lambda g, y: g / (y * 2))
vjp(op.rsqrt, input=lambda g, y: g * (y * y * y) * -0.5)
vjp(op.exp, input=lambda g, y: g * y)
vjp(op.exp2, input=lambda g, y: g * y * math.log(2))
vjp(op.expm1, input=lambda g, y: g * (y + 1))
vjp(op.log, input=lambda g, input: g / input)
vjp(op.log2, input=lambda g, input: g / (input * math.log(2)))
vjp(op.log10, input=lambda g, input: g / (input * math.log(10)))
vjp(op.log1p, input=lambda g, input: g / (input + 1))
vjp(op.sin, input=lambda g, input: g * op.cos(input))
vjp(op.cos, input=lambda g, input: -g * op.sin(input))
vjp(op.sinc, input=lambda g, input, y: g * where(
    0.0, (op.cos(input * math.pi) - y) / input, input == 0))
vjp(op.tan, input=lambda g, y: g * (y * y + 1))
vjp(op.asin, input=lambda g, input: g * op.rsqrt(1 - input * input))
vjp(op.acos, input=lambda g, input: -g * op.rsqrt(1 - input * input))
vjp(op.atan, input=lambda g, input: g / (input * input + 1))
vjp(op.sinh, input=lambda g, input: g * op.cosh(input))
vjp(op.cosh, input=lambda g, input: g * op.sinh(input))
vjp(op.tanh, input=lambda g, y: g * (1 - y * y))
vjp(op.asinh, input=lambda g, input: g * op.rsqrt(input * input + 1))
vjp(op.acosh, input=lambda g, input: g * op.rsqrt(input * input - 1))
vjp(op.atanh, input=lambda g, input: g / (1 - input * input))
vjp(op.sigmoid, input=lambda g, y: g * (y * (1 - y)))
vjp(op.relu, input=lambda g, y: g * (y > 0))

# Flat almost everywhere: PyTorch's gradient is zero, not missing.
for flat in (op.sign, op.floor, op.ceil, op.trunc, op.round):
    vjp(flat, input=lambda g: g * 0)

not_differentiable(op.isnan, op.isinf, op.isfinite, op.logical_not, op.bitwise_not,
                   reason="the result is not a floating number")
