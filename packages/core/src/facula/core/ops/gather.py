"""Reading and writing at positions along one dimension: gather, scatter, and the index family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.dtypes import INTEGER
from facula.core.errors import canonical_dim, describe, not_a_tensor
from facula.core.fitting import fitting_number
from facula.core.operation import operation
from facula.core.ops import convert, creation, shape
from facula.core.ops import index as keys
from facula.core.tensor import Tensor

_put = operation(keys.advanced_index_put).extra["inplace"]


def _index(op: str, value: Any) -> Tensor:
    """The index argument as int64."""
    if not isinstance(value, Tensor):
        raise not_a_tensor(op, "index", value)
    if value._kind.dtype is dtypes.int64:
        return value
    if value._kind.dtype.category != INTEGER:
        raise RuntimeError(f"{op}: the index must hold integers, but is {value.dtype.name}: "
                           "convert it with .long()")
    return convert.cast(value, dtypes.int64)


def _check_along(op: str, input: Tensor, dim: int, idx: Tensor, src: Tensor | None) -> None:
    mine, given = input._data.shape or (1,), idx._data.shape or (1,)
    fits = len(mine) == len(given) and all(
        n <= m or d == dim for d, (n, m) in enumerate(zip(given, mine, strict=True)))
    if not fits and idx._data.size:
        raise RuntimeError(f"{op}: the index has shape {tuple(given)}, the input {tuple(mine)}: "
                           f"they need as many dimensions, and except in dim={dim} the index must "
                           "not be larger")
    if src is not None:
        theirs = src._data.shape or (1,)
        if len(theirs) != len(given) or any(
                n > m for n, m in zip(given, theirs, strict=True)):
            raise RuntimeError(f"{op}: the index has shape {tuple(given)}, src {tuple(theirs)}: "
                               "the index must not be larger in any dimension")
        if src._kind.dtype is not input._kind.dtype:
            raise RuntimeError(f"{op}: the dtypes differ: input is {input.dtype.name}, src is "
                               f"{src.dtype.name}: convert one of them")


@primitive(method=True)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Along a dimension, for each position of the index the element it names.

    ``out[i][j] = input[index[i][j]][j]`` for ``dim=0``, ``input[i][index[i][j]]`` for ``dim=1``.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        Integers, with as many dimensions as input, and not larger except in ``dim``.
    sparse_grad : bool
        Accepted for PyTorch's sake.

    Returns
    -------
    Tensor
        Of the index's shape.

    Raises
    ------
    RuntimeError, IndexError
        If the shapes do not fit, or a position does not exist (checked on the CPU only: on OpenCL
        that would mean to wait; there the position is kept within the dimension).

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[1, 2], [3, 4]])
    >>> facula.gather(x, 1, facula.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    idx = _index("gather", index)
    at = canonical_dim("gather", dim, input.ndim)
    _check_along("gather", input, at, idx, None)
    return input, at, idx  # type: ignore[return-value]


def _source(op: str, input: Tensor, dim: int, idx: Tensor, src: Any) -> Tensor:
    """What is scattered, cut to the index's shape."""
    if not isinstance(src, Tensor):
        number = creation.tensor(fitting_number(op, src, input._kind.dtype),
                                 dtype=input._kind.dtype, device=input._kind.device)
        src = shape.expand(number, tuple(idx._data.shape))
    _check_along(op, input, dim, idx, src)
    sizes = tuple(idx._data.shape)
    if tuple(src._data.shape) != sizes:
        src = src[tuple([slice(0, n) for n in sizes])]  # type: ignore[index]
    return src


@primitive(method=True, inplace=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor = None) -> Tensor:  # type: ignore
    """A copy of the input with values written at the positions that the index names.

    ``out[index[i][j]][j] = src[i][j]`` for ``dim=0``: the reverse of :func:`facula.gather`.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
        Integers; not larger than src, nor than input except in ``dim``. Where a position comes
        twice, which value stays is not defined.
    src : Tensor or number
        Also accepted as ``value``.

    Examples
    --------
    >>> import facula
    >>> facula.scatter(facula.zeros(2, 3), 1, facula.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    idx = _index("scatter", index)
    at = canonical_dim("scatter", dim, input.ndim)
    return input, at, idx, _source("scatter", input, at, idx, src)  # type: ignore[return-value]


@primitive(method=True, inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of the input with values added at the positions that the index names.

    Examples
    --------
    >>> import facula
    >>> facula.scatter_add(facula.zeros(3), 0, facula.tensor([0, 2, 0]), facula.ones(3))
    tensor([2., 0., 1.])
    """
    idx = _index("scatter_add", index)
    at = canonical_dim("scatter_add", dim, input.ndim)
    return input, at, idx, _source("scatter_add", input, at, idx, src)  # type: ignore


