"""Counting and searching have no derivatives."""

from facula.autograd.plans import not_differentiable
from facula.core import ops

op = ops.counting

not_differentiable(op.unique_all, op.search_rows, op.bincount, op.histogram_counts,
                   reason="the result does not depend smoothly on the input")
