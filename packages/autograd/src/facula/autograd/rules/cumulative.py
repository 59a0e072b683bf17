"""Derivatives of running sums and products."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops
from facula.core.slot import grad_mode

op = ops.cumulative
flip, unary, shape = ops.rearrange.flip, ops.unary, ops.shape


def _reversed(running, g, dim):  # type: ignore[no-untyped-def]
    return flip(running(flip(g, dim), dim), dim) if g.ndim else g


def _cumprod(g, input, y, dim):  # type: ignore[no-untyped-def]
    if not input.ndim:
        return g
    if not bool((input == 0).any()):
        return _reversed(op.cumsum, g * conj(y), dim) / conj(input)
    # With zeros: for each element the running products without it, from its place on.
    n = input.shape[dim]
    lines = ops.views.movedim(input, dim, -1)
    eye = ops.creation.eye(n, dtype=ops.creation.dtypes.bool_, device=input.device)
    grid = shape.expand(shape.unsqueeze(lines, -2), (*lines.shape[:-1], n, n))
    others = ops.rearrange.triu(op.cumprod(ops.compare.select_where(1.0, grid, eye), -1))
    back = ops.reduce.sum(conj(others) * shape.unsqueeze(ops.views.movedim(g, dim, -1), -2), -1)
    return ops.views.movedim(back, -1, dim)


def _logcumsumexp(g, input, y, dim):  # type: ignore[no-untyped-def]
    if not input.ndim:
        return g
    # The second derivative of the last way is lost in its infinities.
    if grad_mode.enabled or input.is_complex():
        top = ops.reduce.amax(ops.complex_numbers.real(input.detach()), dim, True)
        running = _reversed(op.cumsum, g * conj(unary.exp(top - y)), dim)
        return conj(unary.exp(input - top)) * running
    where, low = ops.compare.select_where, float("-inf")
    up = where(unary.log(g), low, g > 0)
    down = where(unary.log(-g), low, g < 0)
    gain = unary.exp(_reversed(op.logcumsumexp, up - y, dim) + input)
    loss = unary.exp(_reversed(op.logcumsumexp, down - y, dim) + input)
    return gain - loss


vjp(op.cumsum, input=lambda g, dim: _reversed(op.cumsum, g, dim))
vjp(op.cumprod, input=_cumprod)
vjp(op.logcumsumexp, input=_logcumsumexp)
