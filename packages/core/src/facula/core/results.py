"""The named tuples in which operations with several results return them."""

from __future__ import annotations

from typing import NamedTuple

from facula.core.tensor import Tensor


class ValuesIndices(NamedTuple):
    """Elements, and where along the dimension they stood."""

    values: Tensor
    indices: Tensor


class MinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor
