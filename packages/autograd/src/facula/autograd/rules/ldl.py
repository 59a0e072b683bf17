"""The derivative of systems solved by an LDL decomposition, by their right side."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops

op = ops.ldl


def _factors(g0):  # type: ignore[no-untyped-def]
    raise NotImplementedError("linalg.ldl_factor: there is no derivative: use linalg.solve")


def _by_factors(g):  # type: ignore[no-untyped-def]
    raise NotImplementedError("linalg.ldl_solve: there is no derivative by the factors: "
                              "use linalg.solve")


def _by_right_side(g, input, pivots, hermitian):  # type: ignore[no-untyped-def]
    """A is its own transpose or adjoint, so it is the same system but for conjugates."""
    if hermitian:
        return op.ldl_solution(input, pivots, g, True)
    return conj(op.ldl_solution(input, pivots, conj(g), False))


vjp(op.ldl_packed, input=_factors)
vjp(op.ldl_solution, input=_by_factors, b=_by_right_side)
