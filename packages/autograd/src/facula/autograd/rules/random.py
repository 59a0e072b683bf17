"""Random numbers have no derivatives."""

from facula.autograd.plans import not_differentiable
from facula.core import ops

op = ops.random

not_differentiable(op.multinomial_draw, op.poisson_draw, op.binomial_draw, op.keep_scaled,
                   reason="the result does not depend smoothly on the input")
