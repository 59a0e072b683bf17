"""New arrays, by the array API standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula import core
from facula.core.devices import as_device
from facula.core.dtypes import as_dtype
from facula.core.tensor import Tensor

__all__ = ["arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like",
           "linspace", "meshgrid", "ones", "ones_like", "tril", "triu", "zeros", "zeros_like"]

Shape = int | Sequence[int]


def _sizes(shape: Shape) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def arange(start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None,
           device: Any = None) -> Tensor:
    """Evenly spaced numbers from ``start`` up to ``stop``, which is left out."""
    if stop is None:
        start, stop = 0, start
    if (stop - start) * step <= 0:
        integers = all(isinstance(v, int) for v in (start, stop, step))
        d = dtype or (core.int64 if integers else core.get_default_dtype())
        return core.empty(0, dtype=d, device=device)
    return core.arange(start, stop, step, dtype=dtype, device=device)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None,
            copy: bool | None = None) -> Tensor:
    """The object as an array.

    Parameters
    ----------
    obj : object
        A number, nested sequences, an array, or anything with ``__dlpack__`` or a buffer.
    dtype, device : optional
        What to convert it to.
    copy : bool, optional
        True: always copy; False: never; None: where it must.

    Raises
    ------
    ValueError
        If it can't be had without a copy, and ``copy`` is False.
    """
    if isinstance(obj, Tensor):
        found = obj
    elif isinstance(obj, np.ndarray):
        found = core.from_numpy(obj)
    elif hasattr(obj, "__dlpack__"):
        found = core.from_dlpack(obj)
    elif isinstance(obj, (memoryview, bytearray, bytes)):
        found = core.from_numpy(np.asarray(memoryview(obj)))
    elif copy is False:
        raise ValueError(f"asarray: {type(obj).__name__} can't become an array without a copy: "
                         "leave copy=False out")
    else:
        return core.tensor(obj, dtype=dtype, device=device)
    target = found.device if device is None and isinstance(obj, Tensor) else as_device(device)
    wanted = found.dtype if dtype is None else as_dtype(dtype)
    if copy is False and (wanted is not found.dtype or target is not found.device):
        raise ValueError(f"asarray: {found.dtype} on {found.device} can't become {wanted} on "
                         f"{target} without a copy: leave copy=False out")
    return found.to(target, wanted, copy=bool(copy))


def empty(shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array whose elements have no value yet."""
    return core.empty(_sizes(shape), dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """:func:`empty` of the array's shape, and of its dtype and device where none are given."""
    return core.empty_like(x, dtype=dtype, device=device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None,
        device: Any = None) -> Tensor:
    """Ones on the ``k``-th diagonal, zeros elsewhere."""
    columns = n_rows if n_cols is None else n_cols
    out = core.zeros((n_rows, columns), dtype=dtype, device=device)
    if -n_rows < k < columns:
        core.diagonal(out, k).fill_(1)
    return out


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array that shares memory with another library's: :func:`facula.from_dlpack`."""
    return core.from_dlpack(x, device=device, copy=copy)


def full(shape: Shape, fill_value: complex, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array that holds one value everywhere."""
    return core.full(_sizes(shape), fill_value, dtype=dtype, device=device)


def full_like(x: Tensor, /, fill_value: complex, *, dtype: Any = None,
              device: Any = None) -> Tensor:
    """:func:`full` of the array's shape, and of its dtype and device where none are given."""
    return core.full_like(x, fill_value, dtype=dtype, device=device)


def linspace(start: complex, stop: complex, /, num: int, *, dtype: Any = None, device: Any = None,
             endpoint: bool = True) -> Tensor:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, or to one step before it."""
    if dtype is None and isinstance(start + stop, complex):
        dtype = core.get_default_dtype().to_complex()
    if not endpoint:
        return core.linspace(start, stop, num + 1, dtype=dtype, device=device)[:-1]
    return core.linspace(start, stop, num, dtype=dtype, device=device)


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of a grid, an array for each dimension."""
    return list(core.meshgrid(*arrays, indexing=indexing))


def ones(shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of ones."""
    return core.ones(_sizes(shape), dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """:func:`ones` of the array's shape, and of its dtype and device where none are given."""
    return core.ones_like(x, dtype=dtype, device=device)


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangles of matrices, up to the ``k``-th diagonal."""
    return core.tril(x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangles of matrices, from the ``k``-th diagonal on."""
    return core.triu(x, k)


def zeros(shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of zeros."""
    return core.zeros(_sizes(shape), dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """:func:`zeros` of the array's shape, and of its dtype and device where none are given."""
    return core.zeros_like(x, dtype=dtype, device=device)
