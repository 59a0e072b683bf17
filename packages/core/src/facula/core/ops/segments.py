"""Reductions of consecutive segments of different lengths."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import (
    binary,
    convert,
    creation,
    cumulative,
    gather,
    joining,
    masked,
    shape,
)
from facula.core.tensor import Tensor

# The reduction of no elements, and what scatter_reduce calls the reduction.
_KINDS = {"sum": (0.0, "sum"), "mean": (0.0, "sum"), "max": (-math.inf, "amax"),
          "min": (math.inf, "amin"), "prod": (1.0, "prod")}


@composite(method=False)
def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None,
                   indices: Tensor | None = None, offsets: Tensor | None = None, axis: int = 0,
                   unsafe: bool = False, initial: Any = None) -> Tensor:
    """Sums (or other reductions) of consecutive segments along an axis.

    Parameters
    ----------
    data : Tensor
        Floating.
    reduce : str
        ``"sum"``, ``"mean"``, ``"max"``, ``"min"`` or ``"prod"``.
    lengths : Tensor, optional
        ``(..., S)``: the lengths of the segments, in the axis' place; they sum to its size.
    indices : Tensor, optional
        Not served, as in PyTorch.
    offsets : Tensor, optional
        ``(..., S + 1)``: where segments begin, and the last one ends, instead of lengths.
    axis : int
        The last dimension of lengths: 0 if they are 1-D.
    unsafe : bool
        Accepted for PyTorch's sake: lengths are always checked.
    initial : number, optional
        What each reduction starts from.

    Raises
    ------
    RuntimeError
        If lengths and data do not fit.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0, 3.0, 4.0])
    >>> facula.segment_reduce(x, "sum", lengths=facula.tensor([1, 3]))
    tensor([1., 9.])
    """
    if reduce not in _KINDS:
        raise RuntimeError(f"segment_reduce: reduce={reduce!r} must be one of {', '.join(_KINDS)}")
    if indices is not None or (lengths is None) == (offsets is None):
        raise RuntimeError("segment_reduce: give either lengths or offsets")
    if not data.is_floating_point():
        raise RuntimeError(f"segment_reduce: the data must be floating: {describe(data)}")
    if lengths is None:
        lengths = cumulative.diff(offsets)  # type: ignore[arg-type]
    batch = tuple(lengths.shape[:-1])
    at = len(batch)
    if axis not in (at, at - data.ndim) or tuple(data.shape[:at]) != batch or data.ndim <= at:
        raise RuntimeError(f"segment_reduce: lengths {describe(lengths)} do not fit the data "
                           f"{describe(data)} along axis={axis}")
    size, rest = data.shape[at], tuple(data.shape[at + 1:])
    whole: Any = convert.to(lengths, dtype=dtypes.int64)
    if lengths.numel() and (bool((whole < 0).any()) or bool((whole.sum(-1) != size).any())):
        raise RuntimeError(f"segment_reduce: the lengths must not be negative and sum to {size}, "
                           "the size of the axis")
    return _reduced(data, reduce, whole, (*batch, lengths.shape[-1]), rest, initial)


def _reduced(data: Tensor, kind: str, lengths: Tensor, size: tuple[int, ...],
             rest: tuple[int, ...], initial: Any) -> Tensor:
    count = math.prod(size)
    flat = shape.reshape(lengths, count)
    owner = joining.repeat_interleave(creation.arange(count, device=data.device), flat)
    rows = shape.reshape(data, owner.shape[0], *rest)
    place = shape.expand(shape.reshape(owner, -1, *(1,) * len(rest)), tuple(rows.shape))
    empty, name = _KINDS[kind]
    start = creation.full((count, *rest), empty if initial is None else initial, dtype=data.dtype,
                          device=data.device)
    out = gather.scatter_reduce(start, 0, place, rows, name) if rows.numel() else start
    if kind == "mean":
        numbers = shape.reshape(convert.to(flat, dtype=data.dtype), -1, *(1,) * len(rest))
        nothing = math.nan if initial is None else initial
        none: Any = numbers == 0
        out = masked.where(none, nothing, binary.true_divide(out, masked.where(none, 1.0, numbers)))
    return shape.reshape(out, *size, *rest)
