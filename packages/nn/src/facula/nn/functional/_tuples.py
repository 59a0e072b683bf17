"""One int or one per spatial dimension: how the steps of windows are given."""

from __future__ import annotations

import operator
from typing import Any

from facula.core.errors import describe
from facula.core.ops import shape
from facula.core.tensor import Tensor


def tuple_of(value: Any, rank: int, op: str, name: str) -> tuple[int, ...]:
    """``rank`` ints from one int or a sequence of one or ``rank``.

    Raises
    ------
    TypeError
        For other than ints.
    RuntimeError
        For another number of them.
    """
    if isinstance(value, int):
        return (value,) * rank
    values = ints(value, op, name)
    if len(values) == 1:
        values *= rank
    if len(values) != rank:
        raise RuntimeError(f"{op}: {name}={value} does not fit: it must be an int or {rank} ints, "
                           "one per spatial dimension")
    return values


def ints(value: Any, op: str, name: str) -> tuple[int, ...]:
    """An int, or several, as a tuple; tensors of one integer count as ints.

    Raises
    ------
    TypeError
        For anything else, floats included.
    """
    try:
        if getattr(value, "shape", None) == () or not hasattr(value, "__iter__"):
            return (operator.index(value),)
        return tuple([operator.index(v) for v in value])
    except (TypeError, RuntimeError):
        raise TypeError(f"{op}: {name}={describe(value)} must be an int or ints") from None


def batched(input: Tensor, rank: int, op: str) -> tuple[Tensor, bool]:
    """The input with a batch dimension, and whether it had none.

    Raises
    ------
    RuntimeError
        If the number of dimensions is wrong.
    """
    ndim = input._data.ndim
    if ndim == rank + 2:
        return input, False
    if ndim == rank + 1:
        return shape.unsqueeze(input, 0), True
    raise RuntimeError(f"{op}: input has shape {tuple(input.shape)}: it must have {rank + 1} "
                       f"(unbatched) or {rank + 2} (batched) dimensions")
