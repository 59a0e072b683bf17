"""Derivatives of operations on exponents; divisors and neighbours have none."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.integers

vjp(op.mantissa_exponent, input=lambda g0, y1: g0 / ops.unary.exp2(y1.to(g0.dtype)))
not_differentiable(op.gcd, op.lcm, reason="the result is not a floating number")
# The distance to the neighbour is the same for all numbers between two powers of 2.
vjp(op.nextafter, input=lambda g: g, other=lambda g: ops.creation.zeros_like(g))