def _with_value(name: str) -> Any:
    """Give ``scatter`` PyTorch's ``value`` and ``reduce`` arguments."""
    op = operation(name)
    plain, plain_inplace = op.public, op.extra["inplace"]
    assert plain is not None

    def chosen(args: Any, value: Any, reduce: Any, run: Any, into: bool) -> Tensor:
        input, dim, idx, *rest = args
        src = rest[0] if rest else value
        if src is None:
            raise TypeError("scatter: src is missing: give a tensor or a number")
        if reduce is None:
            return run(input, dim, idx, src)
        if reduce not in ("add", "multiply"):
            raise RuntimeError(f"scatter: reduce={reduce!r} is unknown: use 'add' or 'multiply'")
        at = canonical_dim(name, dim, input.ndim)
        source = _source(name, input, at, _index(name, idx), src)
        y = scatter_reduce(input, dim, idx, source, "sum" if reduce == "add" else "prod")
        return input.copy_(y) if into else y

    def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
                reduce: str | None = None) -> Tensor:
        given = (input, dim, index) if src is None else (input, dim, index, src)
        return chosen(given, value, reduce, plain, False)

    def scatter_(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
                 reduce: str | None = None) -> Tensor:
        given = (input, dim, index) if src is None else (input, dim, index, src)
        return chosen(given, value, reduce, plain_inplace, True)

    scatter.__doc__, scatter_.__doc__ = plain.__doc__, plain_inplace.__doc__
    scatter.operation = op  # type: ignore[attr-defined]
    op.public, op.extra["inplace"] = scatter, scatter_
    return scatter


scatter = _with_value("scatter")
_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@primitive(export=False, dtypes=tuple(d for d in dtypes.ALL if not d.is_complex))
def scatter_fold(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> Tensor:
    """The work of :func:`facula.scatter_reduce` for products and extremes."""
    return input, dim, index, src, reduce  # type: ignore[return-value]


@composite(inplace=True)
def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *,
                   include_self: bool = True) -> Tensor:
    """A copy of the input with values combined at the positions that the index names.

    Parameters
    ----------
    input : Tensor
    dim : int
    index : Tensor
    src : Tensor
    reduce : str
        ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
    include_self : bool
        Whether the input's own element takes part where something is scattered.

    Examples
    --------
    >>> import facula
    >>> facula.scatter_reduce(facula.zeros(2), 0, facula.tensor([0, 0, 1]),
    ...                       facula.tensor([1.0, 3.0, 2.0]), "mean", include_self=False)
    tensor([2., 2.])
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"scatter_reduce: reduce={reduce!r} is unknown: use one of "
                           f"{', '.join(_REDUCTIONS)}")
    at = canonical_dim("scatter_reduce", dim, input.ndim)
    idx = _index("scatter_reduce", index)
    source = _source("scatter_reduce", input, at, idx, src)
    if not include_self:
        input = scatter(input, at, idx, _neutral(reduce, input._kind.dtype))
    if reduce == "sum":
        return scatter_add(input, at, idx, source)
    if reduce != "mean":
        return scatter_fold(input, at, idx, source, reduce)
    # Counted and, for integers, summed in int64: the dtype may be too narrow for either.
    d = input.dtype
    ones = shape.expand(creation.ones((), dtype=dtypes.int64, device=input.device), source.shape)
    start = creation.ones_like(input, dtype=dtypes.int64)
    count = scatter_add(start if include_self else scatter(start, at, idx, 0), at, idx, ones)
    whole = input._kind.dtype.category == INTEGER
    if whole and d is not dtypes.uint64:
        input, source = (convert.to(t, dtype=dtypes.int64) for t in (input, source))
    total = scatter_add(input, at, idx, source)
    if whole:
        return convert.to(total // convert.to(count, dtype=total.dtype), dtype=d)
    return total / count  # type: ignore[operator]


def _neutral(reduce: str, d: dtypes.dtype) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if d.category >= dtypes.FLOAT:
        return float("-inf") if reduce == "amax" else float("inf")
    info = np.iinfo(d.numpy)
    return info.min if reduce == "amax" else info.max


# Whole slices at positions of one dimension


def _one_dim(op: str, input: Tensor, dim: Any, idx: Any) -> tuple[int, Tensor]:
    found = _index(op, idx)
    if found.ndim > 1:
        raise IndexError(f"{op}: the index must be 1-D, but has shape {tuple(found.shape)}")
    return canonical_dim(op, dim, input.ndim), (
        found if found.ndim else shape.view_as_shape(found, (1,)))


@primitive(method=True)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of a dimension at the positions that a 1-D index names.

    Examples
    --------
    >>> import facula
    >>> facula.index_select(facula.tensor([[1, 2], [3, 4]]), 1, facula.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    return input, *_one_dim("index_select", input, dim, index)  # type: ignore[return-value]


@primitive(method=True, inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *,
              alpha: Any = 1) -> Tensor:
    """A copy of the input with slices, times ``alpha``, added at positions of a dimension.

    Examples
    --------
    >>> import facula
    >>> facula.index_add(facula.zeros(2, 2), 0, facula.tensor([1, 1]), facula.ones(2, 2))
    tensor([[0., 0.],
            [2., 2.]])
    """
    at, idx = _one_dim("index_add", input, dim, index)
    _check_slices("index_add", input, at, idx, source)
    if alpha != 1:
        source = source * alpha  # type: ignore[operator]
    return input, at, idx, source  # type: ignore[return-value]


def _check_slices(op: str, input: Tensor, dim: int, idx: Tensor, source: Any) -> None:
    if not isinstance(source, Tensor):
        raise not_a_tensor(op, "source", source)
    sizes = tuple(input._data.shape)
    wanted = (*sizes[:dim], idx._data.size, *sizes[dim + 1:]) if sizes else source._data.shape
    if tuple(source._data.shape) != tuple(wanted):
        raise RuntimeError(f"{op}: source has shape {tuple(source.shape)}, but {idx.numel()} "
                           f"slices of dim={dim} of an input of shape {sizes} have shape "
                           f"{tuple(wanted)}")
    if source._kind.dtype is not input._kind.dtype:
        raise RuntimeError(f"{op}: the dtypes differ: input is {input.dtype.name}, source is "
                           f"{source.dtype.name}: convert one of them")


def _entries(view: Tensor, dim: int, idx: Tensor) -> Any:
    """The key that indexes one dimension, resolved for the view's device."""
    return keys.split_key(view, (slice(None),) * dim + (idx,))[1]


