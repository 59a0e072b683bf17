"""Derivatives of selection by masks."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.masked

vjp(op.masked_fill, input=lambda g, mask: op.masked_fill(g, mask, 0),
    value=lambda g, mask: ops.reduce.sum(op.masked_fill(g, ops.unary.logical_not(mask), 0)))
not_differentiable(op.nonzero_positions, reason="the result is not a floating number")
