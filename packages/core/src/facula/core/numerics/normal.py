"""``x`` times the normal distribution function in float32, by blocks that stay in the cache.

The distribution function is ``(1 + tanh(x * P(x*x))) / 2``. The polynomial P of degree 6 is a fit
by linear programming for x*x up to 30, where the function is 1 in float32; the error is below 3e-8.
Beyond, P only grows, and so tanh stays 1: nothing has to be cut off.
Of NumPy's functions tanh is the cheapest that will do (0.45 ns per element, exp 0.65).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

BLOCK = 1 << 15  # three float32 blocks fill three quarters of a level-2 cache of 512 kB


def _constant(value: float) -> np.ndarray:
    return np.array(value, np.float32)  # an array: NumPy need not make one at each call


_FIRST, *_REST = map(_constant, (
    1.7561692271657717e-09, -1.3226328478503357e-07, 3.964743728562828e-06,
    -5.530618996428398e-05, -3.2594984574332145e-05, 0.036333084581899946, 0.7978849414587024))
_ONE, _HALF, _MINUS_HALF, _DENSITY = map(_constant, (1.0, 0.5, -0.5, 0.3989422804014327))


class _Scratch(threading.local):
    def __init__(self) -> None:
        self.block = np.empty(BLOCK, np.float32)


_scratch = _Scratch()


def _centred(x: np.ndarray, y: np.ndarray, square: np.ndarray) -> None:
    """Twice the distribution function, less 1, into ``y``; ``x * x`` into ``square``."""
    np.multiply(x, x, out=square)
    np.multiply(square, _FIRST, out=y)
    for c in _REST[:-1]:
        np.add(y, c, out=y)
        np.multiply(y, square, out=y)
    np.add(y, _REST[-1], out=y)
    np.multiply(y, x, out=y)
    np.tanh(y, out=y)


def _gelu(x: np.ndarray, y: np.ndarray, e: np.ndarray) -> None:
    _centred(x, y, e)
    np.add(y, _ONE, out=y)
    np.multiply(x, _HALF, out=e)
    np.multiply(y, e, out=y)


def _gelu_slope(x: np.ndarray, y: np.ndarray, e: np.ndarray) -> None:
    _centred(x, y, e)
    np.multiply(y, _HALF, out=y)
    np.add(y, _HALF, out=y)
    np.multiply(e, _MINUS_HALF, out=e)
    np.exp(e, out=e)
    np.multiply(e, x, out=e)
    np.multiply(e, _DENSITY, out=e)
    np.add(y, e, out=y)


def _by_blocks(function: Callable[..., None], x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    y = np.empty(x.shape, np.float32) if out is None else out
    if not y.flags.c_contiguous:
        y[...] = _by_blocks(function, x, None)
        return y
    flat, target = np.ascontiguousarray(x).reshape(-1), y.reshape(-1)
    e = _scratch.block
    for i in range(0, flat.size, BLOCK):
        part = target[i:i + BLOCK]
        function(flat[i:i + BLOCK], part, e[:part.size])
    return y


def gelu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """``x * cdf(x)`` of float32."""
    return _by_blocks(_gelu, x, out)


def gelu_slope(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The derivative of ``x * cdf(x)``, of float32."""
    return _by_blocks(_gelu_slope, x, out)
