"""Padding at the edges: with a number, or with what the input has near them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core.ops import creation, joining, views
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import ints


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant",
        value: float | None = None) -> Tensor:
    """The input with more (or, for negative numbers, fewer) elements at its edges.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        Pairs (before, after) for the last dimension, the one before it, and so on.
    mode : str
        ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    value : float, optional
        What to fill in with ``"constant"``; 0 where not given.

    Raises
    ------
    RuntimeError, ValueError
        If the pairs do not fit the input or the mode.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.pad(facula.tensor([1.0, 2.0]), (1, 2))
    tensor([0., 1., 2., 0., 0.])
    >>> facula.nn.functional.pad(facula.tensor([[1.0, 2.0, 3.0]]), (2, 0), mode="reflect")
    tensor([[3., 2., 1., 2., 3.]])
    """
    widths = ints(pad, "pad", "pad")
    if len(widths) % 2 or len(widths) // 2 > input.ndim:
        raise RuntimeError(f"pad: pad={tuple(widths)} does not fit: it must hold pairs for at most "
                           f"the {input.ndim} dimensions of the input")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ValueError(f"pad: mode={mode!r} is unknown: use 'constant', 'reflect', 'replicate' "
                         "or 'circular'")
    for i in range(0, len(widths), 2):
        before, after = widths[i:i + 2]
        if before or after:
            input = _pad_one(input, input.ndim - 1 - i // 2, before, after, mode, value or 0)
    return input


def _pad_one(x: Tensor, dim: int, before: int, after: int, mode: str, value: Any) -> Tensor:
    n = x.shape[dim]
    if mode == "reflect" and min(before, after) < 0 < max(before, after):
        # a reflection may reach what the other side takes away
        x = _pad_one(x, dim, max(before, 0), max(after, 0), mode, value)
        return _pad_one(x, dim, min(before, 0), min(after, 0), mode, value)
    if min(before, after) < 0:
        low, high = max(0, -before), max(0, -after)
        if low + high > n:
            raise RuntimeError(f"pad: pad=({before}, {after}) takes away more than the {n} "
                               f"elements of dimension {dim}")
        x = views.narrow(x, dim, low, n - low - high)
        before, after = max(before, 0), max(after, 0)
    if not before and not after:
        return x
    edges = _EDGES[mode]
    parts = [edges(x, dim, before, False, value), x, edges(x, dim, after, True, value)]
    return joining.cat([p for p in parts if p is not None], dim)


def _constant(x: Tensor, dim: int, width: int, end: bool, value: Any) -> Tensor | None:
    sizes = list(x.shape)
    sizes[dim] = width
    return creation.full(tuple(sizes), value, dtype=x.dtype, device=x.device) if width else None


def _replicate(x: Tensor, dim: int, width: int, end: bool, value: Any) -> Tensor | None:
    if not width:
        return None
    edge = views.narrow(x, dim, x.shape[dim] - 1 if end else 0, 1)
    sizes = list(x.shape)
    sizes[dim] = width
    return edge.expand(sizes)


def _reflect(x: Tensor, dim: int, width: int, end: bool, value: Any) -> Tensor | None:
    if not width:
        return None
    n = x.shape[dim]
    if width >= n:
        raise RuntimeError(f"pad: reflecting {width} elements needs more than {width} in dimension "
                           f"{dim}, the input has {n}")
    return views.narrow(x, dim, n - 1 - width if end else 1, width).flip(dim)


def _circular(x: Tensor, dim: int, width: int, end: bool, value: Any) -> Tensor | None:
    if not width:
        return None
    n = x.shape[dim]
    if width > n:
        raise RuntimeError(f"pad: wrapping {width} elements around needs as many in dimension "
                           f"{dim}, the input has {n}")
    return views.narrow(x, dim, 0 if end else n - width, width)


_EDGES = {"constant": _constant, "replicate": _replicate, "reflect": _reflect,
          "circular": _circular}
