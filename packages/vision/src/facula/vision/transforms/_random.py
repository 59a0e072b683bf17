"""The random numbers of the transforms, all drawn from facula's own generator."""

from __future__ import annotations

import math

from facula.core import rand, randn, randperm


def uniform(low: float, high: float) -> float:
    """A number between the two."""
    return low + (high - low) * rand(()).item()


def log_uniform(low: float, high: float) -> float:
    """A number between the two whose logarithm is uniformly distributed."""
    return math.exp(uniform(math.log(low), math.log(high)))


def normal() -> float:
    """A number from the standard normal distribution."""
    return randn(()).item()


def integer(low: int, high: int) -> int:
    """An integer from ``low`` to ``high``, both included."""
    # not by randint, which takes six times as long for a single number
    return low if low == high else low + int(rand(()).item() * (high - low + 1))


def chance(p: float) -> bool:
    """True with probability ``p``; always draws one number."""
    return rand(()).item() < p


def order(n: int) -> list[int]:
    """The numbers below n in random order."""
    return randperm(n).tolist()


def dirichlet(alpha: float, n: int) -> list[float]:
    """Shares that sum to 1, from the symmetric Dirichlet distribution."""
    parts = [_gamma(alpha) for _ in range(n)]
    total = sum(parts)
    return [part / total for part in parts] if total > 0 else [1.0 / n] * n


def _gamma(shape: float) -> float:
    """A number from the gamma distribution, by Marsaglia and Tsang's method (2000)."""
    if shape < 1:
        return _gamma(shape + 1) * (1 - rand(()).item()) ** (1 / shape)
    d = shape - 1 / 3
    while True:
        x = normal()
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and math.log(1 - rand(()).item()) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v
