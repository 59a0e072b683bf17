"""The gamma function's logarithm and its derivatives, and Hurwitz's zeta function.

Near 1 and 2, where log(gamma) has its zeros, the power series about 2; elsewhere recursion to large
arguments and Stirling's series; reflection for negative arguments (DLMF 5.5, 5.7, 5.11). Zeta by
the Euler-Maclaurin formula (DLMF 25.11.43).
"""

from __future__ import annotations

import math

import numpy as np

from facula.core.numerics.tools import polynomial, wide

EULER = 0.57721566490153286061

# B(2k) for k = 1, 2, ...
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510,
             43867 / 798, -174611 / 330, 854513 / 138, -236364091 / 2730)


@wide
def zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The sum of (k + q) ** -s over all k >= 0; NaN for s < 1."""
    whole = q == np.floor(q)
    valid = (s > 1) & ~((q <= 0) & (whole | (s != np.floor(s)))) & np.isfinite(q)
    x, a = np.where(valid, s, 2.0), np.where(valid, q, 1.0)
    y = np.zeros_like(x)
    for _ in range(9):
        y += a ** -x
        a += 1
    while (small := a <= 9).any():  # negative q: until the series below is good
        y[small] += a[small] ** -x[small]
        a[small] += 1
    power = a ** -x
    y += power * a / (x - 1) + 0.5 * power
    factor, power = x.copy(), power / a
    for k, b in enumerate(BERNOULLI, 1):
        y += b / math.factorial(2 * k) * factor * power
        factor *= (x + 2 * k - 1) * (x + 2 * k)
        power = power / (a * a)
    # For large s the first term is all there is, and the product above may overflow.
    y = np.where(np.isfinite(y) | (x < 100), y, np.where(valid, q, 1.0) ** -x)
    y = np.where(valid, y, np.nan)
    y = np.where((s == 1) | ((s > 1) & (q <= 0) & whole), np.inf, y)
    return np.where((s > 1) & (q == np.inf), 0.0, np.where(np.isnan(s) | np.isnan(q), np.nan, y))


def _zeta_less_one(count: int) -> list[float]:
    k = np.arange(2.0, count + 2)
    return [float(v) for v in zeta(k, np.full_like(k, 2.0))]


# Coefficients of log(gamma(2 + z)): 1 - Euler's constant, then (-1)**k (zeta(k) - 1) / k.
_TAILS = _zeta_less_one(34)
_SERIES = (0.0, 1 - EULER, *[(-1) ** k * t / k for k, t in enumerate(_TAILS, 2)])
_SLOPES = tuple([k * c for k, c in enumerate(_SERIES)][1:])
_STIRLING = tuple([b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1)])
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def stirling_rest(x: np.ndarray) -> np.ndarray:
    """log(gamma(x)) less its asymptote, for x >= 10."""
    return polynomial(_STIRLING[:8], 1 / (x * x)) / x


def log_gamma_above_one(z: np.ndarray) -> np.ndarray:
    """log(gamma(1 + z)) for -0.5 <= z <= 0.5."""
    return polynomial(_SERIES, z) - np.log1p(z)


def _log_gamma_positive(x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    large = x >= 10
    t = x[large]
    y[large] = (t - 0.5) * np.log(t) - t + _HALF_LOG_TWO_PI + stirling_rest(t)
    y[x == np.inf] = np.inf
    t = x[~large]
    factor, extra = np.ones_like(t), np.zeros_like(t)
    while (above := t > 2.5).any():
        t = np.where(above, t - 1, t)
        factor = np.where(above, factor * t, factor)
    low = t < 0.5
    extra[low] = -np.log(t[low])
    t = np.where(low, t + 1, t)
    near_one = t < 1.5
    z = np.where(near_one, t - 1, t - 2)
    value = polynomial(_SERIES, z)
    value = np.where(near_one, value - np.log1p(z), value)
    y[~large] = value + np.log(factor) + extra
    return y


@wide
def lgamma(x: np.ndarray) -> np.ndarray:
    """log(abs(gamma(x)))."""
    y = np.full(x.shape, np.nan)
    part = x > 0
    y[part] = _log_gamma_positive(x[part])
    part = x <= 0
    t = x[part]
    sine = np.abs(np.sin(np.pi * (t - np.rint(t))))
    y[part] = np.log(np.pi / sine) - _log_gamma_positive(1 - t)
    y[(x == -np.inf) | ((x <= 0) & (x == np.floor(x)))] = np.inf
    return y


def _cotangent(t: np.ndarray) -> np.ndarray:
    """pi / tan(pi t)."""
    return np.pi / np.tan(np.pi * (t - np.rint(t)))


def _digamma_positive(x: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    t = x.copy()
    centre = (x >= 1) & (x <= 2.5)
    while (small := (t < 10) & ~centre).any():
        y = np.where(small, y - 1 / t, y)
        t = np.where(small, t + 1, t)
    w = 1 / (t * t)
    terms = tuple([b / (2 * k) for k, b in enumerate(BERNOULLI[:8], 1)])
    y = y + np.log(t) - 0.5 / t - w * polynomial(terms, w)
    c = x[centre]
    near_one = c < 1.5
    z = np.where(near_one, c - 1, c - 2)
    value = polynomial(_SLOPES, z)
    y[centre] = np.where(near_one, value - 1 / c, value)
    return y


@wide
def digamma(x: np.ndarray) -> np.ndarray:
    """The derivative of log(gamma(x)); -inf at 0 (inf at -0), NaN at negative whole numbers."""
    y = np.full(x.shape, np.nan)
    part = x > 0
    y[part] = _digamma_positive(x[part])
    part = (x < 0) & (x != np.floor(x))
    t = x[part]
    y[part] = _digamma_positive(1 - t) - _cotangent(t)
    return np.where(x == 0, np.copysign(np.inf, -x), y)


@wide
def trigamma(x: np.ndarray) -> np.ndarray:
    """The second derivative of log(gamma(x)); inf at 0 and the negative whole numbers."""
    negative = x < 0.5
    t = np.where(negative, 1 - x, x)
    y = zeta(np.full_like(t, 2.0), t)
    sine = np.sin(np.pi * (x - np.rint(x)))
    return np.where(negative, (np.pi / sine) ** 2 - y, y)


def polygamma(x: np.ndarray, n: int) -> np.ndarray:
    """The derivative of order n of digamma."""
    if n == 0:
        return digamma(x)
    if n == 1:
        return trigamma(x)
    wide_x = np.asarray(x, np.float64)
    scale = (-1.0) ** (n + 1) * math.exp(math.lgamma(n + 1)) if n > 20 else float(
        (-1) ** (n + 1) * math.factorial(n))
    return np.asarray(scale * zeta(np.full_like(wide_x, n + 1.0), wide_x)).astype(x.dtype)
