"""Shapes and strides brought to their simplest form before a kernel is chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from facula.core.backends.opencl.array import CLArray


def broadcast_shape(name: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape of the operands.

    Raises
    ------
    ValueError
        If two lengths differ and neither is 1.
    """
    ndim = max(map(len, shapes), default=0)
    out = [1] * ndim
    for shape in shapes:
        for axis, length in enumerate(shape, ndim - len(shape)):
            if out[axis] == 1:
                out[axis] = length
            elif length not in (1, out[axis]):
                listed = ", ".join(map(str, shapes))
                raise ValueError(f"{name}: the operands' shapes {listed} do not broadcast "
                                 f"together: axis {axis} has lengths {out[axis]} and {length}")
    return tuple(out)


def element_strides(data: CLArray) -> tuple[int, ...]:
    """The strides counted in elements."""
    itemsize = data.dtype.itemsize
    return tuple([s // itemsize for s in data.strides])


def expanded_strides(data: CLArray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The element strides under which ``data`` broadcasts to ``shape`` (0 along new axes)."""
    itemsize = data.dtype.itemsize
    own = [0 if length == 1 else stride // itemsize
           for length, stride in zip(data.shape, data.strides, strict=True)]
    return (0,) * (len(shape) - len(own)) + tuple(own)


def collapse(shape: Sequence[int], strides: Sequence[Sequence[int]]
             ) -> tuple[list[int], list[list[int]]]:
    """Drop axes of length 1 and merge neighbours that every operand walks as one.

    Returns the lengths and, per operand, its strides; at least one axis remains.
    """
    lengths: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        if lengths and all(own[-1] == operand[axis] * length
                           for own, operand in zip(steps, strides, strict=True)):
            lengths[-1] *= length
            for own, operand in zip(steps, strides, strict=True):
                own[-1] = operand[axis]
        else:
            lengths.append(length)
            for own, operand in zip(steps, strides, strict=True):
                own.append(operand[axis])
    if not lengths:
        return [1], [[1] for _ in strides]
    return lengths, steps


def span(data: CLArray) -> tuple[int, int]:
    """The first element touched and one past the last, counted from the buffer's start."""
    if not data.size:
        return data.offset, data.offset
    reach = sum((length - 1) * stride // data.dtype.itemsize
                for length, stride in zip(data.shape, data.strides, strict=True))
    return data.offset, data.offset + reach + 1


def may_overlap(a: CLArray, b: CLArray) -> bool:
    """Whether two arrays may share memory: the same buffer and touching ranges of bytes."""
    if a.mem is not b.mem:
        return False
    (a0, a1), (b0, b1) = span(a), span(b)
    i, j = a.dtype.itemsize, b.dtype.itemsize
    return a0 * i < b1 * j and b0 * j < a1 * i


def size_of(shape: Sequence[int]) -> int:
    """The number of elements."""
    return math.prod(shape)
