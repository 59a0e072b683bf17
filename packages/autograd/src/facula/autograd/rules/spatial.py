"""Derivatives of convolution: each of the three operations is differentiated by the other two."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.spatial
forward, by_input, by_weight = (op.convolution, op.convolution_input_grad,
                                op.convolution_weight_grad)

vjp(forward,
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: by_input(
        g, weight, input_shape, stride, padding, dilation, groups),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: by_weight(
        g, input, weight_shape, stride, padding, dilation, groups),
    bias=lambda g: ops.reduce.sum(g, (0, *range(2, g.ndim))))
vjp(by_input,
    grad=lambda g, weight, stride, padding, dilation, groups: forward(
        g, weight, None, stride, padding, dilation, groups),
    weight=lambda g, grad, weight_shape, stride, padding, dilation, groups: by_weight(
        grad, g, weight_shape, stride, padding, dilation, groups))
vjp(by_weight,
    grad=lambda g, input, stride, padding, dilation, groups: forward(
        input, g, None, stride, padding, dilation, groups),
    input=lambda g, grad, input_shape, stride, padding, dilation, groups: by_input(
        grad, g, input_shape, stride, padding, dilation, groups))
