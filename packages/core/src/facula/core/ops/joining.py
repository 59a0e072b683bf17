"""Several tensors as one: ``cat``, ``stack`` and their families, and repetitions of one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.base import Backend
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, canonical_shape, not_a_tensor
from facula.core.ops import convert, creation, index, shape, views
from facula.core.promotion import DIMENSIONED, ZERO_DIM, result_dtype
from facula.core.tensor import Tensor


def _common(op: str, tensors: Any) -> tuple[Tensor, ...]:
    """The tensors of a sequence, all in their common dtype.

    Raises
    ------
    TypeError, ValueError
        If it is not a sequence of at least one tensor.
    """
    if isinstance(tensors, Tensor):
        raise TypeError(f"{op}: needs a tuple or list of tensors, but got one tensor")
    given = tuple(tensors)
    if not given:
        raise ValueError(f"{op}: needs at least one tensor, but the sequence is empty")
    for i, t in enumerate(given):
        if not isinstance(t, Tensor):
            raise not_a_tensor(op, f"tensors[{i}]", t)
    d = given[0]._kind.dtype
    for t in given:
        if t._kind.dtype is not d:
            d = result_dtype([(t._kind.dtype, DIMENSIONED if t._data.shape else ZERO_DIM)
                              for t in given], op)
            return tuple([convert.to(t, dtype=d) for t in given])
    return given


def _cat(backend: Backend, tensors: tuple[Any, ...], dim: int) -> Any:
    first = tensors[0].shape
    out = backend.empty((*first[:dim], sum(t.shape[dim] for t in tensors), *first[dim + 1:]),
                        dtypes.as_dtype(tensors[0].dtype))
    before = (slice(None),) * dim
    at = 0
    for t in tensors:
        end = at + t.shape[dim]
        if end > at:
            backend.assign(out[(*before, slice(at, end))], t)
        at = end
    return out


@primitive(portable=_cat)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after the other along a dimension.

    Parameters
    ----------
    tensors : sequence of Tensor
        Of equal shape except in ``dim``; their dtypes are promoted. 1-D tensors without elements
        fit any others and count for nothing.
    dim : int
        Where they follow each other.

    Returns
    -------
    Tensor

    Raises
    ------
    RuntimeError
        If the shapes do not fit, or a tensor is 0-d.

    Examples
    --------
    >>> import facula
    >>> facula.cat([facula.zeros(2, 1), facula.ones(2, 2)], dim=1)
    tensor([[0., 1., 1.],
            [0., 1., 1.]])
    """
    given = _common("cat", tensors)
    used = tuple([t for t in given if t._data.shape != (0,)]) or given[:1]
    first = used[0]._data.shape
    at = canonical_dim("cat", dim, len(first))
    for i, t in enumerate(given):
        sizes = t._data.shape
        if sizes == first and sizes:
            continue
        if not sizes:
            raise RuntimeError(f"cat: tensors[{i}] is 0-d: use stack(), or reshape it to (1,)")
        if sizes != (0,) and (len(sizes) != len(first) or any(
                a != b for d, (a, b) in enumerate(zip(sizes, first, strict=True)) if d != at)):
            raise RuntimeError(f"cat: tensors[{i}] has shape {tuple(sizes)}, which does not fit "
                               f"{tuple(first)}: all sizes except in dim={at} must be equal")
    return used, at  # type: ignore[return-value]


@composite(method=False)
def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The same as :func:`facula.cat`."""
    return cat(tensors, dim)


@composite(method=False)
def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The same as :func:`facula.cat`."""
    return cat(tensors, dim)


def _stack(backend: Backend, tensors: tuple[Any, ...], dim: int) -> Any:
    first = tensors[0].shape
    out = backend.empty((*first[:dim], len(tensors), *first[dim:]),
                        dtypes.as_dtype(tensors[0].dtype))
    before = (slice(None),) * dim
    for i, t in enumerate(tensors):
        backend.assign(out[(*before, i)], t)
    return out


