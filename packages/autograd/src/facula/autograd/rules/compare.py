"""Derivatives of selection; comparisons have none."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.compare

vjp(op.select_where, input=lambda g, condition: g * condition,
    other=lambda g, condition: g * (condition == 0), condition=None)
not_differentiable(op.eq, op.ne, op.lt, op.le, op.gt, op.ge,
                   reason="the result is not a floating number")
