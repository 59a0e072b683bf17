"""Shapes, joins and indexing, by the array API standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import core
from facula.core.array_api.elementwise import promoted
from facula.core.errors import canonical_dim
from facula.core.tensor import Tensor

__all__ = ["broadcast_arrays", "broadcast_to", "concat", "expand_dims", "flip", "moveaxis",
           "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "take",
           "take_along_axis", "tile", "unstack"]

Axis = int | tuple[int, ...] | None


def broadcast_arrays(*arrays: Tensor) -> list[Tensor]:
    """The arrays, all in their common shape."""
    return list(core.broadcast_tensors(*arrays))


def broadcast_to(x: Tensor, /, shape: Sequence[int]) -> Tensor:
    """The array repeated along dimensions of size 1 to fill a shape."""
    return core.broadcast_to(x, tuple(shape))


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """The arrays one after the other along an existing dimension; flattened, if it is None."""
    parts = promoted(*arrays)
    if axis is None:
        return core.concat([core.reshape(x, (-1,)) for x in parts])
    return core.concat(parts, axis)


def expand_dims(x: Tensor, /, *, axis: int = 0) -> Tensor:
    """The array with a new dimension of size 1."""
    return core.unsqueeze(x, axis)


def flip(x: Tensor, /, *, axis: Axis = None) -> Tensor:
    """The elements in reverse order along dimensions, or along all."""
    dims = tuple(range(x.ndim)) if axis is None else axis
    return core.flip(x, dims) if x.ndim else x.clone()


def moveaxis(x: Tensor, source: Any, destination: Any, /) -> Tensor:
    """The array with dimensions moved to other places."""
    return core.movedim(x, source, destination)


def permute_dims(x: Tensor, /, axes: Sequence[int]) -> Tensor:
    """The array with its dimensions in another order."""
    return core.permute(x, tuple(axes))


def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element several times in a row, along a dimension of the flattened array or of it."""
    if axis is None:
        x, axis = core.reshape(x, (-1,)), 0
    axis = canonical_dim("repeat", axis, x.ndim)
    if isinstance(repeats, Tensor) and (repeats.ndim == 0 or repeats.numel() == 1):
        repeats = int(repeats.item())
    return core.repeat_interleave(x, repeats, axis)


def reshape(x: Tensor, /, shape: Sequence[int], *, copy: bool | None = None) -> Tensor:
    """The elements in another shape; ``copy`` False raises ValueError where one were needed."""
    if copy:
        return core.reshape(x.clone(), tuple(shape))
    if copy is False:
        try:
            return x.view(tuple(shape))
        except RuntimeError as error:
            raise ValueError(f"reshape: {tuple(shape)} needs a copy: {error}") from None
    return core.reshape(x, tuple(shape))


def roll(x: Tensor, /, shift: Any, *, axis: Axis = None) -> Tensor:
    """The elements moved along dimensions, those beyond the end back to the start."""
    if isinstance(axis, tuple) and isinstance(shift, int):
        shift = (shift,) * len(axis)
    return core.roll(x, shift, axis)


def squeeze(x: Tensor, /, axis: Any) -> Tensor:
    """The array without these dimensions, whose sizes must be 1."""
    dims = axis if isinstance(axis, tuple) else (axis,)
    for d in dims:
        if x.shape[canonical_dim("squeeze", d, x.ndim)] != 1:
            raise ValueError(f"squeeze: dimension {d} has size {x.shape[d]}, not 1")
    return core.squeeze(x, dims)


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """The arrays side by side along a new dimension."""
    return core.stack(promoted(*arrays), axis)


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The elements at positions of one dimension."""
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"take: axis is needed for an array of {x.ndim} dimensions")
        axis = 0
    axis = canonical_dim("take", axis, x.ndim)
    return x[(slice(None),) * axis + (indices,)]


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """In each line along a dimension, the elements at its own positions."""
    return core.take_along_dim(x, core.where(indices < 0, indices + x.shape[axis], indices), axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """The whole array several times along each dimension."""
    return core.tile(x, tuple(repetitions))


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, each without it."""
    return tuple(core.unbind(x, axis))
