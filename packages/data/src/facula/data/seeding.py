"""Every random number that loading draws, and the seeds of the code that makes the samples."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import (
    Generator,
    default_generator,
    from_numpy,
    manual_seed,
    multinomial,
    randint,
    randperm,
)


def base_seed(generator: Generator | None = None) -> int:
    """A seed for an epoch, from the generator or the process's default one."""
    return randint(1 << 62, (1,), generator=generator).tolist()[0]


def permutation(n: int, generator: Generator | None = None) -> list[int]:
    """The numbers below n in random order."""
    return randperm(n, generator=generator).tolist()


def integers(n: int, count: int, generator: Generator | None = None) -> list[int]:
    """``count`` numbers below n, each drawn independently."""
    return randint(n, (count,), generator=generator).tolist()


def weighted(weights: np.ndarray, count: int, replacement: bool,
             generator: Generator | None = None) -> list[int]:
    """``count`` indices drawn with probabilities in the ratio of the weights."""
    return multinomial(from_numpy(weights), count, replacement, generator=generator).tolist()


def seed_everything(seed: int) -> None:
    """Start the random numbers of facula, of ``random`` and of NumPy from a seed."""
    manual_seed(seed)
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])  # noqa: NPY002  (what data sets use)


def with_seed(seed: int, function: Callable[[Any], Any], argument: Any) -> Any:
    """``function(argument)`` with facula's random numbers from a seed; then they go on as before.

    Half a microsecond on top of the call: the state is two numbers.
    """
    generator = default_generator
    before = generator._seed, generator._offset
    generator._seed, generator._offset = seed, 0
    try:
        return function(argument)
    finally:
        generator._seed, generator._offset = before
