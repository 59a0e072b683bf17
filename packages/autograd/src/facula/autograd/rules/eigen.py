"""Derivatives of eigenvalues, singular values and their vectors."""

from facula.autograd.plans import vjp
from facula.core import ops
from facula.core.dtypes import finfo
from facula.core.slot import grad_mode

op, solve = ops.eigen, ops.solve
numbers = ops.complex_numbers
adjoint, conj, real = numbers.adjoint, numbers.conj, numbers.real
diagonal, diag_embed, unsqueeze = ops.views.diagonal, ops.views.diag_embed, ops.shape.unsqueeze


def _idle(g):  # type: ignore[no-untyped-def]
    """Whether a result was not used: its gradient is zero, and not a function of anything.

    What is zero is left out, because zero times the infinities of repeated values is NaN.
    """
    return not g.requires_grad and not bool((g != 0).any())


def _gaps(values):  # type: ignore[no-untyped-def]
    """``values_j - values_i`` at i, j, and 1 on the diagonal."""
    n = values.shape[-1]
    identity = ops.creation.eye(n, dtype=values.dtype, device=values.device)
    return unsqueeze(values, -2) - unsqueeze(values, -1) + identity


def _off_diagonal(x):  # type: ignore[no-untyped-def]
    return x - diag_embed(diagonal(x, 0, -2, -1))


def _check_phase(name, turned, scale):  # type: ignore[no-untyped-def]
    """Refuse a gradient along the free phase of the vectors: its loss is not well defined."""
    if grad_mode.enabled or not turned.is_complex() or not turned.numel():
        return
    along = numbers.imag(turned).abs().amax().item()
    size = scale.abs().amax().item()
    if along > 1e4 * finfo(turned.dtype).eps * max(1.0, size):
        raise RuntimeError(f"{name}: the result depends on the phase of the vectors, which is "
                           f"free: its derivative along the phase is {along:.3g}, not 0: use "
                           "what no phase changes, such as the products v v^H")


def _eigh(g0, g1, y0, y1):  # type: ignore[no-untyped-def]
    """Giles (2008), section 3.1; one triangle is read, so the gradient is Hermitian."""
    inner = diag_embed(g0.to(y1.dtype))
    if not _idle(g1):
        turned = adjoint(y1) @ g1
        _check_phase("linalg.eigh", diagonal(turned, 0, -2, -1), turned)
        spread = _off_diagonal(turned / _gaps(y0))
        inner = inner + (spread + adjoint(spread)) * 0.5
    return y1 @ inner @ adjoint(y1)


def _eig(g0, g1, y0, y1, input):  # type: ignore[no-untyped-def]
    """Giles (2008), section 3.1, with the vectors' norms held at 1."""
    vh = adjoint(y1)
    inner = diag_embed(g0)
    if not _idle(g1):
        turned = vh @ g1
        along = diagonal(turned, 0, -2, -1)
        _check_phase("linalg.eig", along, turned)
        length = unsqueeze(real(along).to(y1.dtype), -2)
        turned = turned - (vh @ y1) * length
        inner = inner + _off_diagonal(turned / conj(_gaps(y0)))
    g = solve.linear_solution(vh, inner @ vh)[0]
    return g if input.is_complex() else real(g)


def _svd(g0, g1, g2, y0, y1, y2, input):  # type: ignore[no-untyped-def]
    """Townsend (2016), equations 25 to 27, and the phase that both vectors of a pair share."""
    (m, n), k = input.shape[-2:], y1.shape[-1]
    u, vh = y0[..., :k], y2[..., :k, :]
    g_u, g_vh = g0[..., :k], g2[..., :k, :]
    inner = diag_embed(g1.to(input.dtype))
    idle_u, idle_v = _idle(g_u), _idle(g_vh)
    if idle_u and idle_v:
        return u @ inner @ vh
    row, column = unsqueeze(y1, -2), unsqueeze(y1, -1)
    gaps = _gaps(y1 * y1)
    at_u, at_v = adjoint(u) @ g_u, vh @ adjoint(g_vh)
    phase = diagonal(at_u, 0, -2, -1) + diagonal(at_v, 0, -2, -1)
    _check_phase("linalg.svd", phase, at_u.abs() + at_v.abs())
    if not idle_u:
        inner = inner + _off_diagonal((at_u - adjoint(at_u)) / gaps) * row
    if not idle_v:
        inner = inner + column * _off_diagonal((at_v - adjoint(at_v)) / gaps)
    if input.is_complex() and not idle_u:
        along = diagonal(at_u, 0, -2, -1)
        inner = inner + diag_embed((along - conj(along)) * 0.5 / y1)
    g = u @ inner @ vh
    if m > k and not idle_u:
        scaled = g_u / row
        g = g + (scaled - u @ (adjoint(u) @ scaled)) @ vh
    if n > k and not idle_v:
        scaled = g_vh / column
        g = g + u @ (scaled - scaled @ adjoint(vh) @ vh)
    return g


vjp(op.eigh_factors, input=_eigh)
vjp(op.eig_factors, input=_eig)
vjp(op.svd_factors, input=_svd)
