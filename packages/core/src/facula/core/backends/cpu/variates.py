"""Gamma variates and how they move with their concentration, in float64."""

from __future__ import annotations

import numpy as np

from facula.core.backends.cpu.backend import kernel

_LARGE = 1000.0  # from here on the cube root of a variate is normal to 1e-5


@kernel
def log_gamma_draw(input: np.ndarray, seed: int, offset: int) -> np.ndarray:
    # A stream of its own (second key word 2): how much is drawn depends on the concentrations.
    bits = np.random.Philox(key=np.array([seed, 2], np.uint64),
                            counter=np.array([0, offset, 0, 0], np.uint64))
    generator = np.random.Generator(bits)
    a = input.astype(np.float64)
    small = a < 1
    # x of a is x of a + 1 times u^(1/a): its logarithm does not underflow
    with np.errstate(all="ignore"):
        y = np.log(generator.standard_gamma(np.where(small, a + 1, a)))
        y = np.where(small, y + np.log1p(-generator.random(a.shape)) / a, y)
    return np.asarray(y).astype(input.dtype)


@kernel
def log_gamma_draw_grad(input: np.ndarray, output: np.ndarray) -> np.ndarray:
    a, y = input.astype(np.float64).ravel(), output.astype(np.float64).ravel()
    with np.errstate(all="ignore"):
        moved = np.where(a > _LARGE, _by_cube_root(a, y), 0)
    small = a <= _LARGE
    moved[small] = _by_series(a[small], y[small])
    return moved.reshape(input.shape).astype(input.dtype)


def _by_series(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-(dP/da) / (dP/dy) of the regularised incomplete gamma function P(a, exp(y)).

    P is the sum of ``x^(a + n) exp(-x) / Gamma(a + n + 1)``, and each term's derivative by a is
    the term times ``log x - digamma(a + n + 1)``. Up to a = 1000 it agrees with differences of
    the quantile function to 1e-8, which is as far as those go.
    """
    x = np.exp(y)
    term, psi = 1 / a, _digamma(a + 1)
    total = term * (y - psi)
    n = 0
    while n < 4000:
        n += 1
        term = term * (x / (a + n))
        psi = psi + 1 / (a + n)
        step = term * (y - psi)
        total += step
        if np.all(np.abs(step) <= 1e-17 * np.abs(total)) and n > 10:
            break
    return -total


def _by_cube_root(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """From x = a (1 - 1/(9a) + z/(3 sqrt a))^3 with a normal z (Wilson and Hilferty, 1931)."""
    root = np.exp((y - np.log(a)) / 3)
    z = (root - 1 + 1 / (9 * a)) * 3 * np.sqrt(a)
    return 1 / a + 3 * (1 / (9 * a * a) - z / (6 * a * np.sqrt(a))) / root


def _digamma(x: np.ndarray) -> np.ndarray:
    """For x >= 1: moved up by 8, then the asymptotic series."""
    shift = sum([1 / (x + i) for i in range(8)], np.zeros_like(x))
    x = x + 8
    r = 1 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132)))))
    return np.log(x) - 0.5 / x - series - shift
