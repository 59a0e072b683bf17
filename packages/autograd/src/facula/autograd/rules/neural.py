"""Derivatives of the operations that networks are made of.

A fused gradient kernel serves where it is not recorded itself; else plain operations do.
"""

from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.steps import conj
from facula.core import ops
from facula.core.slot import grad_mode

op, mT = ops.neural, ops.shape.matrix_transpose
matmul, mean = ops.linalg.batched_matmul, ops.reduce.mean
total = ops.reduce.sum


def _rows(x):  # type: ignore[no-untyped-def]
    return x if x.ndim == 2 else ops.shape.reshape(x, -1, x.shape[-1])


def _linear_input(g, weight, input_shape):  # type: ignore[no-untyped-def]
    return ops.shape.reshape(matmul(_rows(g), conj(weight)), input_shape)


vjp(op.linear, input=_linear_input,
    weight=lambda g, input: matmul(mT(_rows(g)), conj(_rows(input))),
    bias=lambda g: total(g, tuple(range(g.ndim - 1))) if g.ndim > 1 else g)


def _batch_norm(g0, input, weight, y1, y2, eps, needs):  # type: ignore[no-untyped-def]
    if not grad_mode.enabled:
        return op.batch_norm_train_grad(g0, input, weight, y1, y2, eps)
    dims = (0, *range(2, input.ndim))
    centred = input - mean(input, dims, True)
    factor = ops.unary.rsqrt(mean(centred * centred, dims, True) + eps)
    normal = centred * factor
    rows = g0 if weight is None else g0 * ops.shape.reshape(
        weight, (-1, *(1,) * (input.ndim - 2)))
    by_input = factor * (rows - mean(rows, dims, True)
                         - normal * mean(rows * normal, dims, True))
    return by_input, total(g0 * normal, dims), total(g0, dims)


vjp(op.batch_norm_train, joint=_batch_norm, constant=(1, 2))


def _layer_norm(g0, input, weight, y1, y2, eps, needs):  # type: ignore[no-untyped-def]
    if not grad_mode.enabled:
        return op.layer_norm_rows_grad(g0, input, weight, y1, y2)
    centred = input - mean(input, 1, True)
    factor = ops.unary.rsqrt(mean(centred * centred, 1, True) + eps)
    normal = centred * factor
    rows = g0 if weight is None else g0 * weight
    by_input = factor * (rows - mean(rows, 1, True) - normal * mean(rows * normal, 1, True))
    return by_input, total(g0 * normal, 0), total(g0, 0)


vjp(op.layer_norm_rows, joint=_layer_norm, constant=(1, 2))

not_differentiable(op.batch_norm_train_grad, op.layer_norm_rows_grad,
                   reason="the rules compute recorded gradients by plain operations instead")
