"""Derivatives of running extremes; those of ``max_dim`` and the like follow the same rule."""

from facula.autograd.plans import vjp
from facula.core import ops

op, gather, shape = ops.extremes, ops.gather, ops.shape


def picked(g0, y1, input_shape, dim, keepdim):  # type: ignore[no-untyped-def]
    """The gradient of elements picked by index along a dimension, one from each line."""
    if not keepdim and input_shape:
        g0, y1 = shape.unsqueeze(g0, dim), shape.unsqueeze(y1, dim)
    return gather.scatter(_zeros(g0, input_shape), dim, y1, g0)


def added(g0, y1, input_shape, dim):  # type: ignore[no-untyped-def]
    """The gradient of elements picked by index along a dimension, any number of times."""
    return gather.scatter_add(_zeros(g0, input_shape), dim, y1, g0)


def _zeros(g, input_shape):  # type: ignore[no-untyped-def]
    return ops.creation.zeros(input_shape, dtype=g.dtype, device=g.device)


vjp(ops.reduce.max_dim, input=picked)
vjp(ops.reduce.min_dim, input=picked)
vjp(op.cummax_indices, input=added)
vjp(op.cummin_indices, input=added)
