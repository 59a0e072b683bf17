"""The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x).

Each where it is not close to 1, from its power series, its continued fraction (DLMF 8.11, 8.9), or,
for large a and x near a, Gauss-Legendre quadrature of the density, whose integrand is positive.
"""

from __future__ import annotations

import functools

import numpy as np

from facula.core.numerics.gamma import lgamma, log_gamma_above_one, stirling_rest
from facula.core.numerics.tools import polynomial, wide

LARGE = 20.0  # from this a on quadrature serves x within 30 percent of a
_EPS = 2.0 ** -53
_LOG1PMX = (0.0, 0.0, *[(-1.0) ** (k + 1) / k for k in range(2, 25)])


def _log1p_less(u: np.ndarray) -> np.ndarray:
    """log(1 + u) - u without cancellation."""
    small = np.abs(u) < 0.2
    return np.where(small, polynomial(_LOG1PMX, np.where(small, u, 0)), np.log1p(u) - u)


def _density(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x**a exp(-x) / gamma(a + 1)."""
    large = a >= 10
    b = np.where(large, a, 10.0)
    u = (x - b) / b
    exponent = b * np.where(u > -0.5, _log1p_less(u), np.log(x / b) - u)
    stirling = np.exp(exponent - stirling_rest(b)) / np.sqrt(2 * np.pi * b)
    plain = np.exp(a * np.log(x) - x - lgamma(a + 1))
    return np.where(large, stirling, plain)


def _series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P for x up to about a + 1: the density times 1 + x/(a+1) + x**2/((a+1)(a+2)) + ..."""
    term, total, n = np.ones_like(a), np.ones_like(a), a.copy()
    while (term > total * _EPS).any():
        n += 1
        term = term * (x / n)
        total += term
    return _density(a, x) * total


def _small(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q for x up to about 1, also where a is small and so Q too."""
    term, total = np.ones_like(a), np.zeros_like(a)
    for n in range(1, 30):
        term = term * (-x / n)
        total += term / (a + n)
    # log(gamma(a + 1)) without rounding a + 1: Q is about proportional to a.
    log_power = a * np.log(x) - np.where(a < 0.5, log_gamma_above_one(a), lgamma(a + 1))
    return -np.expm1(log_power) - a * np.exp(log_power) * total


def _fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q for x above a + 1: the continued fraction, by Lentz's method."""
    b = x + 1 - a
    c, d = np.full_like(x, 1e300), 1 / b
    h = d.copy()
    for i in range(1, 2000):
        n = -i * (i - a)
        b = b + 2
        d = 1 / (n * d + b)
        c = b + n / c
        h *= c * d
        if (np.abs(c * d - 1) < 2 * _EPS).all():
            break
    return a * _density(a, x) * h


@functools.cache
def _rule() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(64)
    return (nodes + 1) / 2, weights / 2


def _quadrature(a: np.ndarray, x: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The density integrated from x upwards, or downwards to 0, where it is not negligible."""
    nodes, weights = _rule()
    sign = np.where(upper, 1.0, -1.0)
    slope = (a - 1 - x) / x * sign  # of the integrand's logarithm, by the relative distance from x
    reach = np.sqrt(80 / a) * (1 + np.sqrt(80 / a))
    reach = np.minimum(reach, np.where(slope < 0, -40 / slope, np.inf))
    reach = np.where(upper, reach, np.minimum(reach, 1.0))
    u = sign[:, None] * reach[:, None] * nodes
    exponent = (a - 1)[:, None] * _log1p_less(u) + (a - 1 - x)[:, None] * u
    return a * _density(a, x) * reach * (np.exp(exponent) @ weights)


def _both(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p = np.full(a.shape, np.nan)
    q = np.full(a.shape, np.nan)
    valid = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    middle = valid & (a >= LARGE) & (np.abs(x - a) <= 0.3 * a)
    upper = x > a
    part = _quadrature(a[middle], x[middle], upper[middle])
    p[middle] = np.where(upper[middle], 1 - part, part)
    q[middle] = np.where(upper[middle], part, 1 - part)
    rest = valid & ~middle
    low = rest & (x <= 1.1)
    p[low], q[low] = _series(a[low], x[low]), _small(a[low], x[low])
    some = low & (q > 0.9)
    q[some] = 1 - p[some]
    some = low & (p > 0.9)
    p[some] = 1 - q[some]
    part = rest & (x > 1.1) & (x <= a)
    p[part] = _series(a[part], x[part])
    q[part] = 1 - p[part]
    part = rest & (x > 1.1) & (x > a)
    q[part] = _fraction(a[part], x[part])
    p[part] = 1 - q[part]
    one = ((x == np.inf) & np.isfinite(a) & (a >= 0)) | ((a == 0) & (x > 0))
    p[one], q[one] = 1.0, 0.0
    none = ((a > 0) & (x == 0)) | ((a == np.inf) & np.isfinite(x) & (x >= 0))
    p[none], q[none] = 0.0, 1.0
    return p, q


@wide
def gammainc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P(a, x)."""
    return _both(a, x)[0]


@wide
def gammaincc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q(a, x)."""
    return _both(a, x)[1]
