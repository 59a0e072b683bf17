"""Derivatives of softmax and of its logarithm, of first and second order."""

from facula.autograd.plans import vjp
from facula.core import ops

op, sum = ops.softmax, ops.reduce.sum


def _by_output(g, grad, output, dim):  # type: ignore[no-untyped-def]
    return g * (grad - sum(grad * output, dim, True)) - grad * sum(g * output, dim, True)


def _log_by_output(g, grad, output, dim):  # type: ignore[no-untyped-def]
    return -g * ops.unary.exp(output) * sum(grad, dim, True)


def _log_by_grad(g, output, dim):  # type: ignore[no-untyped-def]
    return g - sum(g * ops.unary.exp(output), dim, True)


vjp(op.softmax, input=lambda g, y, dim: op.softmax_grad(g, y, dim))
vjp(op.log_softmax, input=lambda g, y, dim: op.log_softmax_grad(g, y, dim))
vjp(op.softmax_grad, grad=lambda g, output, dim: op.softmax_grad(g, output, dim),
    output=_by_output)
vjp(op.log_softmax_grad, grad=_log_by_grad, output=_log_by_output)
vjp(op.nll_sums, constant=(1,), input=lambda g0, input_shape, target, ignore_index: op.nll_spread(
    g0, target, ignore_index, input_shape))
vjp(op.nll_spread, grad=lambda g, target, ignore_index: op.nll_sums(g, target, ignore_index)[0])
