"""``x[key]`` and ``x[key] = value``: basic keys are views, all others one gather or scatter.

A key is read in two steps, as in PyTorch: its ints, slices, ``None`` and ``...`` make a view; bool
and integer tensors then index that view. So ints never count as index tensors, and the dimensions
of the index stand where the first index tensor stood if those are neighbours, else in front.
"""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import primitive, view
from facula.core.devices import CPU, kind_of
from facula.core.dtypes import FLOAT
from facula.core.errors import describe
from facula.core.fitting import fitting_number
from facula.core.operation import operation
from facula.core.ops import convert, creation, shape
from facula.core.ops.masked import masked_fill, nonzero
from facula.core.tensor import Tensor, alias, tensor_from_numpy

_ALL = slice(None)
_PLAIN = (int, slice, type(None), EllipsisType)


@view(method=False, export=False)
def basic_index(input: Tensor, index: tuple[Any, ...]) -> Tensor:
    """The view ``input[index]`` of ints, slices with positive steps, None and one Ellipsis."""
    return input._data[index], index  # type: ignore[return-value]


_BASIC = operation(basic_index)


def _embed(backend: Any, grad: Any, size: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    out = backend.full(size, 0, dtypes.as_dtype(grad.dtype))
    backend.assign(out[index], grad)
    return out


@primitive(export=False, portable=_embed)
def basic_index_put_zeros(grad: Tensor, size: tuple[int, ...], index: tuple[Any, ...]) -> Tensor:
    """Zeros of a shape with ``grad`` at a basic index: the derivative of :func:`basic_index`."""
    return grad, tuple(size), index  # type: ignore[return-value]


# Integer and bool indices


def index_shape(size: tuple[int, ...], indices: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of ``advanced_index(input, indices)`` for an input of this shape."""
    at = [i for i, x in enumerate(indices) if x is not None]
    common = tuple(indices[at[0]].shape)
    rest = [n for n, x in zip(size, indices, strict=True) if x is None]
    first = at[0] if at[-1] - at[0] == len(at) - 1 else 0
    return (*rest[:first], *common, *rest[first:])


@primitive(export=False)
def advanced_index(input: Tensor, indices: tuple[Tensor, ...]) -> Tensor:
    """The elements at integer positions.

    Parameters
    ----------
    input : Tensor
    indices : tuple of Tensor or None
        One entry for each dimension of input: an int64 tensor, all of one shape, or None for a
        whole dimension. On the CPU the kernel wraps negative numbers and checks the range.
    """
    return input, indices  # type: ignore[return-value]


@primitive(export=False, inplace=True)
def advanced_index_put(input: Tensor, indices: tuple[Tensor, ...], values: Tensor,
                       accumulate: bool = False) -> Tensor:
    """The input with the elements at integer positions replaced, or with ``values`` added there.

    ``values`` has the shape that ``advanced_index(input, indices)`` would have. Where a position
    comes twice, ``accumulate`` adds both; without it, which one stays is not defined.
    """
    return input, indices, values, accumulate  # type: ignore[return-value]


def _mask_or_index(value: Tensor, home: Any) -> Tensor:
    """An index tensor: bool, or int64; uint8 counts as bool, as in PyTorch.

    Raises
    ------
    IndexError
        For floating and complex tensors.
    """
    d = value._kind.dtype
    if d.category >= FLOAT:
        raise IndexError(f"index: a tensor used as an index must hold ints or bools, but this one "
                         f"is {d.name}: convert it with .long() or .bool()")
    if value._kind.device is not home.device:
        if value._kind.device is not CPU:
            raise RuntimeError(f"index: the index is on {value.device}, the tensor on "
                               f"{home.device}: move the index with .to({str(home.device)!r})")
    if d is dtypes.uint8:
        return convert.cast(value, dtypes.bool_)
    return value if d is dtypes.int64 or d is dtypes.bool_ else convert.cast(value, dtypes.int64)


def _as_key(item: Any) -> Any:
    """One entry of a key as an int, slice, None, Ellipsis or Tensor.

    Raises
    ------
    IndexError
        If it is none of these.
    """
    if type(item) in _PLAIN:
        return item
    if isinstance(item, Tensor):
        whole = not item._data.shape and item._kind.dtype.category == dtypes.INTEGER
        return int(item) if whole and item._kind.dtype is not dtypes.uint8 else item
    if isinstance(item, (bool, np.bool_)):
        return tensor_from_numpy(np.array(bool(item)))
    if hasattr(item, "__index__") and not isinstance(item, np.ndarray):
        return item.__index__()
    if isinstance(item, (list, tuple, range)):
        made = creation.tensor(list(item) if isinstance(item, range) else item)
        return made if made._data.size else convert.to(made, dtype=dtypes.int64)
    if isinstance(item, np.ndarray) and item.dtype.kind in "biu":
        return int(item) if not item.ndim and item.dtype.kind != "b" else creation.tensor(item)
    raise IndexError(f"index: {describe(item)} of type {type(item).__name__} is not an index: use "
                     "ints, slices, None, ..., and tensors, arrays or lists of ints or bools")


def _check_slice(item: slice) -> slice:
    start, stop, step = item.start, item.stop, item.step
    if step is not None and step.__index__() <= 0:
        raise ValueError(f"index: slice step {step} is not positive: use flip() to turn a "
                         "dimension around")
    return slice(*[None if v is None else v.__index__() for v in (start, stop, step)])


def _view(input: Tensor, index: tuple[Any, ...]) -> Tensor:
    """The front of :func:`basic_index`, written out: it is the hottest of all views."""
    try:
        data = input._data[index]
    except (IndexError, ValueError, TypeError) as error:
        raise _explained(input, index, error) from None
    out = alias(input, data, _BASIC, (index,))
    if input._autograd is not None and _BASIC.record is not None:
        _BASIC.record(out, input, index)
    return out


def _explained(input: Tensor, index: tuple[Any, ...], error: Exception) -> Exception:
    """The error for a basic index that does not fit."""
    sizes = tuple(input._data.shape)
    given = len([k for k in index if k is not None and k is not Ellipsis])
    if given > len(sizes):
        return IndexError(f"index: too many indices: {given} for a tensor of {len(sizes)} "
                          f"dimensions, shape {sizes}")
    if len([k for k in index if k is Ellipsis]) > 1:
        return IndexError("index: '...' stands more than once in the key: leave one")
    if not isinstance(error, IndexError):
        return type(error)(f"index: {error}")
    dim = 0
    for k in index:
        if k is Ellipsis:
            dim += len(sizes) - given
        elif k is not None:
            if not isinstance(k, slice) and not -sizes[dim] <= k < sizes[dim]:
                return out_of_range(k, dim, sizes[dim])
            dim += 1
    return error


def out_of_range(index: int, dim: int, size: int) -> IndexError:
    """The error for a position that does not exist."""
    return IndexError(f"index: {index} is out of range: dimension {dim} has size {size}, so the "
                      f"index must be between {-size} and {size - 1}")


def _basic(key: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The key with exactly one Ellipsis if it is basic already, else None."""
    dots = False
    for k in key:
        t = type(k)
        if t is int or k is None:
            continue
        if t is slice and (k.step is None or (type(k.step) is int and k.step > 0)):
            continue
        if k is not Ellipsis or dots:
            return None
        dots = True
    return key if dots else (*key, ...)


def getitem(input: Tensor, key: Any) -> Tensor:
    """``input[key]``."""
    t = type(key)
    if t is int:
        index: tuple[Any, ...] | None = (key, ...)
    elif t is tuple:
        index = _basic(key)
    elif isinstance(key, Tensor):
        if key._kind is _INDEX and key._data.ndim and input._data.ndim and (
                input._kind.device is CPU):
            return advanced_index(input, (key, *(None,) * (input._data.ndim - 1)))
        index = None
    else:
        index = _basic((key,))
    if index is not None:
        return _view(input, index)
    view, indices = split_key(input, key)
    return view if indices is None else advanced_index(view, indices)


def setitem(input: Tensor, key: Any, value: Any) -> None:
    """``input[key] = value``, in place; the value is broadcast and cast."""
    number = isinstance(value, (float, int))
    if isinstance(key, np.ndarray):
        key = tensor_from_numpy(key)
    if isinstance(key, Tensor):
        index = None
        if key._kind.dtype is dtypes.bool_ and key._data.ndim and (
                number or (isinstance(value, Tensor) and not value._data.ndim)):
            _fill_mask(input, _mask_or_index(key, input._kind), value)
            return
        if key._kind is _INDEX and key._data.ndim and input._data.ndim and (
                input._kind.device is CPU):
            _put_at(input, (key, *(None,) * (input._data.ndim - 1)), value)
            return
    else:
        index = _basic(key if type(key) is tuple else (key,))
    if index is not None:
        if input._autograd is None and _store(input, index, value, number):
            return
        view, indices = _view(input, index), None
    else:
        view, indices = split_key(input, key)
    if indices is None and number:
        view.fill_(fitting_number("index", value, view._kind.dtype))  # type: ignore[attr-defined]
        return
    if indices is None:
        source = _fitting(value, view, tuple(view._data.shape))
        view.copy_(source)  # type: ignore[attr-defined]
    else:
        _put_at(view, indices, value)


def _put_at(view: Tensor, indices: tuple[Any, ...], value: Any) -> None:
    """Write to integer positions; numbers are left to the kernel to broadcast."""
    target = index_shape(tuple(view._data.shape), indices)
    source = _fitting(value, view, target)
    if tuple(source._data.shape) != target and source._autograd is not None:
        source = shape.expand(source, target)
    _put(view, indices, source, False)


def _store(input: Tensor, index: tuple[Any, ...], value: Any, number: bool) -> bool:
    """Write to a basic index on the CPU where nothing is recorded; False where that is not so."""
    kind = input._kind
    if kind.device is not CPU:
        return False
    if number:
        d = kind.dtype
        if d is not _FLOAT32 or not -_MAX <= value <= _MAX:
            value = fitting_number("index", value, d)
    elif isinstance(value, Tensor) and value._autograd is None and value._kind is kind:
        value = value._data
    else:
        return False
    input._begin_write("index", False)
    try:
        input._data[index] = value
    except (IndexError, ValueError, TypeError):
        return False  # the long way says what is wrong
    return True


_INDEX = kind_of(CPU, dtypes.int64)
_FLOAT32, _MAX = dtypes.float32, 3e38
_put = operation(advanced_index_put).extra["inplace"]
_fill_where = operation(masked_fill).extra["inplace"]


def _fill_mask(input: Tensor, mask: Tensor, value: Any) -> None:
    sizes, given = input._data.shape, tuple(mask._data.shape)
    _check_mask(given, tuple(sizes[:len(given)]), 0)
    if len(given) < len(sizes):
        mask = shape.view_as_shape(mask, given + (1,) * (len(sizes) - len(given)))
    _fill_where(input, mask, value)


def _check_mask(given: tuple[int, ...], sizes: tuple[int, ...], at: int) -> None:
    if given != sizes:
        raise IndexError(f"index: the mask has shape {given}, but the dimensions it stands for, "
                         f"from dimension {at} on, have shape {sizes}: they must be equal")


def _fitting(value: Any, view: Tensor, target: tuple[int, ...]) -> Tensor:
    """The value to be stored, with the view's dtype and device and no more dimensions than it."""
    if isinstance(value, (float, int)):
        d = view._kind.dtype
        value = tensor_from_numpy(np.array(fitting_number("index", value, d), d.numpy))
    elif not isinstance(value, Tensor):
        value = creation.tensor(value, dtype=view._kind.dtype)
    if value._kind is not view._kind:
        value = convert.to(value, dtype=view._kind.dtype, device=view._kind.device)
    sizes = tuple(value._data.shape)
    extra = len(sizes) - len(target)
    try:
        fits = np.broadcast_shapes(sizes[max(extra, 0):], target) == target
    except ValueError:
        fits = False
    if not fits or any(n != 1 for n in sizes[:max(extra, 0)]):
        raise RuntimeError(f"index: the value's shape {sizes} does not broadcast to the shape "
                           f"{target} of what is assigned to")
    return shape.view_as_shape(value, sizes[extra:]) if extra > 0 else value


def split_key(input: Tensor, key: Any) -> tuple[Tensor, tuple[Any, ...] | None]:
    """The view that the basic part of a key makes, and the index tensors for it (or None).

    Raises
    ------
    IndexError, ValueError
        If the key does not fit the tensor.
    """
    items = [_as_key(k) for k in (key if type(key) is tuple else (key,))]
    items = [_mask_or_index(k, input._kind) if isinstance(k, Tensor) else k for k in items]
    dots = [k for k in items if k is Ellipsis]
    used = sum([_consumes(k) for k in items])
    sizes = tuple(input._data.shape)
    rest = len(sizes) - used
    if rest < 0 or len(dots) > 1:
        raise _explained(input, (*items, *[0] * (used - len(items))), IndexError())
    if not dots:
        items.append(Ellipsis)
    basic: list[Any] = []
    entries: list[Tensor | None] = []  # per dimension of the view; masks stand for several
    dim = 0
    for k in items:
        if isinstance(k, Tensor):
            if k._kind.dtype is dtypes.bool_:
                n = k._data.ndim
                if not n:
                    basic.append(None)
                    entries.append(creation.arange(int(bool(k))))
                    continue
                _check_mask(tuple(k._data.shape), sizes[dim:dim + n], dim)
                basic += [_ALL] * n
            else:
                n = 1
                basic.append(_ALL)
            entries.append(k)
            dim += n
            continue
        basic.append(_check_slice(k) if type(k) is slice else k)
        if k is Ellipsis:
            entries += [None] * rest
            dim += rest
        elif k is None:
            entries.append(None)
        else:
            if type(k) is slice:
                entries.append(None)
            dim += 1
    advanced = any(e is not None for e in entries)
    if not advanced or not all(b is _ALL or b is Ellipsis for b in basic):
        input = _view(input, tuple(basic))
    if not advanced:
        return input, None
    return _resolve(input, entries)


def _consumes(item: Any) -> int:
    """How many dimensions an entry of a key stands for."""
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, Tensor) and item._kind.dtype is dtypes.bool_:
        return item._data.ndim
    return 1


def _resolve(view: Tensor, entries: list[Any]) -> tuple[Tensor, tuple[Any, ...]]:
    """The entries as index tensors of one shape, in range and on the view's device."""
    given = [e for e in entries if e is not None]
    if len(given) == 1 and given[0]._kind.dtype is dtypes.bool_ and given[0]._data.ndim > 1:
        view, entries = _merge_masked(view, entries, given[0])
    indices: list[Any] = []
    for e in entries:
        if e is not None and e._kind.dtype is dtypes.bool_:
            indices += nonzero(e, as_tuple=True)
        else:
            indices.append(e)
    shapes = [tuple(x._data.shape) for x in indices if x is not None]
    if any(s != shapes[0] for s in shapes):
        try:
            common = np.broadcast_shapes(*shapes)
        except ValueError:
            raise IndexError(f"index: the shapes of the index tensors do not broadcast: "
                             f"{', '.join(map(str, shapes))}") from None
        indices = [None if x is None else shape.expand(x, common) for x in indices]
    if view._kind.device is not CPU:
        indices = [None if x is None else _on_device(x, i, view) for i, x in enumerate(indices)]
    return view, tuple(indices)


def _merge_masked(view: Tensor, entries: list[Any], mask: Tensor) -> tuple[Tensor, list[Any]]:
    """One mask over several dimensions: where they lie without gaps, one dimension instead.

    The positions are then one index tensor instead of several, which is faster to find and to use.
    """
    at = next(i for i, e in enumerate(entries) if e is not None)
    sizes, steps, n = view._data.shape, view._data.strides, mask._data.ndim
    merged = mask._data.size
    if not view._data.size or shape.view_strides(
            sizes[at:at + n], steps[at:at + n], (merged,)) is None:
        return view, entries
    view = shape.view_as_shape(view, (*sizes[:at], merged, *sizes[at + n:]))
    entries = list(entries)
    entries[at] = shape.reshape(mask, merged)
    return view, entries


def _on_device(index: Tensor, dim: int, view: Tensor) -> Tensor:
    """The index on the view's device, checked on the way there.

    One that is there already stays unread, since reading means to wait: the kernels wrap negative
    positions, write nothing at positions out of range, and read an element at the end for them.
    """
    size = view._data.shape[dim]
    if not size and index._data.size:
        raise out_of_range(0, dim, size)
    if index._kind.device is not CPU:
        return index
    check_range(index._data, dim, size)
    return convert.transfer(index, view._kind.device)


def check_range(index: np.ndarray, dim: int, size: int) -> None:
    """Check positions on the host.

    Raises
    ------
    IndexError
        Naming one that is out of range.
    """
    if index.size:
        low, high = int(index.min()), int(index.max())
        if low < -size or high >= size:
            raise out_of_range(low if low < -size else high, dim, size)


_BASIC.extra["methods"] = {"__getitem__": getitem, "__setitem__": setitem}
