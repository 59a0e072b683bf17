"""The random numbers of the transforms, all drawn from facula's own generator."""

from __future__ import annotations

import math

from facula.core import rand, randint, randn, randperm


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
    return low if low == high else int(randint(low, high + 1, ()).item())


def chance(p: float) -> bool:
    """True with probability ``p``; always draws one number."""
    return rand(()).item() < p


def order(n: int) -> list[int]:
    """The numbers below n in random order."""
    return randperm(n).tolist()