@primitive(portable=_stack)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new dimension.

    Parameters
    ----------
    tensors : sequence of Tensor
        Of equal shape; their dtypes are promoted.
    dim : int
        Where the new dimension stands.

    Raises
    ------
    RuntimeError
        If the shapes differ.

    Examples
    --------
    >>> import facula
    >>> facula.stack([facula.zeros(2), facula.ones(2)], dim=1)
    tensor([[0., 1.],
            [0., 1.]])
    """
    given = _common("stack", tensors)
    first = given[0]._data.shape
    for i, t in enumerate(given):
        if t._data.shape != first:
            raise RuntimeError(f"stack: tensors[{i}] has shape {tuple(t.shape)}, but tensors[0] "
                               f"has shape {tuple(first)}: all shapes must be equal")
    return given, canonical_dim("stack", dim, len(first) + 1)  # type: ignore[return-value]


def _at_least(op: str, tensors: Any, ndim: int) -> list[Tensor]:
    make = (views.atleast_1d, views.atleast_2d, views.atleast_3d)[ndim - 1]
    return [make(t) for t in _common(op, tensors)]


@composite(method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors side by side: along dimension 1, or 0 where they are 1-D.

    Examples
    --------
    >>> import facula
    >>> facula.hstack([facula.tensor([1]), facula.tensor([2, 3])])
    tensor([1, 2, 3])
    """
    given = _at_least("hstack", tensors, 1)
    return cat(given, 0 if given[0].ndim == 1 else 1)


