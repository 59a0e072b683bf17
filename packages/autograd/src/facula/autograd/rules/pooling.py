"""Derivatives of pooling."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.pooling

vjp(op.max_pool, input=lambda g0, y1, input_shape: op.max_pool_grad(g0, y1, input_shape))
vjp(op.max_pool_grad, grad=lambda g, indices: op.max_pool_pick(g, indices))
vjp(op.max_pool_pick, input=lambda g, indices, input_shape: op.max_pool_grad(
    g, indices, input_shape))
vjp(op.avg_pool,
    input=lambda g, input_shape, kernel_size, stride, padding, ceil_mode, count_include_pad,
    divisor_override: op.avg_pool_grad(g, input_shape, kernel_size, stride, padding, ceil_mode,
                                       count_include_pad, divisor_override))
vjp(op.avg_pool_grad,
    grad=lambda g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override:
    op.avg_pool(g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))
