"""What the special functions share: computing in float64, polynomials, broadcasting."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def wide(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The function computed in float64 on arrays of one shape, its result in the first's type."""
    @functools.wraps(function)
    def computed(*given: Any) -> np.ndarray:
        target = np.result_type(*given[:1])
        if len(given) == 1:
            arrays = [np.ascontiguousarray(given[0], np.float64)]
        else:
            arrays = [np.ascontiguousarray(a)
                      for a in np.broadcast_arrays(*[np.asarray(g, np.float64) for g in given])]
        with np.errstate(all="ignore"):
            return np.asarray(function(*arrays)).astype(target, copy=False)
    return computed


def polynomial(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Horner's rule; the constant term comes first."""
    y = np.full(x.shape, coefficients[-1])
    for c in coefficients[-2::-1]:
        y = y * x + c
    return y
