"""Tensors made from a rule: sequences of numbers, and memory laid out as asked."""

from __future__ import annotations

import builtins
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.devices import as_device, kind_of
from facula.core.dtypes import as_dtype
from facula.core.errors import canonical_shape, describe
from facula.core.ops import binary, convert, creation, matrices, rearrange, shape
from facula.core.tensor import Tensor, from_data, tensor_from_numpy


def _finished(array: np.ndarray, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    d = dtypes.get_default_dtype() if dtype is None else as_dtype(dtype)
    out = convert.to(tensor_from_numpy(np.asarray(array).astype(d.numpy)),
                     device=as_device(device))
    return out.requires_grad_() if requires_grad else out


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, (Tensor, np.generic)) else value


@composite(method=False)
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """``base`` to the power of ``steps`` evenly spaced exponents from start to end.

    Examples
    --------
    >>> import facula
    >>> facula.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    if steps < 0:
        raise RuntimeError(f"logspace: steps={steps} is negative")
    exponents = np.linspace(_number(start), _number(end), steps)
    with np.errstate(all="ignore"):
        return _finished(np.power(float(base), exponents), dtype, device, requires_grad)


@composite(method=False)
def range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None,
          device: Any = None, requires_grad: bool = False) -> Tensor:
    """Evenly spaced floating numbers from start to end, both included; deprecated, as in PyTorch.

    Use :func:`facula.arange`, whose end is excluded.
    """
    warnings.warn("facula.range is deprecated, because it includes its end: use facula.arange",
                  DeprecationWarning, stacklevel=2)
    start, end, step = _number(start), _number(end), _number(step)
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"range: start={start}, end={end} and step={step} do not fit: the step "
                           "must lead from start to end")
    count = int((end - start) / step) + 1
    return _finished(start + np.arange(count) * step, dtype, device, requires_grad)


@composite(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: powers of the elements, the highest first.

    Parameters
    ----------
    x : Tensor
        1-D.
    N : int, optional
        How many columns; as many as elements where not given.
    increasing : bool
        The lowest power first.

    Examples
    --------
    >>> import facula
    >>> facula.vander(facula.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise RuntimeError(f"vander: x must be 1-D: {describe(x)}")
    columns = x.shape[0] if N is None else N
    if columns < 0:
        raise RuntimeError(f"vander: N={N} is negative")
    if x._kind.dtype is dtypes.bool_:
        x = convert.to(x, dtype=dtypes.int64)
    powers = matrices.powers(x, columns)
    return powers if increasing else rearrange.flip(powers, 1)


# Memory


@composite(method=False)
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
            requires_grad: bool = False) -> Tensor:
    """A tensor of whatever holds numbers, sharing its memory where that is possible.

    Parameters
    ----------
    obj : Tensor, array, buffer, number or sequence
    dtype, device : optional
        Those of ``obj`` where not given.
    copy : bool, optional
        True always copies; False shares or fails; None copies only if it must.
    requires_grad : bool

    Raises
    ------
    ValueError
        If ``copy=False`` and it can't be shared.

    Examples
    --------
    >>> import numpy
    >>> import facula
    >>> array = numpy.zeros(2)
    >>> facula.asarray(array)[0] = 1
    >>> array
    array([1., 0.])
    """
    source, shared = obj, True
    if not isinstance(obj, Tensor):
        if isinstance(obj, np.ndarray):
            source = tensor_from_numpy(obj)
        elif isinstance(obj, (bytes, bytearray, memoryview)):
            source = frombuffer(obj, dtype=dtypes.get_default_dtype() if dtype is None else dtype)
        else:
            source, shared = creation.tensor(obj, dtype=dtype), False
    out = convert.to(source, dtype=dtype, device=None if device is None else as_device(device))
    moved = out is not source or not shared
    if copy is False and moved:
        raise ValueError(f"asarray: {describe(obj)} can't be shared as asked, but copy=False")
    if copy and not moved:
        out = shape.clone(out)
    if isinstance(obj, Tensor) and not requires_grad:
        out = out.detach()
    return out.requires_grad_() if requires_grad and out.is_leaf else out


@composite(method=False)
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0,
               requires_grad: bool = False) -> Tensor:
    """A 1-D tensor on the memory of a bytes-like object.

    Parameters
    ----------
    buffer : object with the buffer interface
    dtype : dtype
    count : int
        How many elements; all that are there where negative.
    offset : int
        How many bytes to leave out at the start.
    requires_grad : bool

    Raises
    ------
    ValueError
        If the buffer is too short, or its rest is no whole number of elements.

    Examples
    --------
    >>> import facula
    >>> facula.frombuffer(bytearray([1, 2, 3]), dtype=facula.uint8)
    tensor([1, 2, 3], dtype=facula.uint8)
    """
    d = as_dtype(dtype)
    size = memoryview(buffer).nbytes
    if not 0 <= offset < size or not count:
        raise ValueError(f"frombuffer: offset={offset} and count={count} leave nothing of "
                         f"{size} bytes")
    if count < 0 and (size - offset) % d.itemsize:
        raise ValueError(f"frombuffer: {size - offset} bytes are no whole number of elements of "
                         f"{d.itemsize} bytes ({d.name})")
    if count * d.itemsize > size - offset:
        raise ValueError(f"frombuffer: {count} elements of {d.name} need {count * d.itemsize} "
                         f"bytes, but there are {size - offset}")
    plain = np.uint8 if d is dtypes.bfloat16 else d.numpy
    number = count if d is not dtypes.bfloat16 else max(-1, 2 * count)
    out = tensor_from_numpy(np.frombuffer(buffer, plain, number, offset).view(d.numpy))
    return out.requires_grad_() if requires_grad else out


@composite(method=False)
def from_file(filename: str, shared: bool | None = None, size: int = 0, *, dtype: Any = None,
              device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 1-D tensor on the memory of a file, read as it is needed.

    Parameters
    ----------
    filename : str
    shared : bool, optional
        Whether writing to the tensor writes to the file, which is made if it is not there.
    size : int
        How many elements.
    dtype : dtype, optional
        The default floating dtype where not given.

    Raises
    ------
    ValueError
        If the file is too small.
    """
    d = dtypes.get_default_dtype() if dtype is None else as_dtype(dtype)
    path, needed = os.fspath(filename), size * d.itemsize
    have = os.path.getsize(path) if os.path.exists(path) or not shared else 0
    if have < needed and not shared:
        raise ValueError(f"from_file: {size} elements of {d.name} need {needed} bytes, but "
                         f"{filename} has {have}")
    if not size:
        return _finished(np.zeros(0), d, device, requires_grad)
    if have < needed:
        with open(path, "ab") as file:
            file.truncate(needed)
    mapped = np.memmap(path, np.uint8, "r+" if shared else "c", shape=(needed,))
    out = convert.to(tensor_from_numpy(np.asarray(mapped).view(d.numpy)), device=as_device(device))
    return out.requires_grad_() if requires_grad else out


