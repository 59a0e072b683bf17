"""Derivatives of joining."""

from facula.autograd.plans import vjp
from facula.core import ops

op, views = ops.joining, ops.views


def _parts(g, tensors_shape, dim):  # type: ignore[no-untyped-def]
    return views.split(g, [shape[dim] for shape in tensors_shape], dim)


vjp(op.cat, tensors=_parts)
vjp(op.stack, tensors=lambda g, dim: views.unbind(g, dim))
