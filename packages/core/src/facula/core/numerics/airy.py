"""Airy's function of the first kind.

Between -9 and 2.5 Taylor series about whole numbers, whose coefficients follow from the
differential equation; beyond, Bessel functions of order 1/3 (DLMF 9.6.2, 9.6.6).
"""

from __future__ import annotations

import numpy as np

from facula.core.numerics.bessel import phases, scaled_k
from facula.core.numerics.tools import wide

FIRST = -9
# Ai and its derivative at -9, -8, ..., 2; computed with 30 digits.
_VALUES = np.array([
    -0.0221337215473414037, -0.0527050503563862026, 0.184280835250505637, -0.329145173629823105,
    0.35076100902411432, -0.0702655329492895151, -0.378814293677658074, 0.227407428201685576,
    0.535560883292352119, 0.355028053887817239, 0.135292416312881416, 0.0349241304232743791])
_SLOPES = np.array([
    -0.975663980926331595, 0.935560938198306551, -0.771008168410126548, 0.345935487281342895,
    0.327192818554443137, -0.79062857536858138, 0.314583769216598814, 0.618259020741691041,
    -0.0101605671166452094, -0.258819403792806798, -0.159147441296793213, -0.0530903844336536317])


def _taylor(x: np.ndarray) -> np.ndarray:
    node = np.rint(x)
    h = x - node
    at = (node - FIRST).astype(np.int64)
    before, now, after = np.zeros_like(x), _VALUES[at], _SLOPES[at]
    total, power = now + after * h, h * h
    for n in range(24):  # the coefficient of h**(n + 2)
        before, now, after = now, after, (node * now + before) / ((n + 1) * (n + 2))
        total += after * power
        power = power * h
    return total


@wide
def airy_ai(x: np.ndarray) -> np.ndarray:
    """Ai(x); as in PyTorch NaN for infinities and 0 from 103.892 on."""
    y = np.full(x.shape, np.nan)
    part = (x >= FIRST) & (x <= 2.5)
    y[part] = _taylor(x[part])
    part = (x > 2.5) & (x < 103.892)
    t = x[part]
    zeta = 2 / 3 * t * np.sqrt(t)
    y[part] = np.sqrt(t / 3) / np.pi * scaled_k(1 / 3, zeta) * np.exp(-zeta)
    y[np.isfinite(x) & (x >= 103.892)] = 0.0
    part = (x < FIRST) & np.isfinite(x)
    t = -x[part]
    zeta = 2 / 3 * t * np.sqrt(t)
    even, odd = phases(1 / 3, zeta)
    angle = zeta - np.pi / 4
    y[part] = (np.cos(angle) * even - np.sin(angle) * odd) / (np.sqrt(np.pi) * t ** 0.25)
    return y