@composite(method=False)
def empty_strided(size: Sequence[int], stride: Sequence[int], *, dtype: Any = None,
                  device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised memory with the strides given, counted in elements.

    Examples
    --------
    >>> import facula
    >>> facula.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    sizes = canonical_shape("empty_strided", (size,))
    steps = canonical_shape("empty_strided", (stride,))
    if len(sizes) != len(steps) or min((*sizes, *steps), default=0) < 0:
        raise RuntimeError(f"empty_strided: size={sizes} and stride={steps} must have the same "
                           "length, and no number be negative")
    kind = kind_of(as_device(device),
                   dtypes.get_default_dtype() if dtype is None else as_dtype(dtype))
    reach = 0 if 0 in sizes else 1 + sum((n - 1) * s for n, s in zip(sizes, steps, strict=True))
    memory = kind.backend.empty((reach,), kind.dtype)
    strides = tuple([s * kind.dtype.itemsize for s in steps])
    out = from_data(kind.backend.as_strided(memory, sizes, strides, 0), kind)
    return out.requires_grad_() if requires_grad else out


@composite(method=False)
def empty_permuted(size: Sequence[int], physical_layout: Sequence[int], *, dtype: Any = None,
                   device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised memory without gaps, whose dimensions lie in the order given, outermost first.

    Examples
    --------
    >>> import facula
    >>> facula.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
    (15, 1, 3)
    """
    sizes = canonical_shape("empty_permuted", (size,))
    if sorted(physical_layout) != list(builtins.range(len(sizes))):
        raise RuntimeError(f"empty_permuted: physical_layout={tuple(physical_layout)} must name "
                           f"each of the {len(sizes)} dimensions once")
    steps, step = [0] * len(sizes), 1
    for d in reversed(physical_layout):
        steps[d], step = step, step * max(sizes[d], 1)
    return empty_strided(sizes, steps, dtype=dtype, device=device, requires_grad=requires_grad)


@composite(method=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Positions in a flattened tensor as coordinates in a shape.

    Parameters
    ----------
    indices : Tensor
        Integers.
    shape : int or sequence of int

    Returns
    -------
    tuple of Tensor
        The coordinates by dimension, int64.

    Raises
    ------
    ValueError
        If an index is out of range.

    Examples
    --------
    >>> import facula
    >>> facula.unravel_index(facula.tensor([1, 5]), (2, 3))
    (tensor([0, 1]), tensor([1, 2]))
    """
    if indices._kind.dtype.category != dtypes.INTEGER:
        raise ValueError(f"unravel_index: the indices must be integers: {describe(indices)}")
    sizes = (shape,) if isinstance(shape, int) else canonical_shape("unravel_index", (shape,))
    total = int(np.prod(sizes, dtype=np.int64))
    rest: Any = convert.to(indices, dtype=dtypes.int64)
    if min(sizes, default=0) < 0 or (
            indices.numel() and bool(((rest >= total) | (rest < -total)).any())):
        raise ValueError(f"unravel_index: an index is out of range: shape={sizes} has {total} "
                         "elements")
    rest = binary.remainder(rest, max(total, 1))
    found = []
    for n in reversed(sizes):
        found.append(binary.remainder(rest, max(n, 1)))
        rest = binary.floor_divide(rest, max(n, 1))
    return tuple(reversed(found))
