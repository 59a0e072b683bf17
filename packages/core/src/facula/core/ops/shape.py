"""Views: new shapes, orders and selections of the same memory; and what copies if it must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core.declare import composite, primitive, view
from facula.core.errors import canonical_dim, canonical_shape
from facula.core.tensor import Tensor


def view_strides(shape: tuple[int, ...], strides: tuple[int, ...],
                 target: tuple[int, ...]) -> tuple[int, ...] | None:
    """Strides that show the same elements in another shape; None where only a copy can.

    Runs of source dimensions that lie without gaps are matched with runs of target dimensions of
    the same size.
    """
    old = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    new = [0] * len(target)
    i = len(target) - 1
    while old:
        size, step = old.pop()
        while old and old[-1][1] == size * step:
            size *= old.pop()[0]
        while size > 1 or (i >= 0 and target[i] == 1):
            if i < 0 or size % target[i]:
                return None
            new[i] = step
            step *= target[i]
            size //= target[i]
            i -= 1
    return tuple(new)


def infer_shape(op: str, sizes: tuple[int, ...], numel: int) -> tuple[int, ...]:
    """The target shape with its one -1 filled in.

    Raises
    ------
    RuntimeError
        If the sizes can't hold exactly ``numel`` elements.
    """
    known, free = 1, 0
    for n in sizes:
        if n == -1:
            free += 1
        else:
            known *= n
    good = known == numel if not free else free == 1 and known > 0 and numel % known == 0
    if not good or min(sizes, default=0) < -1:
        raise RuntimeError(f"{op}: shape {sizes} does not fit {numel} elements: the sizes must "
                           "multiply to that number, and at most one may be -1")
    return tuple([numel // known if n == -1 else n for n in sizes]) if free else sizes


def _contiguous(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    steps = []
    step = itemsize
    for n in reversed(shape):
        steps.append(step)
        step *= max(n, 1)
    return tuple(reversed(steps))


def _reshaped(input: Tensor, target: tuple[int, ...]) -> Any:
    """The data in another shape if a view can do it, else None."""
    data = input._data
    if data.size == 0:
        strides: tuple[int, ...] | None = _contiguous(target, data.dtype.itemsize)
    else:
        strides = view_strides(data.shape, data.strides, target)
    if strides is None:
        return None
    return input._kind.backend.as_strided(data, target, strides, 0)


@view(method=False, export=False)
def view_as_shape(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The same memory in another shape: the work of ``view`` and ``reshape``."""
    data = _reshaped(input, size)
    if data is None:
        raise RuntimeError(
            f"view: shape {tuple(input.shape)} with strides {input.stride()} can't be seen as "
            f"{size} without copying: use reshape()")
    return data, size  # type: ignore[return-value]


_shaped = view_as_shape.operation.extra["apply"]


def seen_as(input: Tensor, sizes: tuple[Any, ...]) -> Tensor | None:
    """A contiguous CPU tensor in another shape by NumPy's reshape: the short way, 8 us less.

    None where the long way is needed: elsewhere, with gaps, or for the error's message.
    """
    data = input._data
    if type(data) is not np.ndarray or not data.flags.c_contiguous:
        return None
    try:
        seen = data.reshape(*sizes)
    except (TypeError, ValueError):
        return None
    shape = seen.shape
    if shape != sizes and shape != sizes[0]:
        packed = sizes[0] if isinstance(sizes[0], (tuple, list)) else sizes
        if -1 not in packed:  # NumPy takes -2 for -1
            return None
    return _shaped(input, seen, (shape,))


@composite(tells=True)
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape: a view if possible, else a copy.

    Parameters
    ----------
    input : Tensor
    *shape : int or sequence of int
        The new sizes; one may be -1 and follows from the rest.

    Raises
    ------
    RuntimeError
        If the number of elements differs.

    Examples
    --------
    >>> import facula
    >>> facula.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    seen = seen_as(input, shape)
    if seen is not None:
        return seen
    target = infer_shape("reshape", canonical_shape("reshape", shape), input._data.size)
    data = input._data
    if data.size and view_strides(data.shape, data.strides, target) is None:
        input = clone(input)
    return view_as_shape(input, target)


@composite
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Some neighbouring dimensions as one.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 3, 4).flatten(1).shape
    facula.Size([2, 12])
    """
    first = canonical_dim("flatten", start_dim, input.ndim)
    last = canonical_dim("flatten", end_dim, input.ndim)
    if first > last:
        raise RuntimeError(f"flatten: start_dim={start_dim} comes after end_dim={end_dim}")
    if not input.ndim:
        return reshape(input, 1)
    if first == last:
        return input
    sizes = tuple(input.shape)
    merged = 1
    for n in sizes[first:last + 1]:
        merged *= n
    return reshape(input, (*sizes[:first], merged, *sizes[last + 1:]))


_ORDERS: dict[Any, tuple[int, ...]] = {}


def _order(dims: tuple[Any, ...], ndim: int) -> tuple[int, ...]:
    order = tuple([canonical_dim("permute", d, ndim)
                   for d in canonical_shape("permute", dims)]) if dims else ()
    if sorted(order) != list(range(ndim)):
        raise RuntimeError(f"permute: dims {dims} must name each of the {ndim} dimensions "
                           "exactly once")
    return order


@view
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 3, 4).permute(2, 0, 1).shape
    facula.Size([4, 2, 3])
    """
    data = input._data
    try:
        order = _ORDERS[dims, data.ndim]
    except (KeyError, TypeError):
        order = _order(dims, data.ndim)
        if not (dims and isinstance(dims[0], list)):
            _ORDERS[dims, data.ndim] = order
    return data.transpose(order), order  # type: ignore[return-value]


