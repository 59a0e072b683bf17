"""Derivatives of reductions."""

from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.steps import conj
from facula.core import ops

op, shape = ops.reduce, ops.shape


def spread(g, input_shape, dim, keepdim):  # type: ignore[no-untyped-def]
    """A reduced gradient, expanded over the dimensions it was reduced from."""
    if not keepdim and dim:
        g = shape.view_as_shape(g.contiguous(), tuple(
            [1 if i in dim else n for i, n in enumerate(input_shape)]))
    return shape.expand(g, input_shape)


def _count(input_shape, dim):  # type: ignore[no-untyped-def]
    n = 1
    for d in dim:
        n *= input_shape[d]
    return n


def _shared_by_ties(g, input, y, input_shape, dim, keepdim):  # type: ignore[no-untyped-def]
    top = input == spread(y, input_shape, dim, keepdim)
    share = op.sum(top, dim, True).to(g.dtype)
    return spread(g, input_shape, dim, keepdim) * top / share


def _others(lines):  # type: ignore[no-untyped-def]
    """For each element the product of all others in its line, also where some are zero."""
    ones = ops.creation.ones_like(lines.detach()[..., :1])

    def before(x):  # type: ignore[no-untyped-def]
        return ops.joining.cat((ones, ops.cumulative.cumprod(x[..., :-1], -1)), -1)
    flip = ops.rearrange.flip
    return before(lines) * flip(before(flip(lines, -1)), -1)


def _prod(g, input, y, input_shape, dim, keepdim):  # type: ignore[no-untyped-def]
    if not dim or not input.numel():
        return spread(g, input_shape, dim, keepdim)
    if not bool((input == 0).any()):
        return spread(g * conj(y), input_shape, dim, keepdim) / conj(input)
    order = (*[i for i in range(len(input_shape)) if i not in dim], *dim)
    moved = shape.permute(input, order)
    lines = shape.reshape(moved, (*[input_shape[i] for i in order[:-len(dim)]], -1))
    others = shape.reshape(_others(lines), tuple(moved.shape))
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return spread(g, input_shape, dim, keepdim) * conj(shape.permute(others, back))


vjp(op.sum, input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))
vjp(op.mean, input=lambda g, input_shape, dim, keepdim: spread(
    g / _count(input_shape, dim), input_shape, dim, keepdim))
vjp(op.amax, input=_shared_by_ties)
vjp(op.amin, input=_shared_by_ties)
vjp(op.prod, input=_prod)

not_differentiable(op.any, op.all, op.argmax, op.argmin,
                   reason="the result is not a floating number")
