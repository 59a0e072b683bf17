"""Derivatives of variance and mean, and of the root that norms end with."""

from facula.autograd.plans import vjp
from facula.autograd.rules.reduce import spread
from facula.core import ops

op = ops.statistics


def _var_mean(g0, g1, input, y1, input_shape, dim, correction, keepdim):  # type: ignore
    n = 1
    for d in dim:
        n *= input_shape[d]
    centred = input - spread(y1, input_shape, dim, keepdim)
    slope = spread(g0, input_shape, dim, keepdim) * centred * (
        2 / (n - correction) if n > correction else float("nan"))
    return slope + spread(g1, input_shape, dim, keepdim) / max(n, 1)


vjp(op.var_mean, input=_var_mean)
vjp(op.root, input=lambda g, y: ops.masked.masked_fill(g / (y * 2), y == 0, 0))
