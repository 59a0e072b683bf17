"""Random numbers that move smoothly with their distribution's parameter."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op = ops.variates

vjp(op.log_gamma_draw, input=lambda g, input, y: g * op.log_gamma_draw_grad(input, y))
not_differentiable(op.log_gamma_draw_grad, reason="the second derivative of quantiles by the "
                   "concentration is not implemented (PyTorch neither)")
