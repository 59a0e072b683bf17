"""Derivatives of linear systems and pseudoinverses."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.solve
adjoint = ops.complex_numbers.adjoint
tril, triu = ops.rearrange.tril, ops.rearrange.triu


def _linear(g0, a, y0, needs):  # type: ignore[no-untyped-def]
    back = op.linear_solution(adjoint(a), g0)[0]
    return -(back @ adjoint(y0)) if needs[0] else None, back if needs[1] else None


def _triangular(g, a, y, upper, unit, needs):  # type: ignore[no-untyped-def]
    back = op.triangular_solution(adjoint(a), g, not upper, unit)
    if not needs[0]:
        return None, back
    whole = -(back @ adjoint(y))
    part = triu(whole, int(unit)) if upper else tril(whole, -int(unit))
    return part, back if needs[1] else None


def _pseudoinverse(g, input, y):  # type: ignore[no-untyped-def]
    """Golub, Pereyra (1973), equation 4.12, multiplied out on the smaller side."""
    gh, yh = adjoint(g), adjoint(y)
    if input.shape[-2] <= input.shape[-1]:
        k = gh @ y
        k_yh = k @ yh
        return (-adjoint(y @ k) + k_yh - (input @ y) @ k_yh + (yh @ y) @ (gh - k @ input))
    k = y @ gh
    yh_k = yh @ k
    return (-adjoint(k @ y) + (gh - input @ k) @ y @ yh + yh_k - (yh_k @ y) @ input)


vjp(op.linear_solution, joint=_linear)
vjp(op.triangular_solution, joint=_triangular)
vjp(op.pseudoinverse, input=_pseudoinverse)
