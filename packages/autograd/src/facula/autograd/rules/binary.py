"""Derivatives of elementwise arithmetic of two tensors."""

import numpy as np

from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.steps import conj
from facula.core import ops
from facula.core.tensor import Tensor

op = ops.binary
where = ops.compare.select_where
zeros_like = ops.creation.zeros_like


def log_of(x):  # type: ignore[no-untyped-def]
    if isinstance(x, Tensor):
        return ops.unary.log(x)
    with np.errstate(all="ignore"):
        return np.log(x).item()


def _pow_input(g, input, exponent):  # type: ignore[no-untyped-def]
    """exponent * input ** (exponent - 1), and 0 where exponent is 0, also at input 0."""
    if not isinstance(exponent, Tensor):
        if exponent == 0:
            return zeros_like(g)
        if exponent == 2:
            return g * conj(input) * 2
        return g * conj(op.pow(input, exponent - 1) * exponent)
    slope = op.pow(input, exponent - 1) * exponent
    return g * conj(where(0.0, slope, exponent == 0))


def _pow_exponent(g, input, exponent, y):  # type: ignore[no-untyped-def]
    """y * log(input), and 0 where input is 0 and exponent is not negative."""
    if exponent.is_complex() or y.is_complex():
        return g * conj(where(0.0, y * log_of(input), y == 0))
    return g * where(0.0, y * log_of(input), (exponent >= 0) & (input == 0))


def _half_at_ties(g, wins, ties):  # type: ignore[no-untyped-def]
    """The gradient where the operand wins; half of it where both are equal."""
    return g * wins + g * ties * 0.5


def _square_length(x, y):  # type: ignore[no-untyped-def]
    """Of the point (x, y); 1 at the origin, where the angle's derivative so counts as 0."""
    return where(1.0, x * x + y * y, (x == 0) & (y == 0))


vjp(op.add, input=lambda g: g, other=lambda g: g)
vjp(op.sub, input=lambda g: g, other=lambda g: -g)
vjp(op.mul, input=lambda g, other: g * conj(other), other=lambda g, input: g * conj(input))
vjp(op.true_divide, input=lambda g, other: g / conj(other),
    other=lambda g, input, other: -g * conj((input / other) / other))
vjp(op.remainder, input=lambda g: g,
    other=lambda g, input, other: -g * op.floor_divide(input, other))
vjp(op.fmod, input=lambda g: g,
    other=lambda g, input, other: -g * op.trunc_divide(input, other))
vjp(op.floor_divide, input=lambda g: zeros_like(g), other=lambda g: zeros_like(g))
vjp(op.trunc_divide, input=lambda g: zeros_like(g), other=lambda g: zeros_like(g))
vjp(op.pow, input=_pow_input, exponent=_pow_exponent)
# "Not less or equal" rather than "greater": a NaN has the gradient on both sides, as in PyTorch.
vjp(op.maximum, input=lambda g, input, other: _half_at_ties(g, ~(input <= other), input == other),
    other=lambda g, input, other: _half_at_ties(g, ~(input >= other), input == other))
vjp(op.minimum, input=lambda g, input, other: _half_at_ties(g, ~(input >= other), input == other),
    other=lambda g, input, other: _half_at_ties(g, ~(input <= other), input == other))
vjp(op.atan2, input=lambda g, input, other: g * (other / _square_length(input, other)),
    other=lambda g, input, other: -g * (input / _square_length(input, other)))
vjp(op.hypot, input=lambda g, input, y: g * (input / y), other=lambda g, other, y: g * (other / y))

not_differentiable(op.logical_and, op.logical_or, op.logical_xor, op.bitwise_and, op.bitwise_or,
                   op.bitwise_xor, op.bitwise_left_shift, op.bitwise_right_shift,
                   reason="the result is not a floating number")
