"""Derivatives of limits, interpolation, angles and their kin."""

import math

from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.rules.binary import log_of
from facula.autograd.steps import conj
from facula.core import ops

op = ops.pointwise
where = ops.compare.select_where


def _share(x, other, y):  # type: ignore[no-untyped-def]
    """``exp(x) / (exp(x) + exp(other))``, which is 1 or 0 where one of them is infinite."""
    if y.is_complex():
        return conj(ops.unary.exp(x - y))
    return ops.unary.sigmoid(x - other)


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
    0.0, g * log_of(other), (input == 0) & (other <= 0)),
    other=lambda g, input, other: g * input / other)
vjp(op.logaddexp, input=lambda g, input, other, y: g * _share(input, other, y),
    other=lambda g, input, other, y: g * _share(other, input, y))
vjp(op.log_odds, input=lambda g, input: where(
    math.nan, g / (input * (1 - input)), (input < 0) | (input > 1)))
vjp(op.deg2rad, input=lambda g: g * (math.pi / 180))
vjp(op.rad2deg, input=lambda g: g * (180 / math.pi))
not_differentiable(op.signbit, reason="the result is not a floating number")
