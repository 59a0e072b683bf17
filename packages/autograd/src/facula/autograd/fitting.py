"""Bringing a gradient into the shape, dtype and device of what it is the gradient of; adding up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.core import ops
from facula.core.devices import Kind
from facula.core.operation import operation
from facula.core.tensor import Tensor

_ADD: dict[Kind, Callable[..., None]] = {}


def add_into(total: Any, g: Tensor) -> None:
    """Add to data of a tensor that nobody else holds: without the checks of ``add_``."""
    kind = g._kind
    kernel = _ADD.get(kind)
    if kernel is None:
        d = kind.dtype
        kernel = _ADD[kind] = kind.backend.elementwise_into(operation("add"), (d, d), d, d)
    kernel(total, total, g._data)


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
