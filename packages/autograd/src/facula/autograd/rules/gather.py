"""Derivatives of gathering and scattering along a dimension."""

from facula.autograd.plans import vjp
from facula.core import ops
from facula.core.slot import grad_mode

op = ops.gather


def _zeros(g, shape):  # type: ignore[no-untyped-def]
    return ops.creation.zeros(shape, dtype=g.dtype, device=g.device)


def _product_of_others(g, input, dim, index, src):  # type: ignore[no-untyped-def]
    """The gradients of products: for each factor the product of the others, right with zeros.

    The zeros are set apart: a product without any gives each factor the whole by itself, with one
    it gives only that zero something, with more it gives nothing.
    """
    where = ops.compare.select_where
    zero, src_zero = input == 0, src == 0
    if grad_mode.enabled and bool(zero.any() | src_zero.any()):
        raise RuntimeError("scatter_reduce: the product has no second derivative here where a "
                           "factor is 0: leave out create_graph")
    factor, src_factor = where(1.0, input, zero), where(1.0, src, src_zero)
    whole = op.scatter_fold(factor, dim, index, src_factor, "prod")
    zeros = op.scatter_add(zero.to(g.dtype), dim, index, src_zero.to(g.dtype))
    alone, none = g * whole * (zeros == 1), g * whole * (zeros == 0)
    return where(alone, none / factor, zero), where(
        op.gather(alone, dim, index), op.gather(none, dim, index) / src_factor, src_zero)


def _folded(g, y, input, dim, index, src, reduce):  # type: ignore[no-untyped-def]
    if reduce == "prod":
        mine, theirs = _product_of_others(g, input, dim, index, src)
        return mine, None, theirs
    mine = (input == y).to(g.dtype)
    theirs = (src == op.gather(y, dim, index)).to(g.dtype)
    share = g / op.scatter_add(mine, dim, index, theirs)
    return mine * share, None, theirs * op.gather(share, dim, index)


def _stored(g, dim, index):  # type: ignore[no-untyped-def]
    """The gradient of what was stored; of several values for one place, of the one that stayed."""
    order = ops.creation.arange(index.numel(), device=g.device).reshape(index.shape)
    places = ops.creation.empty(g.shape, dtype=order.dtype, device=g.device)
    stays = op.gather(op.scatter(places, dim, index, order), dim, index) == order
    return ops.masked.where(stays, op.gather(g, dim, index), 0.0)


vjp(op.gather, input=lambda g, input_shape, dim, index: op.scatter_add(
    _zeros(g, input_shape), dim, index, g))
vjp(op.scatter, input=lambda g, dim, index: op.scatter(g, dim, index, 0),
    src=_stored)
vjp(op.scatter_add, input=lambda g: g, src=lambda g, dim, index: op.gather(g, dim, index))
vjp(op.scatter_fold, joint=_folded)
vjp(op.index_select, input=lambda g, input_shape, dim, index: op.index_add(
    _zeros(g, input_shape), dim, index, g))
vjp(op.index_add, input=lambda g: g, source=lambda g, dim, index: op.index_select(g, dim, index))