def _slices_put(op: str, input: Tensor, dim: Any, idx: Any, value: Any, into: bool) -> Tensor:
    at, found = _one_dim(op, input, dim, idx)
    line = shape.view_as_shape(input, (1,)) if not input.ndim else input
    sizes = tuple(line._data.shape)
    target = (*sizes[:at], found._data.size, *sizes[at + 1:])
    if op.startswith("index_copy"):
        _check_slices(op, input, at, found, value)
        source = value if value.ndim else shape.view_as_shape(value, (1,))
    else:
        if isinstance(value, Tensor):
            if value.ndim:
                raise RuntimeError(f"{op}: the value must be a number or 0-d, but has shape "
                                   f"{tuple(value.shape)}")
            value = convert.to(value, dtype=input.dtype, device=input.device)
        else:
            value = creation.tensor(fitting_number(op, value, input._kind.dtype),
                                    dtype=input.dtype, device=input.device)
        source = shape.expand(value, target)
    if into:
        _put(line, _entries(line, at, found), source, False)
        return input
    y = keys.advanced_index_put(line, _entries(line, at, found), source, False)
    return y if input.ndim else shape.view_as_shape(y, ())


@composite
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of the input with slices replaced at positions of a dimension.

    Examples
    --------
    >>> import facula
    >>> facula.index_copy(facula.zeros(3), 0, facula.tensor([2]), facula.ones(1))
    tensor([0., 0., 1.])
    """
    return _slices_put("index_copy", input, dim, index, source, False)


@composite(export=False)
def index_copy_(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """In-place version of :func:`facula.index_copy`."""
    return _slices_put("index_copy_", input, dim, index, source, True)


@composite
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of the input with one value in the slices at positions of a dimension.

    Examples
    --------
    >>> import facula
    >>> facula.index_fill(facula.zeros(3), 0, facula.tensor([0, 2]), 5)
    tensor([5., 0., 5.])
    """
    return _slices_put("index_fill", input, dim, index, value, False)


