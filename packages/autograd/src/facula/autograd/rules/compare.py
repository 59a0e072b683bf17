"""Derivatives of selection; comparisons have none."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.compare

# Selected, not multiplied: 0 * inf would be NaN where nothing was selected.
vjp(op.select_where, input=lambda g, condition: op.select_where(g, 0.0, condition),
    other=lambda g, condition: op.select_where(0.0, g, condition), condition=None)
not_differentiable(op.eq, op.ne, op.lt, op.le, op.gt, op.ge,
                   reason="the result is not a floating number")
