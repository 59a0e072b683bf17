"""Bringing a gradient into the shape, dtype and device of what it is the gradient of."""

from __future__ import annotations

from typing import Any

from facula.core import ops
from facula.core.tensor import Tensor


def sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The gradient of a broadcast operand, summed back to the operand's shape."""
    have = g._data.shape
    lead = len(have) - len(shape)
    kept = [i + lead for i, n in enumerate(shape) if n == 1 != have[i + lead]]
    if lead:
        g = ops.reduce.sum(g, tuple(range(lead)), False)
        kept = [i - lead for i in kept]
    return ops.reduce.sum(g, tuple(kept), True) if kept else g


def fit(g: Tensor, target: Any) -> Tensor:
    """The gradient in its slot's shape, dtype and device."""
    if g._data.shape != target.shape:
        g = sum_to(g, target.shape)
    kind = target.kind
    if g._kind is not kind:
        g = ops.convert.to(g, dtype=kind.dtype, device=kind.device)
    return g
