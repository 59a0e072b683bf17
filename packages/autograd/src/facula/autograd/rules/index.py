"""Derivatives of indexing and assignment."""

from facula.autograd.fitting import add_into
from facula.autograd.plans import vjp
from facula.core import ops

op = ops.index


def _zeros_like_input(g, input_shape):  # type: ignore[no-untyped-def]
    return ops.creation.zeros(input_shape, dtype=g.dtype, device=g.device)


def _kept(g, indices, accumulate):  # type: ignore[no-untyped-def]
    """The gradient, without what was overwritten."""
    if accumulate:
        return g
    gone = op.index_shape(g.shape, indices)
    zeros = ops.shape.expand(_zeros_like_input(g, ()), gone)
    return op.advanced_index_put(g, indices, zeros, False)


def _stored(g, indices, accumulate):  # type: ignore[no-untyped-def]
    """The gradient of what was stored; of several values for one place, of the one that stayed."""
    part = op.advanced_index(g, indices)
    if accumulate:
        return part
    order = ops.creation.arange(part.numel(), device=g.device).reshape(part.shape)
    places = ops.creation.empty(g.shape, dtype=order.dtype, device=g.device)
    places = op.advanced_index_put(places, indices, order, False)
    return ops.masked.where(op.advanced_index(places, indices) == order, part, 0.0)


def _add_at(total, g, input_shape, index):  # type: ignore[no-untyped-def]
    part = (index if ... in index else (*index, ...)) if isinstance(index, tuple) else index
    add_into(total._data[part], g)


vjp(op.basic_index, input=lambda g, input_shape, index: op.basic_index_put_zeros(
    g, input_shape, index), adds=_add_at)
vjp(op.basic_index_put_zeros, grad=lambda g, index: op.basic_index(g, index))
vjp(op.advanced_index, input=lambda g, input_shape, indices: op.advanced_index_put(
    _zeros_like_input(g, input_shape), indices, g, True))
vjp(op.advanced_index_put, input=_kept,
    values=_stored)
