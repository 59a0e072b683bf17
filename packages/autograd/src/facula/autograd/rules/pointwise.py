"""Derivatives of limits, interpolation, angles and their kin."""

import math

from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.steps import conj
from facula.core import ops

op = ops.pointwise
where = ops.compare.select_where

vjp(op.clamp_min, input=lambda g, input, min: where(g, 0.0, (input >= min) | (input != input)),
    min=lambda g, input, min: where(g, 0.0, input < min))
vjp(op.clamp_max, input=lambda g, input, max: where(g, 0.0, (input <= max) | (input != input)),
    max=lambda g, input, max: where(g, 0.0, input > max))
vjp(op.fmax, input=lambda g, input, other: where(g, 0.0, (input >= other) | (other != other)),
    other=lambda g, input, other: where(0.0, g, (input >= other) | (other != other)))
vjp(op.fmin, input=lambda g, input, other: where(g, 0.0, (input <= other) | (other != other)),
    other=lambda g, input, other: where(0.0, g, (input <= other) | (other != other)))
vjp(op.lerp, input=lambda g, weight: g * (1 - conj(weight)),
    end=lambda g, weight: g * conj(weight),
    weight=lambda g, input, end: g * conj(end - input))
vjp(op.copysign, input=lambda g, input, y: where(0.0, g * (y / input), input == 0),
    other=lambda g: g * 0)
vjp(op.heaviside, input=lambda g: g * 0, values=lambda g, input: g * (input == 0))
vjp(op.xlogy, input=lambda g, input, other: where(
    0.0, g * ops.unary.log(other), (input == 0) & (other <= 0)),
    other=lambda g, input, other: g * input / other)
vjp(op.logaddexp, input=lambda g, input, y: g * conj(ops.unary.exp(input - y)),
    other=lambda g, other, y: g * conj(ops.unary.exp(other - y)))
vjp(op.log_odds, input=lambda g, input: g / (input * (1 - input)))
vjp(op.deg2rad, input=lambda g: g * (math.pi / 180))
vjp(op.rad2deg, input=lambda g: g * (180 / math.pi))
not_differentiable(op.signbit, reason="the result is not a floating number")
