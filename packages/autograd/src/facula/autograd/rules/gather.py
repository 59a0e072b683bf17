"""Derivatives of gathering and scattering along a dimension."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.gather


def _zeros(g, shape):  # type: ignore[no-untyped-def]
    return ops.creation.zeros(shape, dtype=g.dtype, device=g.device)


def _folded(g, y, input, dim, index, src, reduce):  # type: ignore[no-untyped-def]
    if reduce == "prod":
        return g * y / input, None, op.gather(g * y, dim, index) / src
    mine = (input == y).to(g.dtype)
    theirs = (src == op.gather(y, dim, index)).to(g.dtype)
    share = g / op.scatter_add(mine, dim, index, theirs)
    return mine * share, None, theirs * op.gather(share, dim, index)


vjp(op.gather, input=lambda g, input_shape, dim, index: op.scatter_add(
    _zeros(g, input_shape), dim, index, g))
vjp(op.scatter, input=lambda g, dim, index: op.scatter(g, dim, index, 0),
    src=lambda g, dim, index: op.gather(g, dim, index))
vjp(op.scatter_add, input=lambda g: g, src=lambda g, dim, index: op.gather(g, dim, index))
vjp(op.scatter_fold, joint=_folded)
vjp(op.index_select, input=lambda g, input_shape, dim, index: op.index_add(
    _zeros(g, input_shape), dim, index, g))
vjp(op.index_add, input=lambda g: g, source=lambda g, dim, index: op.index_select(g, dim, index))
