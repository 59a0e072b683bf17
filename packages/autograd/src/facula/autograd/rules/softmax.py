"""Derivatives of softmax and of its logarithm, of first and second order."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops
from facula.core.slot import grad_mode

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


def _class_entropy(g0, input, target, y1, y2, ignore_index, mean):  # type: ignore[no-untyped-def]
    if not grad_mode.enabled:
        return op.class_entropy_grad(g0, y2, target, y1 if mean else None, ignore_index)
    dim = min(1, input.ndim - 1)
    spread = op.nll_spread(g0 / y1 if mean else g0, target, ignore_index, tuple(input.shape))
    return op.log_softmax_grad(spread, op.log_softmax(input, dim), dim)


vjp(op.class_entropy, constant=(1, 2), input=_class_entropy)
not_differentiable(op.class_entropy_grad,
                   reason="the rule computes recorded gradients by plain operations instead")
