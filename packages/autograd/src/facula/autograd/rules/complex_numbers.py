"""Derivatives by complex numbers' parts, conjugates, angles and directions.

A complex gradient is the derivative by the real part plus i times that by the imaginary part.
"""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops

op = ops.complex_numbers
where, zeros_like = ops.compare.select_where, ops.creation.zeros_like


def _as_pairs(g):  # type: ignore[no-untyped-def]
    return op.view_as_real(g if g.is_complex() else op.complex_of(g, zeros_like(g)))


def _angle(g, input):  # type: ignore[no-untyped-def]
    if not input.is_complex():
        return zeros_like(g)
    return g * where(0.0, 1j / conj(input), input == 0)


def _sgn(g, input, y):  # type: ignore[no-untyped-def]
    """(g - y * Re(g conj(y))) / abs(input): only the part across the direction matters."""
    if not input.is_complex():
        return zeros_like(g)
    across = g - y * op.real(g * conj(y))
    return where(0.0, across / ops.unary.abs(input), input == 0)


vjp(op.view_as_real, input=lambda g: op.view_as_complex(g.contiguous()))
vjp(op.view_as_complex, input=_as_pairs)
vjp(op.complex_of, real=lambda g: op.real(g), imag=lambda g: op.imag(g))
vjp(op.conj_physical, input=lambda g: conj(g))
vjp(op.angle, input=_angle)
vjp(op.sgn, input=_sgn)
