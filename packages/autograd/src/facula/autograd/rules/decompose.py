"""Derivatives of the Cholesky, LU and QR decompositions."""

from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops

op, solve = ops.decompose, ops.solve
adjoint = ops.complex_numbers.adjoint
tril, triu, cat = ops.rearrange.tril, ops.rearrange.triu, ops.joining.cat
diagonal, diag_embed = ops.views.diagonal, ops.views.diag_embed


def _upper(a, b, unit=False):  # type: ignore[no-untyped-def]
    return solve.triangular_solution(a, b, True, unit)


def _over(b, a):  # type: ignore[no-untyped-def]
    """``b a^-H`` for upper triangular a."""
    return adjoint(_upper(a, adjoint(b)))


def _halved_diagonal(x):  # type: ignore[no-untyped-def]
    """The lower triangle, its diagonal by half."""
    return tril(x) - diag_embed(diagonal(x, 0, -2, -1)) * 0.5


def _cholesky(g0, y0):  # type: ignore[no-untyped-def]
    """Murray (2016), equation 10; the input counts as Hermitian, so the gradient is as well."""
    inner = _halved_diagonal(adjoint(y0) @ g0)
    whole = (inner + adjoint(inner)) * 0.5
    upper = adjoint(y0)
    return _upper(upper, adjoint(_upper(upper, adjoint(whole))))


def _lu(g0, y0, y1):  # type: ignore[no-untyped-def]
    """From dA = dL U + L dU: the strictly lower part of L^-1 dA U^-1 moves L, the rest U."""
    m, n = y0.shape[-2:]
    k = min(m, n)
    first, g = y0[..., :k, :k], g0[..., :k, :k]
    lower, upper = tril(first, -1), triu(first)
    g_lower, g_upper = tril(g, -1), triu(g)
    below, right = None, None
    if m > k:  # the rows below are A2 U^-1
        below = _over(g0[..., k:, :], upper)
        g_upper = g_upper - adjoint(y0[..., k:, :]) @ below
    if n > k:  # the columns to the right are L^-1 A2
        right = _upper(adjoint(lower), g0[..., k:], True)
        g_lower = g_lower - right @ adjoint(y0[..., k:])
    identity = ops.creation.eye(k, dtype=y0.dtype, device=y0.device)
    inner = (tril(adjoint(lower + identity) @ g_lower, -1) + triu(g_upper @ adjoint(upper)))
    square = _over(_upper(adjoint(lower), inner, True), upper)
    if below is not None:
        square = cat((square, below), -2)
    if right is not None:
        square = cat((square, right), -1)
    order = op.pivot_order(y1, m).argsort(-1)
    return solve.reordered(square, order)


def _qr(g0, g1, y0, y1, input, complete):  # type: ignore[no-untyped-def]
    """With X = Q^H dA R^-1: the lower part of X turns Q, the rest changes R.

    The columns behind a square are Q^H A2, so their gradient is one of Q and of A2.
    """
    m, n = input.shape[-2:]
    if complete and m > n:
        raise RuntimeError("linalg.qr: with mode='complete' and more rows than columns "
                           f"({m} > {n}) there is no derivative: use mode='reduced'")
    k = min(m, n)
    R, g_q, right = y1[..., :k], g0, None
    if n > k:
        g_right = g1[..., k:]
        g_q = g_q + input[..., k:] @ adjoint(g_right)
        right = y0 @ g_right
    g_r = triu(g1[..., :k])
    inside, stretch = adjoint(y0) @ g_q, g_r @ adjoint(R)
    skew = inside - stretch
    skew = skew - adjoint(skew)
    turn = tril(skew, -1) + diag_embed(diagonal(skew, 0, -2, -1)) * 0.5
    square = _over(g_q + y0 @ (stretch + turn - inside), R)
    return square if right is None else cat((square, right), -1)


def _without(g0, g1):  # type: ignore[no-untyped-def]
    raise NotImplementedError("geqrf: the packed form has no derivative: use linalg.qr")


vjp(op.cholesky_factor, input=_cholesky)
vjp(op.lu_packed, input=_lu)
vjp(op.qr_factors, input=_qr)
vjp(op.qr_packed, input=_without)
not_differentiable(op.pivot_order, reason="the result is not a floating number")
