"""From a list of samples to a batch: by the type of the samples, with a table that users extend."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from facula import core
from facula.core import Tensor

CollateTable = dict[Any, Callable[..., Any]]


def collate(batch: Sequence[Any], *,
            collate_fn_map: Mapping[Any, Callable[..., Any]] | None = None) -> Any:
    """Join samples by the functions of a table, going down into tuples, lists and mappings.

    Parameters
    ----------
    batch : sequence
        The samples; all are built in the same way.
    collate_fn_map : mapping from type to callable
        For each type of element, or tuple of types, a function
        ``f(batch, *, collate_fn_map)``. A type counts before its base classes.

    Returns
    -------
    object

    Raises
    ------
    TypeError, ValueError
        If there is no function for a type, or the samples differ in size.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        function = collate_fn_map.get(kind)
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)
        for types, function in collate_fn_map.items():
            if isinstance(first, types):
                return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return like(first, {key: collate(_values(batch, key), collate_fn_map=collate_fn_map)
                             for key in first})
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        if len({len(sample) for sample in batch}) > 1:
            raise RuntimeError(f"default_collate: samples differ in length: "
                               f"{_differing([len(sample) for sample in batch])}: each one must "
                               "have as many parts, or pass a collate_fn")
        parts = [collate(column, collate_fn_map=collate_fn_map)
                 for column in zip(*batch, strict=True)]
        if hasattr(first, "_fields"):
            return kind(*parts)
        return parts if kind is tuple else like(first, parts)
    known = "tensors, NumPy arrays, numbers, strings, dicts, tuples and lists"
    raise TypeError(f"default_collate: a sample holds a {kind.__module__}.{kind.__qualname__}: "
                    f"samples may hold {known}; convert it, or pass a collate_fn")


def _values(batch: Sequence[Any], key: Any) -> list[Any]:
    try:
        return [sample[key] for sample in batch]
    except KeyError:
        missing = next(i for i, sample in enumerate(batch) if key not in sample)
        raise KeyError(f"default_collate: sample {missing} has no key {key!r}, but sample 0 has: "
                       "give each one the same keys, or pass a collate_fn") from None


def _differing(values: Sequence[Any]) -> str:
    other = next(i for i, v in enumerate(values) if v != values[0])
    return f"sample 0 has {values[0]}, sample {other} has {values[other]}"


def like(first: Any, parts: Any) -> Any:
    """The parts in a container of the sample's type, or in a plain one where that can't be made."""
    kind = type(first)
    if kind in (dict, list):
        return parts
    try:
        if isinstance(first, (MutableMapping, MutableSequence)):
            out: Any = copy.copy(first)
            if isinstance(first, MutableMapping):
                out.update(parts)
                return out
            for i, part in enumerate(parts):
                out[i] = part
            return out
        return kind(parts)
    except TypeError:
        return parts


def _collate_tensor(batch: Sequence[Tensor], *, collate_fn_map: Any = None) -> Tensor:
    first = batch[0]
    kind, shape = first._kind, first._data.shape
    arrays = []
    for sample in batch:
        if sample._kind is not kind or sample._data.shape != shape or sample._autograd is not None:
            return _stack(batch)
        arrays.append(sample._data)
    if kind.device.type != "cpu":
        return _stack(batch)
    return core.from_numpy(_joined(arrays))


def _stack(batch: Sequence[Tensor]) -> Tensor:
    shapes = [tuple(sample.shape) for sample in batch]
    if len(set(shapes)) > 1:
        raise RuntimeError(f"default_collate: samples differ in shape: {_differing(shapes)}: pad "
                           "or crop them to one shape, or pass a collate_fn")
    return core.stack(list(batch))


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    """Arrays of one shape and dtype along a new first axis: twice as fast as numpy.stack."""
    shape = arrays[0].shape
    if not shape:
        return np.array(arrays)
    return np.concatenate(arrays).reshape(len(arrays), *shape)


def _collate_array(batch: Sequence[np.ndarray], *, collate_fn_map: Any = None) -> Tensor:
    if batch[0].dtype.kind in "OSUMmV":
        raise TypeError(f"default_collate: a sample holds a NumPy array of dtype "
                        f"{batch[0].dtype}: convert it to numbers, or pass a collate_fn")
    return _collate_tensor([core.as_tensor(array) for array in batch])


def _collate_numpy_scalar(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Tensor:
    return core.tensor(np.asarray(batch))


def _collate_float(batch: Sequence[float], *, collate_fn_map: Any = None) -> Tensor:
    return core.from_numpy(np.array(batch, dtype=np.float64))


def _collate_int(batch: Sequence[int], *, collate_fn_map: Any = None) -> Tensor:
    return core.tensor(list(batch))


def _collate_text(batch: Sequence[Any], *, collate_fn_map: Any = None) -> Any:
    return batch


default_collate_fn_map: CollateTable = {
    Tensor: _collate_tensor,
    np.ndarray: _collate_array,
    (np.bool_, np.number, np.object_): _collate_numpy_scalar,
    float: _collate_float,
    int: _collate_int,
    str: _collate_text,
    bytes: _collate_text,
}


def default_collate(batch: Sequence[Any]) -> Any:
    """Join samples to a batch by their type: what :class:`DataLoader` does unless told otherwise.

    Tensors and arrays get a new first dimension; numbers become a tensor (Python floats float64,
    ints int64); strings are only gathered; dicts, lists, tuples and named tuples are joined part
    by part (tuples become lists). For a type of your own, put a function into
    ``facula.data.default_collate_fn_map``.

    Parameters
    ----------
    batch : sequence
        The samples.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If a type is not known.
    RuntimeError
        If the samples differ in shape or length.

    Examples
    --------
    >>> from facula.data import default_collate
    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    >>> default_collate([{"x": 0.5}, {"x": 1.5}])
    {'x': tensor([0.5000, 1.5000], dtype=facula.float64)}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def default_convert(data: Any) -> Any:
    """NumPy values inside a sample as tensors: what :class:`DataLoader` does without batches.

    Parameters
    ----------
    data : object
        A sample; tuples, lists and mappings are gone down into, all else is left as it is.

    Returns
    -------
    object

    Examples
    --------
    >>> import numpy as np
    >>> from facula.data import default_convert
    >>> default_convert([np.array([0, 1]), "text"])
    [tensor([0, 1]), 'text']
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return data if data.dtype.kind in "OSUMmV" else core.as_tensor(data)
    if isinstance(data, Mapping):
        return like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*[default_convert(value) for value in data])
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return like(data, [default_convert(value) for value in data])
    return data