@composite(method=False)
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors as rows below each other.

    Examples
    --------
    >>> import facula
    >>> facula.vstack([facula.tensor([1, 2]), facula.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat(_at_least("vstack", tensors, 2), 0)


@composite(method=False)
def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """The same as :func:`facula.vstack`."""
    return vstack(tensors)


@composite(method=False)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors behind each other: along dimension 2."""
    return cat(_at_least("dstack", tensors, 3), 2)


@composite(method=False)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """1-D tensors as columns beside each other, matrices as they are."""
    columns = [shape.reshape(t, t.numel(), 1) if t.ndim <= 1 else t
               for t in _common("column_stack", tensors)]
    return hstack(columns)


@composite(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, zeros elsewhere.

    Examples
    --------
    >>> import facula
    >>> facula.block_diag(facula.tensor([1]), facula.tensor([[2], [3]]))
    tensor([[1, 0],
            [0, 2],
            [0, 3]])
    """
    if not tensors:
        return creation.zeros(1, 0)
    blocks = [views.atleast_2d(t) for t in _common("block_diag", tensors)]
    for t in blocks:
        if t.ndim > 2:
            raise RuntimeError(f"block_diag: takes tensors of at most 2 dimensions, but got shape "
                               f"{tuple(t.shape)}")
    total = sum(t.shape[1] for t in blocks)
    rows, at = [], 0
    for t in blocks:
        n, m = t.shape
        left = creation.new_zeros(t, n, at)
        right = creation.new_zeros(t, n, total - at - m)
        rows.append(cat([left, t, right], 1))
        at += m
    return cat(rows, 0)


@composite(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Grids of coordinates from one 1-D tensor per dimension.

    Parameters
    ----------
    *tensors : Tensor or sequence of Tensor
        0-d or 1-D, of one dtype.
    indexing : str, optional
        ``"ij"`` (also where not given) for matrix order, ``"xy"`` to exchange the first two.

    Examples
    --------
    >>> import facula
    >>> x, y = facula.meshgrid(facula.arange(2), facula.arange(3), indexing="ij")
    >>> y
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    if len(tensors) == 1 and not isinstance(tensors[0], Tensor):
        tensors = tuple(tensors[0])
    if not tensors:
        raise ValueError("meshgrid: needs at least one tensor")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing={indexing!r} is unknown: use 'ij' or 'xy'")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise not_a_tensor("meshgrid", f"tensors[{i}]", t)
        if t.ndim > 1 or t.dtype is not tensors[0].dtype:
            raise RuntimeError(f"meshgrid: tensors[{i}] has shape {tuple(t.shape)} and dtype "
                               f"{t.dtype.name}: all must be 0-d or 1-D and of one dtype")
    swapped = indexing == "xy" and len(tensors) > 1
    axes = [tensors[1], tensors[0], *tensors[2:]] if swapped else list(tensors)
    sizes = tuple([t.numel() for t in axes])
    grids = [shape.expand(shape.reshape(t, (1,) * i + (-1 if t.numel() else 0,)
                                        + (1,) * (len(axes) - i - 1)), sizes)
             for i, t in enumerate(axes)]
    if swapped:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@composite(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every combination of one element from each 1-D tensor, as rows.

    Examples
    --------
    >>> import facula
    >>> facula.cartesian_prod(facula.tensor([1, 2]), facula.tensor([4, 5]))
    tensor([[1, 4],
            [1, 5],
            [2, 4],
            [2, 5]])
    """
    if len(tensors) == 1:
        return tensors[0]
    return stack([shape.reshape(g, g.numel()) for g in meshgrid(*tensors, indexing="ij")], 1)


@composite(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of ``r`` elements of a 1-D tensor, in order, as rows.

    Examples
    --------
    >>> import facula
    >>> facula.combinations(facula.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input.ndim != 1:
        raise RuntimeError(f"combinations: takes a 1-D tensor, but got shape {tuple(input.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: r={r} is negative")
    if not r:
        return creation.new_empty(input, 0)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input.numel()), r)), np.int64).reshape(-1, r)
    return index.getitem(input, rows)


@composite(export=False)
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor repeated along each dimension; more numbers than dimensions add new ones in front.

    Examples
    --------
    >>> import facula
    >>> facula.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = canonical_shape("repeat", repeats)
    if len(times) < input.ndim or min(times, default=0) < 0:
        raise RuntimeError(f"repeat: repeats {times} must hold a non-negative number for each of "
                           f"the {input.ndim} dimensions")
    sizes = (1,) * (len(times) - input.ndim) + tuple(input._data.shape)
    if all(n == 1 for n in times):
        return shape.clone(shape.view_as_shape(input, sizes))
    apart: list[int] = []
    wide: list[int] = []
    for n, size in zip(times, sizes, strict=True):
        apart += (1, size)
        wide += (n, size)
    grid = shape.expand(shape.reshape(input, apart), wide)
    return shape.reshape(shape.clone(grid), [n * s for n, s in zip(times, sizes, strict=True)])


@composite
def tile(input: Tensor, *dims: Any) -> Tensor:
    """The tensor repeated along its last dimensions: ``repeat`` with ones filled in in front.

    Examples
    --------
    >>> import facula
    >>> facula.tile(facula.tensor([[1], [2]]), (2,))
    tensor([[1, 1],
            [2, 2]])
    """
    times = canonical_shape("tile", dims)
    return repeat(input, (1,) * (input.ndim - len(times)) + times)


@composite
def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *,
                      output_size: int | None = None) -> Tensor:
    """Each element (or slice along ``dim``) repeated in place.

    Parameters
    ----------
    input : Tensor
        Flattened where ``dim`` is not given. As the only argument, it holds the repeats, and the
        positions are returned.
    repeats : int or Tensor, optional
        How often; a tensor has one number for each.
    dim : int, optional
    output_size : int, optional
        Accepted for PyTorch's sake.

    Examples
    --------
    >>> import facula
    >>> facula.repeat_interleave(facula.tensor([1, 2]), facula.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    if repeats is None:
        counts = input.numpy(force=True)
        positions = np.repeat(np.arange(counts.size), counts)
        return creation.tensor(positions, device=input.device)
    if dim is None:
        input, dim = shape.flatten(input), 0
    at = canonical_dim("repeat_interleave", dim, input.ndim)
    if not input.ndim:
        input = shape.reshape(input, 1)
    sizes = tuple(input._data.shape)
    if isinstance(repeats, Tensor) and repeats.numel() == 1:
        repeats = repeats.__index__()
    if not isinstance(repeats, Tensor):
        if repeats < 0:
            raise RuntimeError(f"repeat_interleave: repeats={repeats} is negative")
        wide = shape.expand(shape.unsqueeze(input, at + 1),
                            (*sizes[:at + 1], repeats, *sizes[at + 1:]))
        return shape.reshape(shape.clone(wide),
                             (*sizes[:at], sizes[at] * repeats, *sizes[at + 1:]))
    counts = repeats.numpy(force=True)
    if counts.shape != (sizes[at],) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise RuntimeError(f"repeat_interleave: repeats of shape {counts.shape} must hold a "
                           f"non-negative integer for each of the {sizes[at]} slices of dim={at}")
    positions = np.repeat(np.arange(sizes[at]), counts)
    return index.getitem(input, (slice(None),) * at + (positions,))
