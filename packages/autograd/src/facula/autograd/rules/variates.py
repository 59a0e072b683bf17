"""Random numbers that move smoothly with their distribution's parameter."""

from __future__ import annotations

from typing import Any, NoReturn

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.variates


def _no_second(g: Any) -> NoReturn:
    raise NotImplementedError("log_gamma_variate: the second derivative by the concentration is "
                              "not implemented (in PyTorch neither): leave out create_graph, "
                              "or detach()")


vjp(op.log_gamma_draw, input=lambda g, input, y: g * op.log_gamma_draw_grad(input, y))
vjp(op.log_gamma_draw_grad, input=_no_second, output=_no_second)