_permuted = permute.operation.extra["apply"]
_EXCHANGED: dict[Any, tuple[int, ...]] = {}
_REVERSED = [tuple(reversed(range(n))) for n in range(65)]  # NumPy has 64 dimensions at most


@composite(tells=True)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    data = input._data
    try:
        order = _EXCHANGED[dim0, dim1, data.ndim]
    except (KeyError, TypeError):
        a = canonical_dim("transpose", dim0, data.ndim)
        b = canonical_dim("transpose", dim1, data.ndim)
        places = list(range(data.ndim))
        if places:
            places[a], places[b] = b, a
        order = _EXCHANGED[dim0, dim1, data.ndim] = tuple(places)
    return _permuted(input, data.transpose(order), (order,))


@composite
def t(input: Tensor) -> Tensor:
    """A matrix transposed; vectors and scalars as they are."""
    if input.ndim > 2:
        raise RuntimeError(f"t: takes at most 2 dimensions, the input has {input.ndim}: "
                           "use transpose or mT")
    return transpose_all(input)


@composite(method=False, export=False, tells=True)
def transpose_all(input: Tensor) -> Tensor:
    """All dimensions in reverse order: the property ``T``."""
    data = input._data
    order = _REVERSED[data.ndim]
    return _permuted(input, data.transpose(order), (order,))


@composite(method=False, export=False)
def matrix_transpose(input: Tensor) -> Tensor:
    """The last two dimensions exchanged: the property ``mT``."""
    return transpose(input, -2, -1)


MOST_REMEMBERED = 4096
_EXPANDED: dict[Any, tuple[tuple[int, ...], tuple[int, ...]]] = {}


def _expanded(target: tuple[int, ...], shape: tuple[int, ...], strides: tuple[int, ...]
              ) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape and the strides of an expanded tensor."""
    lead = len(target) - len(shape)
    full, steps = [], []
    for i, n in enumerate(target):
        old, step = (shape[i - lead], strides[i - lead]) if i >= lead else (1, 0)
        if n == -1 and i >= lead:
            n = old
        if n < 0 or (old not in (1, n)):
            lead = -1
            break
        full.append(n)
        steps.append(step if n == old and i >= lead else 0)
    if lead < 0:
        raise RuntimeError(f"expand: shape {tuple(shape)} can't become {target}: only "
                           "dimensions of size 1 can grow, and new ones stand in front")
    return tuple(full), tuple(steps)


@view(export=False)
def expand(input: Tensor, *size: Any) -> Tensor:
    """Dimensions of size 1 repeated, and new ones in front, without copying; -1 keeps a size.

    Raises
    ------
    RuntimeError
        If a size other than 1 would change.
    """
    data = input._data
    try:
        shape, steps = _EXPANDED[size, data.shape, data.strides]
    except (KeyError, TypeError):
        shape, steps = _expanded(canonical_shape("expand", size), data.shape, data.strides)
        if not isinstance(size[0] if size else 0, list):
            if len(_EXPANDED) >= MOST_REMEMBERED:
                _EXPANDED.clear()
            _EXPANDED[size, data.shape, data.strides] = shape, steps
    return input._kind.backend.as_strided(data, shape, steps, 0), shape  # type: ignore


@composite(export=False)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """:func:`facula.Tensor.expand` to the other's shape."""
    return expand(input, other.shape)


@composite
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The same as :func:`facula.Tensor.expand`."""
    return expand(input, size)


_INSERTED: dict[Any, tuple[Any, ...]] = {}


@composite(tells=True)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1 at ``dim``.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(3).unsqueeze(-1).shape
    facula.Size([3, 1])
    """
    data = input._data
    try:
        index = _INSERTED[dim, data.ndim]
    except (KeyError, TypeError):
        at = canonical_dim("unsqueeze", dim, data.ndim + 1)
        index = _INSERTED[dim, data.ndim] = (*(slice(None),) * at, None)
    seen = data[index]
    return _shaped(input, seen, (seen.shape,))


@composite(tells=True)
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Dimensions of size 1 left out: all, or the named ones."""
    data = input._data
    sizes = data.shape
    named = range(len(sizes)) if dim is None else [
        canonical_dim("squeeze", d, len(sizes))
        for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    seen = data[(*[0 if n == 1 and i in named else slice(None) for i, n in enumerate(sizes)], ...)]
    return _shaped(input, seen, (seen.shape,))


@primitive(method=True, portable=lambda backend, input: backend.copy(input))
def clone(input: Tensor) -> Tensor:
    """A copy with memory of its own, connected to the input in the graph."""
    return (input,)  # type: ignore[return-value]


@composite(export=False, tells=True)
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in C order, else a copy in that order."""
    return input if input.is_contiguous() else clone(input)
