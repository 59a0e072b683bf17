"""Bessel functions of the orders 0 and 1.

I: power series, all terms positive, and for large arguments Hankel's expansion. K: power series,
the trapezium rule on DLMF 10.32.9, which converges faster than any power of the step, and Hankel's
expansion. J and Y: power series, Miller's backward recurrence with Neumann's series for Y
(DLMF 10.12, 10.8), and Hankel's expansion (10.17, 10.40).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facula.core.numerics.gamma import EULER
from facula.core.numerics.tools import wide

LARGE = 25.0  # from here on 25 terms of Hankel's expansions are exact to the last bit
_STEP = 0.125
_POINTS = np.arange(0, 4.25, _STEP)
_TERMS = 25


def _hankel(order: float, x: np.ndarray) -> list[np.ndarray]:
    """The terms of Hankel's expansions, a(k) / x**k."""
    terms = [np.ones_like(x)]
    for k in range(1, _TERMS):
        terms.append(terms[-1] * ((4 * order * order - (2 * k - 1) ** 2) / (8.0 * k)) / x)
    return terms


def scaled_i(order: int, x: np.ndarray) -> np.ndarray:
    """exp(-x) I(x) for x >= 0."""
    y = np.empty_like(x)
    small = x <= LARGE
    t = x[small]
    z, term = t * t / 4, np.ones_like(t) if order == 0 else t / 2
    total = term.copy()
    for k in range(1, 60):
        term = term * z / (k * (k + order))
        total += term
    y[small] = total * np.exp(-t)
    t = x[~small]
    terms = _hankel(order, t)
    y[~small] = sum(a if k % 2 == 0 else -a for k, a in enumerate(terms)) / np.sqrt(2 * np.pi * t)
    y[x == np.inf] = 0.0
    y[np.isnan(x)] = np.nan
    return y


def _small_k(order: int, t: np.ndarray) -> np.ndarray:
    """K for t <= 1 by its power series."""
    z, log_half = t * t / 4, np.log(t / 2)
    total, harmonic = np.zeros_like(t), -EULER
    term = np.ones_like(t) if order == 0 else t / 2
    for k in range(16):
        if order == 0:
            total += term * (harmonic - log_half)
        else:
            total += term * (log_half - harmonic - 0.5 / (k + 1))
        harmonic += 1 / (k + 1)
        term = term * z / ((k + 1) * (k + 1 + order))
    return total if order == 0 else 1 / t + total


def scaled_k(order: float, x: np.ndarray) -> np.ndarray:
    """exp(x) K(x) for x > 0; orders other than 0 and 1 only for x > 1."""
    y = np.empty_like(x)
    small = x <= 1
    if small.any():
        y[small] = _small_k(int(order), x[small]) * np.exp(x[small])
    middle = (x > 1) & (x <= LARGE)
    t = x[middle]
    total = np.full_like(t, 0.5)
    for u in _POINTS[1:]:
        total += np.exp(-t * (np.cosh(u) - 1)) * np.cosh(order * u)
    y[middle] = total * _STEP
    t = x[x > LARGE]
    y[x > LARGE] = np.sqrt(np.pi / (2 * t)) * sum(_hankel(order, t))
    y[x == np.inf] = 0.0
    y[np.isnan(x)] = np.nan
    return y


