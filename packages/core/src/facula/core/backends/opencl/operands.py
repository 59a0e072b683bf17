"""The operands of a product: where their elements lie, as the kernels are told it.

See ``gemm_address.cl`` for the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.programs import LONG

_INT = np.dtype(np.int32)
STRIDED, COLUMNS, COLUMNS_ROWS = "B_STRIDED", "B_COLUMNS", "B_COLUMNS_ROWS"
LEFT_ARGUMENTS: list[Any] = [LONG] * 7
STRIDED_ARGUMENTS: list[Any] = [LONG] * 5
PICTURE_ARGUMENTS: list[Any] = [LONG] * 3 + ([_INT] * 7 + [LONG]) * 3


@dataclass(frozen=True, slots=True)
class Left:
    """A: element offset, strides (z1, z0, m, k1, k0) and the length of the inner k level."""

    data: CLArray
    strides: tuple[int, int, int, int, int]
    inner: int

    def arguments(self) -> tuple[int, ...]:
        """In the order of A_PARAMETERS."""
        return (self.data.offset, *self.strides, self.inner)


@dataclass(frozen=True, slots=True)
class Right:
    """B: the kind of address formula and its numbers after the offset."""

    data: CLArray
    kind: str
    numbers: tuple[int, ...]

    def arguments(self) -> tuple[int, ...]:
        """In the order of B_PARAMETERS."""
        return (self.data.offset, *self.numbers)


@dataclass(frozen=True, slots=True)
class Sizes:
    """M, N, K; batches; the length of the inner batch level; how many batches each side has."""

    m: int
    n: int
    k: int
    z: int
    inner: int
    left: int
    right: int
