"""Derivatives of reductions."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops
from facula.core.dtypes import bool_

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


def _others(input, dim, keepdim):  # type: ignore[no-untyped-def]
    """For each element the product of all others in its reduced set: right with zeros too."""
    kept = [i for i in range(input.ndim) if i not in dim]
    n = _count(input.shape, dim)
    flat = shape.permute(input, (*kept, *dim)).reshape(*[input.shape[i] for i in kept], n)
    grid = shape.expand(flat.unsqueeze(-2), (*flat.shape[:-1], n, n))
    eye = ops.creation.eye(n, dtype=bool_, device=input.device)
    return op.prod(ops.compare.select_where(1.0, grid, eye), -1)


def _prod(g, input, input_shape, dim, keepdim):  # type: ignore[no-untyped-def]
    kept = [i for i in range(len(input_shape)) if i not in dim]
    order = (*kept, *dim)
    others = _others(input, dim, keepdim).reshape(*[input_shape[i] for i in order])
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return spread(g, input_shape, dim, keepdim) * shape.permute(others, back)


vjp(op.sum, input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))
vjp(op.mean, input=lambda g, input_shape, dim, keepdim: spread(
    g / _count(input_shape, dim), input_shape, dim, keepdim))
vjp(op.amax, input=_shared_by_ties)
vjp(op.amin, input=_shared_by_ties)
vjp(op.prod, input=_prod)

not_differentiable(op.any, op.all, op.argmax, op.argmin,
                   reason="the result is not a floating number")
