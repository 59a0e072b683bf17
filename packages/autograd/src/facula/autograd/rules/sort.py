"""Derivatives of orders: each gradient goes back to where its element stood."""

from facula.autograd.plans import vjp
from facula.autograd.rules.extremes import added, picked
from facula.core import ops

op = ops.sort

vjp(op.sort_indices, input=added)
vjp(op.topk_indices, input=added)
vjp(op.kth_index, input=picked)
vjp(op.median_index, input=picked)
vjp(op.mode_index, input=picked)
