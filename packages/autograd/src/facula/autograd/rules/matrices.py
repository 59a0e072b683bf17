"""Derivatives of determinants."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops

op, solve = ops.matrices, ops.solve
adjoint, unsqueeze = ops.complex_numbers.adjoint, ops.shape.unsqueeze
where = ops.compare.select_where


def _as_matrices(x):  # type: ignore[no-untyped-def]
    return unsqueeze(unsqueeze(x, -1), -1)


def _inverse(x):  # type: ignore[no-untyped-def]
    identity = ops.creation.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return solve.linear_solution(x, identity)[0]


def _cofactors(input):  # type: ignore[no-untyped-def]
    """Conjugated cofactors from singular values, also of singular matrices.

    They are ``conj(det(U) det(V^H)) U D V^H`` where D holds, for each singular value, the product
    of all others.
    """
    u, s, vh = ops.eigen.svd_factors(input, False, True)
    n = s.shape[-1]
    one = ops.creation.eye(n, dtype=ops.creation.dtypes.bool_, device=s.device)
    others = ops.reduce.prod(where(1.0, unsqueeze(s, -2).expand(*s.shape, n), one), -1)
    turn = conj(op.determinant(u) * op.determinant(vh))
    return _as_matrices(turn) * ((u * unsqueeze(others, -2)) @ vh)


def _det(g, y, input):  # type: ignore[no-untyped-def]
    """Jacobi's formula: ``d det = det tr(A^-1 dA)``."""
    if not input.numel():
        return ops.creation.zeros_like(input)
    if bool((y == 0).any()):
        return _as_matrices(g) * _cofactors(input)
    return _as_matrices(g * conj(y)) * _inverse(adjoint(input))


def _slogdet(g0, g1, y0, input):  # type: ignore[no-untyped-def]
    if not input.is_complex():
        return _as_matrices(g1) * _inverse(adjoint(input))
    turn = conj(g0) * y0
    slope = g1 - (turn - conj(turn)) * 0.5
    return _as_matrices(slope) * _inverse(adjoint(input))


vjp(op.determinant, input=_det)
vjp(op.sign_logdet, input=_slogdet)
