"""Copies with a part replaced: what a view would let one write, without writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import canonical_dim, describe, not_a_tensor
from facula.core.ops import convert, creation, cumulative, index, masked, reduce, shape, views
from facula.core.tensor import Tensor


def _with(op: str, input: Tensor, src: Tensor, part: Any) -> Tensor:
    """A copy of the input whose part, a view of it, holds src."""
    if not isinstance(src, Tensor):
        raise not_a_tensor(op, "src", src)
    out = shape.clone(input)
    view = part(out)
    if tuple(view.shape) != tuple(src.shape):
        raise RuntimeError(f"{op}: src has shape {tuple(src.shape)}, but the part of the input "
                           f"has shape {tuple(view.shape)}")
    view.copy_(src)
    return out


@composite
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of the input with ``src`` as the slice that ``select(dim, index)`` shows.

    Examples
    --------
    >>> import facula
    >>> facula.select_scatter(facula.zeros(2, 2), facula.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _with("select_scatter", input, src, lambda out: views.select(out, dim, index))


@composite
def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None,
                  end: int | None = None, step: int = 1) -> Tensor:
    """A copy of the input with ``src`` in the positions ``start:end:step`` of a dimension.

    Examples
    --------
    >>> import facula
    >>> facula.slice_scatter(facula.zeros(4), facula.ones(2), start=1, step=2)
    tensor([0., 1., 0., 1.])
    """
    at = canonical_dim("slice_scatter", dim, input.ndim)
    key = (*(slice(None),) * at, slice(start, end, step))
    return _with("slice_scatter", input, src, lambda out: index.getitem(out, key))


@composite
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0,
                     dim2: int = 1) -> Tensor:
    """A copy of the input with ``src`` on a diagonal.

    Examples
    --------
    >>> import facula
    >>> facula.diagonal_scatter(facula.zeros(2, 2), facula.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    return _with("diagonal_scatter", input, src,
                 lambda out: views.diagonal(out, offset, dim1, dim2))


@composite
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int],
                       storage_offset: int | None = None) -> Tensor:
    """A copy of the input with ``src`` where :func:`facula.as_strided` of the copy shows.

    Examples
    --------
    >>> import facula
    >>> facula.as_strided_scatter(facula.zeros(4), facula.ones(2), (2,), (2,), 1)
    tensor([0., 1., 0., 1.])
    """
    if not isinstance(src, Tensor):
        raise not_a_tensor("as_strided_scatter", "src", src)
    places = creation.arange(input.numel(), device=input.device)
    part = views.as_strided(places, size, stride, storage_offset)
    if tuple(part.shape) != tuple(src.shape):
        raise RuntimeError(f"as_strided_scatter: src has shape {tuple(src.shape)}, but the part "
                           f"of the input has shape {tuple(part.shape)}")
    flat = index.advanced_index_put(shape.reshape(input, -1), (shape.reshape(part, -1),),
                                    convert.to(shape.reshape(src, -1), dtype=input.dtype), False)
    return shape.reshape(flat, tuple(input.shape))


@composite(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of the input with the elements of ``source``, in order, where the mask is true.

    Parameters
    ----------
    input : Tensor
    mask : Tensor
        Of dtype bool; it broadcasts with the input.
    source : Tensor
        Of the input's dtype, with at least as many elements as the mask has true ones.

    Raises
    ------
    RuntimeError
        If the dtypes are wrong, or the source has too few elements.

    Examples
    --------
    >>> import facula
    >>> mask = facula.tensor([True, False, True])
    >>> facula.masked_scatter(facula.zeros(3), mask, facula.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    if mask._kind.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_scatter: the mask must be bool, but is {mask.dtype.name}: "
                           "convert it with .bool()")
    if source._kind.dtype is not input._kind.dtype:
        raise RuntimeError(f"masked_scatter: the dtypes differ: input is {input.dtype.name}, "
                           f"source is {source.dtype.name}: convert one of them")
    size = tuple(views.broadcast_shapes(input.shape, mask.shape))
    spread, chosen = shape.expand(input, size), shape.expand(mask, size)
    if not spread.numel():
        return shape.clone(spread)
    number = reduce.sum(chosen).item()
    if number > source.numel():
        raise RuntimeError(f"masked_scatter: the mask is true {number} times, but the source has "
                           f"only {source.numel()} elements: {describe(source)}")
    if not number:
        return shape.clone(spread)
    order: Any = cumulative.cumsum(shape.reshape(convert.to(chosen, dtype=dtypes.int64), -1), 0) - 1
    flat: Any = shape.reshape(source, -1)
    values = flat[order.clamp(0, source.numel() - 1)]
    return masked.where(chosen, shape.reshape(values, size), spread)
