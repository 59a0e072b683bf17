"""The classical orthogonal polynomials by their three-term recurrences (DLMF 18.9).

Chebyshev's of high degree inside [-1, 1] by their trigonometric form, whose cost does not grow.
Degrees are truncated to whole numbers; those below 0 give 0, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facula.core.numerics.tools import wide

Step = Callable[[int, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Trigonometric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # degree, angle, half
HIGH = 32  # from this degree on Chebyshev's trigonometric form


def _recurrence(x: np.ndarray, n: np.ndarray, first: np.ndarray, step: Step) -> np.ndarray:
    """The polynomial of degree n for each x, from that of degree 1 and the step to k + 1."""
    y = np.where(n == 0, 1.0, np.where(n == 1, first, 0.0))
    before, now = np.ones_like(x), first
    for k in range(1, int(n.max(initial=0))):
        before, now = now, step(k, x, now, before)
        y = np.where(n == k + 1, now, y)
    return y


def _degrees(x: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole degrees; NaN counts as degree -1, and makes the result NaN with x."""
    unknown = np.isnan(n)
    return np.where(unknown, np.nan, x), np.trunc(np.where(unknown, -1, n))


def _by(first: Callable[[np.ndarray], np.ndarray],
        step: Step) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    @wide
    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        x, n = _degrees(x, n)
        return np.where(np.isnan(x), np.nan, _recurrence(x, n, first(x), step))
    return function


def _chebyshev(first: Callable[[np.ndarray], np.ndarray], trigonometric: Trigonometric,
               shifted: bool) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def step(k: int, x: np.ndarray, now: np.ndarray, before: np.ndarray) -> np.ndarray:
        return 2 * x * now - before

    @wide
    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        # The angle comes from half-angles of x itself, which is exact near both ends.
        plus, minus = (x, 1 - x) if shifted else ((1 + x) / 2, (1 - x) / 2)
        z = 2 * x - 1 if shifted else x
        z, n = _degrees(z, n)
        high = (n >= HIGH) & (plus >= 0) & (minus >= 0)
        y = _recurrence(z, np.where(high, 0, n), first(z), step)
        half = np.arctan2(np.sqrt(np.maximum(minus, 0)), np.sqrt(np.maximum(plus, 0)))
        y = np.where(high, trigonometric(n, 2 * half, half), y)
        return np.where(np.isnan(z), np.nan, y)
    return function


def _t(n: np.ndarray, angle: np.ndarray, half: np.ndarray) -> np.ndarray:
    return np.cos(n * angle)


def _u(n: np.ndarray, angle: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _ratio(np.sin, n + 1, angle, np.sin(angle), half, n + 1)


def _v(n: np.ndarray, angle: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _ratio(np.cos, n + 0.5, angle, np.cos(half), half, 2 * n + 1)


def _w(n: np.ndarray, angle: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _ratio(np.sin, n + 0.5, angle, np.sin(half), half, 2 * n + 1)


def _ratio(function: Callable[[np.ndarray], np.ndarray], factor: np.ndarray, angle: np.ndarray,
           below: np.ndarray, half: np.ndarray, at_end: np.ndarray) -> np.ndarray:
    """A ratio of sines or cosines, and its limit where both are zero."""
    low, high = half == 0, half == np.pi / 2
    sign = np.where(np.floor(factor + 0.25) % 2 == 0, 1.0, -1.0)
    if function is np.cos:
        return np.where(high, sign * at_end, function(factor * angle) / below)
    ends = np.where(high & (factor == np.floor(factor)), -sign * at_end, 0.0)
    whole = factor == np.floor(factor)
    value = function(factor * angle) / np.where(below == 0, 1.0, below)
    return np.where(low, at_end, np.where(high & whole, ends, value))


def _first(scale: float, shift: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda z: scale * z + shift


chebyshev_t, shifted_t = [_chebyshev(_first(1, 0), _t, s) for s in (False, True)]
chebyshev_u, shifted_u = [_chebyshev(_first(2, 0), _u, s) for s in (False, True)]
chebyshev_v, shifted_v = [_chebyshev(_first(2, -1), _v, s) for s in (False, True)]
chebyshev_w, shifted_w = [_chebyshev(_first(2, 1), _w, s) for s in (False, True)]
hermite_h = _by(_first(2, 0), lambda k, x, now, before: 2 * (x * now - k * before))
hermite_he = _by(_first(1, 0), lambda k, x, now, before: x * now - k * before)
laguerre_l = _by(_first(-1, 1), lambda k, x, now, before: (
    (2 * k + 1 - x) * now - k * before) / (k + 1))
legendre_p = _by(_first(1, 0), lambda k, x, now, before: (
    (2 * k + 1) * x * now - k * before) / (k + 1))
