"""Derivatives of determinants and cofactors."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops
from facula.core.dtypes import finfo

op, solve = ops.matrices, ops.solve
adjoint, unsqueeze = ops.complex_numbers.adjoint, ops.shape.unsqueeze
where = ops.compare.select_where


def _as_matrices(x):  # type: ignore[no-untyped-def]
    return unsqueeze(unsqueeze(x, -1), -1)


def _inverse(x):  # type: ignore[no-untyped-def]
    identity = ops.creation.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    return solve.linear_solution(x, identity)[0]


def _well_conditioned(x, inverse):  # type: ignore[no-untyped-def]
    """Whether two thirds of the digits survive in the inverse; true where x is not finite."""
    if not bool(ops.unary.isfinite(x).all()):
        return True
    sizes = [t.detach().abs().sum(-1).amax(-1) for t in (x, inverse)]
    return (sizes[0] * sizes[1]).amax().item() < finfo(x.dtype).eps ** (-1 / 3)


def _det(g, y, input):  # type: ignore[no-untyped-def]
    """Jacobi's formula: ``d det = det tr(A^-1 dA)``, or by cofactors near singular matrices."""
    if not input.numel():
        return ops.creation.zeros_like(input)
    inverse = _inverse(adjoint(input))
    if _well_conditioned(input, inverse):
        return _as_matrices(g * conj(y)) * inverse
    return _as_matrices(g) * op.cofactors(input)


def _cofactors(g, input):  # type: ignore[no-untyped-def]
    """In the basis of singular vectors, where A is the diagonal matrix S.

    The second derivative of its determinant by the elements ii and jj is the product of all
    singular values but s_i and s_j, by ij and ji the same with a minus, and by all others 0.
    """
    u, s, vh = ops.eigen.svd_factors(input, False, True)
    n = s.shape[-1]
    here = ops.creation.eye(n, dtype=ops.creation.dtypes.bool_, device=s.device)
    left_out = unsqueeze(here, 0) | unsqueeze(here, 1)
    grid = unsqueeze(unsqueeze(s, -2), -2).expand(*s.shape[:-1], n, n, n)
    rest = where(0.0, ops.reduce.prod(where(1.0, grid, left_out), -1), here)
    seen = adjoint(adjoint(u) @ g @ adjoint(vh))
    rest = rest.to(seen.dtype)
    along = (rest @ unsqueeze(ops.views.diagonal(seen, 0, -2, -1), -1))[..., 0]
    turn = conj(op.determinant(u) * op.determinant(vh))
    return _as_matrices(turn) * (u @ (ops.views.diag_embed(along) - rest * seen) @ vh)


def _slogdet(g0, g1, y0, input):  # type: ignore[no-untyped-def]
    if not input.is_complex():
        return _as_matrices(g1) * _inverse(adjoint(input))
    turn = conj(g0) * y0
    slope = g1 - (turn - conj(turn)) * 0.5
    return _as_matrices(slope) * _inverse(adjoint(input))


vjp(op.determinant, input=_det)
vjp(op.cofactors, input=_cofactors)
vjp(op.sign_logdet, input=_slogdet)