def phases(order: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The even and the odd part of Hankel's expansion, which modulate cosine and sine."""
    terms = _hankel(order, x)
    even = sum((-1) ** k * a for k, a in enumerate(terms[0::2]))
    odd = sum((-1) ** k * a for k, a in enumerate(terms[1::2]))
    return np.asarray(even), np.asarray(odd)


def _ordinary(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """J0, J1, Y0, Y1 for x >= 0."""
    results = [np.empty_like(x) for _ in range(4)]
    for part, find in ((x <= 2, _by_series), ((x > 2) & (x <= LARGE), _by_recurrence),
                       (x > LARGE, _by_hankel)):
        for all_of, some in zip(results, find(x[part]), strict=True):
            all_of[part] = some
    for y in results:
        y[x == np.inf] = 0.0
        y[np.isnan(x)] = np.nan
    j0, j1, y0, y1 = results
    y0[x == 0] = y1[x == 0] = -np.inf
    return j0, j1, y0, y1


def _by_series(x: np.ndarray) -> tuple[np.ndarray, ...]:
    z, log_half = -x * x / 4, np.log(x / 2)
    j0, y0 = np.zeros_like(x), np.zeros_like(x)
    j1, y1 = np.zeros_like(x), np.zeros_like(x)
    term0, term1, harmonic = np.ones_like(x), x / 2, 0.0
    for k in range(18):
        j0 += term0
        j1 += term1
        y0 += term0 * harmonic
        y1 += term1 * (2 * harmonic + 1 / (k + 1))
        harmonic += 1 / (k + 1)
        term0 = term0 * z / (k + 1) ** 2
        term1 = term1 * z / ((k + 1) * (k + 2))
    y0 = ((log_half + EULER) * j0 - y0) * (2 / np.pi)
    y1 = (2 * (log_half + EULER) * j1 - y1 - 2 / x) / np.pi
    return j0, j1, y0, y1


def _by_recurrence(x: np.ndarray) -> tuple[np.ndarray, ...]:
    above, now = np.zeros_like(x), np.full_like(x, 1e-250)
    norm, sum0, sum1 = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    j1 = now  # replaced on the way
    for n in range(76, 0, -1):  # now is J(n), up to a factor
        if n % 2 == 0:
            k = n // 2
            norm += 2 * now
            sum0 += (-1) ** k * now / k
        elif n > 1:
            k = n // 2
            sum1 += (-1) ** k * (2 * k + 1) / (k * (k + 1)) * now
        else:
            j1 = now
        above, now = now, 2 * n / x * now - above
    norm += now
    j0, j1, sum0, sum1 = now / norm, j1 / norm, sum0 / norm, sum1 / norm
    log_half = np.log(x / 2) + EULER
    y0 = (2 * log_half * j0 - 4 * sum0) / np.pi
    y1 = (-2 / x * j0 + 2 * (log_half - 1) * j1 - 2 * sum1) / np.pi
    return j0, j1, y0, y1


def _by_hankel(x: np.ndarray) -> tuple[np.ndarray, ...]:
    size = 1 / np.sqrt(np.pi * x)
    cosine, sine = np.cos(x), np.sin(x)
    p0, q0 = phases(0, x)
    p1, q1 = phases(1, x)
    plus, minus = cosine + sine, sine - cosine  # root 2 times cosine and sine of x - pi / 4
    return (size * (p0 * plus - q0 * minus), size * (p1 * minus + q1 * plus),
            size * (p0 * minus + q0 * plus), size * (q1 * minus - p1 * plus))


def _ordinary_function(which: int) -> Callable[[np.ndarray], np.ndarray]:
    odd, second = which % 2 == 1, which >= 2

    @wide
    def function(x: np.ndarray) -> np.ndarray:
        y = _ordinary(np.abs(x))[which]
        if second:
            return np.where(x < 0, np.nan, y)
        return np.where(x < 0, -y, y) if odd else y
    return function


bessel_j0, bessel_j1, bessel_y0, bessel_y1 = map(_ordinary_function, range(4))


def _modified_function(order: int, scaled: bool) -> Callable[[np.ndarray], np.ndarray]:
    @wide
    def function(x: np.ndarray) -> np.ndarray:
        size = np.abs(x)
        y = scaled_i(order, size)
        if not scaled:
            y = np.where(size == np.inf, np.inf, y * np.exp(size / 2) * np.exp(size / 2))
        return np.copysign(y, x) if order else y
    return function


i0, i0e = _modified_function(0, False), _modified_function(0, True)
i1, i1e = _modified_function(1, False), _modified_function(1, True)


def _second_function(order: int, scaled: bool) -> Callable[[np.ndarray], np.ndarray]:
    @wide
    def function(x: np.ndarray) -> np.ndarray:
        y = scaled_k(order, np.where(x > 0, x, 1.0))
        if not scaled:
            y = y * np.exp(-np.where(x > 0, x, 1.0))
        return np.where(x > 0, y, np.where(x == 0, np.inf, np.nan))
    return function


k0, k0e = _second_function(0, False), _second_function(0, True)
k1, k1e = _second_function(1, False), _second_function(1, True)


@wide
def spherical_j0(x: np.ndarray) -> np.ndarray:
    """sin(x) / x."""
    y = np.where(x == 0, 1.0, np.sin(x) / x)
    return np.where(np.isinf(x), 0.0, y)