@composite(export=False)
def index_fill_(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """In-place version of :func:`facula.index_fill`."""
    return _slices_put("index_fill_", input, dim, index, value, True)


@composite(inplace=True)
def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *,
                 include_self: bool = True) -> Tensor:
    """Slices combined with the input's at positions of a dimension, as :func:`scatter_reduce`."""
    at, idx = _one_dim("index_reduce", input, dim, index)
    _check_slices("index_reduce", input, at, idx, source)
    wide = shape.reshape(idx, (1,) * at + (idx.numel(),) + (1,) * (input.ndim - at - 1))
    return scatter_reduce(input, at, shape.expand(wide, tuple(source._data.shape)), source, reduce,
                          include_self=include_self)


# Positions in the flattened tensor


@composite
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions of the flattened input, in the index's shape.

    Examples
    --------
    >>> import facula
    >>> facula.take(facula.tensor([[1, 2], [3, 4]]), facula.tensor([3, 0]))
    tensor([4, 1])
    """
    idx = _index("take", index)
    flat = shape.reshape(input, input.numel())
    return _read(flat, (idx,)) if idx.ndim else shape.reshape(
        _read(flat, (shape.reshape(idx, 1),)), ())


_read = keys.getitem


@composite
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """:func:`facula.gather` with broadcasting; without a dimension, of the flattened tensors.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[3, 1], [2, 4]])
    >>> facula.take_along_dim(x, facula.argmax(x, 1, True), 1)
    tensor([[3],
            [4]])
    """
    idx = _index("take_along_dim", indices)
    if dim is None:
        return gather(shape.reshape(input, -1), 0, shape.reshape(idx, -1))
    if input.ndim != idx.ndim:
        raise RuntimeError(f"take_along_dim: input and indices need as many dimensions, but have "
                           f"{input.ndim} and {idx.ndim}")
    at = canonical_dim("take_along_dim", dim, input.ndim)
    mine, given = list(input._data.shape), list(idx._data.shape)
    here = mine[at], given[at]
    mine[at] = given[at] = 1
    common = list(np.broadcast_shapes(tuple(mine), tuple(given)))
    wide = [shape.expand(t, [*common[:at], n, *common[at + 1:]])
            for t, n in zip((input, idx), here, strict=True)]
    return gather(wide[0], at, wide[1])


@composite
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of the input with values at positions of its flattened self replaced or added to.

    Examples
    --------
    >>> import facula
    >>> facula.put(facula.zeros(2, 2), facula.tensor([3]), facula.tensor([1.0]))
    tensor([[0., 0.],
            [0., 1.]])
    """
    return put_(shape.clone(input), index, source, accumulate)


@composite(export=False)
def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """In-place version of :func:`facula.put`."""
    idx = shape.reshape(_index("put", index), -1)
    values = shape.reshape(source, -1)
    if idx.numel() != values.numel() or values._kind.dtype is not input._kind.dtype:
        raise RuntimeError(f"put: index and source need as many elements, and source the input's "
                           f"dtype: {describe(index)}, {describe(source)}")
    flat = shape.reshape(input, -1)
    _put(flat, _entries(flat, 0, idx), values, accumulate)
    if not input._kind.backend.same_memory(flat._data, input._data):
        input.copy_(shape.reshape(flat, tuple(input._data.shape)))  # type: ignore[attr-defined]
    return input


@composite
def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor,
              accumulate: bool = False) -> Tensor:
    """A copy of the input with ``input[indices] = values`` done, or ``+=``.

    Examples
    --------
    >>> import facula
    >>> facula.index_put(facula.zeros(3), (facula.tensor([1, 1]),), facula.ones(2),
    ...                  accumulate=True)
    tensor([0., 2., 0.])
    """
    return index_put_(shape.clone(input), indices, values, accumulate)


@composite(export=False)
def index_put_(input: Tensor, indices: Sequence[Tensor], values: Tensor,
               accumulate: bool = False) -> Tensor:
    """In-place version of :func:`facula.index_put`."""
    key = tuple([slice(None) if i is None else i for i in indices])
    view, entries = keys.split_key(input, key)
    if entries is None:
        raise RuntimeError("index_put: indices must hold a tensor")
    target = keys.index_shape(tuple(view._data.shape), entries)
    if values._kind.dtype is not input._kind.dtype:
        raise RuntimeError(f"index_put: the dtypes differ: input is {input.dtype.name}, values "
                           f"are {values.dtype.name}: convert one of them")
    _put(view, entries, shape.expand(values, target), accumulate)
    return input
