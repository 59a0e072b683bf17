"""New tensors: from Python and NumPy values, filled, counted, or shaped like others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.devices import CPU, as_device, kind_of
from facula.core.dtypes import as_dtype
from facula.core.errors import canonical_shape, describe
from facula.core.fitting import fits, fitting_number
from facula.core.ops import convert
from facula.core.tensor import Size, Tensor, from_data, tensor_from_numpy

_default = dtypes.get_default_dtype


def _finish(array: np.ndarray, device: Any, requires_grad: bool) -> Tensor:
    out = tensor_from_numpy(array)
    if as_device(device) is not CPU:
        out = convert.transfer(out, as_device(device))
    return out.requires_grad_() if requires_grad else out


def _as_array(op: str, data: Any, exact: bool = False) -> np.ndarray:
    """A fresh array of Python or NumPy values, with PyTorch's default dtypes.

    ``exact`` where another dtype follows: Python floats then stay float64, not to be rounded twice,
    and integers beyond int64 are objects.
    """
    if isinstance(data, Tensor):
        return data.detach().cpu().numpy().copy()  # type: ignore[attr-defined]
    if isinstance(data, (list, tuple)) and _holds_tensors(data):
        data = _unwrapped(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(f"{op}: {describe(data)} is not rectangular: {error}") from None
    if _is_too_wide(array, data):
        if not exact:
            raise OverflowError(f"{op}: an integer in {describe(data)} does not fit int64")
        return np.array(data, object)
    if array.dtype.kind in "OUSMm":
        raise TypeError(f"{op}: {describe(data)} holds values that are not numbers")
    if not exact and not isinstance(data, (np.ndarray, np.generic)):
        if array.dtype.kind == "f" and array.dtype == np.float64 and not _numpy_inside(data):
            array = array.astype(_default().numpy)
        elif array.dtype.kind == "c" and not _numpy_inside(data):
            array = array.astype(_default().to_complex().numpy)
        elif array.dtype.kind in "iu" and not _numpy_inside(data):
            array = array.astype(np.int64)
    return array


def _is_too_wide(array: np.ndarray, data: Any) -> bool:
    """Whether NumPy had to leave int64 for Python's integers: for uint64, float64 or objects."""
    if array.dtype.kind == "O":
        return _all_ints(array)
    if array.dtype == np.uint64:
        return not _numpy_inside(data)
    return bool(array.dtype == np.float64 and isinstance(data, (list, tuple)) and array.size
                and np.abs(array).max() >= 2.0**63 and _all_ints(np.array(data, object)))


def _numpy_inside(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


def _all_ints(array: np.ndarray) -> bool:
    return all(isinstance(v, int) for v in array.reshape(-1).tolist())


def _holds_tensors(data: Any) -> bool:
    return any(isinstance(v, Tensor) or (isinstance(v, (list, tuple)) and _holds_tensors(v))
               for v in data)


def _unwrapped(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return [_unwrapped(v) for v in data]
    return data.detach().cpu().numpy() if isinstance(data, Tensor) else data


@composite(method=False)
def tensor(data: Any, *, dtype: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """A new tensor that holds a copy of the data.

    Parameters
    ----------
    data : array_like
        A number, nested sequences, a NumPy array or a tensor. Python floats become the default
        floating dtype, ints int64, bools bool; NumPy values keep their dtype.
    dtype : dtype, optional
        The element type instead.
    device : str or device, optional
        Where to put it.
    requires_grad : bool
        Record operations on it.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError, TypeError
        If the data is not rectangular or not numeric.

    Examples
    --------
    >>> import facula
    >>> facula.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    array = _as_array("tensor", data, exact=dtype is not None)
    if dtype is not None:
        wanted = as_dtype(dtype)
        if wanted.numpy != array.dtype:
            if wanted.category == dtypes.INTEGER and array.dtype.kind in "iuO" and array.size and (
                    not isinstance(data, Tensor) and not _numpy_inside(data)):
                _check_range(array, wanted)
            if array.dtype.kind == "O":  # beyond int64: of integer types only uint64 has such
                array = array.astype(np.uint64 if wanted.category == dtypes.INTEGER
                                     else np.float64)
            array = kind_of(CPU, wanted).backend.cast(array, wanted)
    return _finish(array, device, requires_grad)


def _check_range(array: np.ndarray, wanted: dtypes.dtype) -> None:
    for number in (int(array.min()), int(array.max())):
        if not fits(number, wanted):
            raise RuntimeError(f"tensor: {number} can't be stored in a tensor of dtype "
                               f"{wanted.name}: it lies outside its range")


@composite(method=False)
def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array.

    Raises
    ------
    TypeError
        If the argument is no array, or of a dtype that tensors do not have.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: needs a numpy.ndarray, not {type(array).__name__}: "
                        "use facula.tensor")
    return tensor_from_numpy(array)


@composite(method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, sharing memory where possible."""
    if isinstance(data, Tensor):
        return convert.to(data, dtype=dtype, device=device)
    if isinstance(data, np.ndarray):
        return convert.to(tensor_from_numpy(data), dtype=dtype, device=as_device(device))
    return tensor(data, dtype=dtype, device=device)


def _filled(op: str, shape: tuple[int, ...], value: Any, dtype: Any, device: Any,
            requires_grad: bool) -> Tensor:
    if min(shape, default=0) < 0:
        raise RuntimeError(f"{op}: size {shape} holds a negative number")
    kind = kind_of(as_device(device), _default() if dtype is None else as_dtype(dtype))
    if value is None:
        data = kind.backend.empty(shape, kind.dtype)
    else:
        data = kind.backend.full(shape, fitting_number(op, value, kind.dtype), kind.dtype)
    out = from_data(data, kind)
    return out.requires_grad_() if requires_grad else out


@composite(method=False)
def zeros(*size: Any, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Tensor:
    """A tensor of zeros.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return _filled("zeros", canonical_shape("zeros", size), 0, dtype, device, requires_grad)


@composite(method=False)
def ones(*size: Any, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _filled("ones", canonical_shape("ones", size), 1, dtype, device, requires_grad)


@composite(method=False)
def empty(*size: Any, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Tensor:
    """A tensor whose elements are whatever the memory held."""
    return _filled("empty", canonical_shape("empty", size), None, dtype, device, requires_grad)


@composite(method=False)
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """A tensor of one value; its dtype follows the value where not given."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    if dtype is None:
        dtype = as_dtype(type(fill_value))
    return _filled("full", canonical_shape("full", (size,)), fill_value, dtype, device,
                   requires_grad)


def _like(input: Tensor, value: Any, dtype: Any, device: Any, requires_grad: bool,
          op: str, size: Any = None) -> Tensor:
    shape = tuple(input._data.shape) if size is None else canonical_shape(op, size)
    return _filled(op, shape, value, input.dtype if dtype is None else dtype,
                   input.device if device is None else device, requires_grad)


@composite(method=False)
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Tensor:
    """Zeros in the shape, dtype and device of another tensor."""
    return _like(input, 0, dtype, device, requires_grad, "zeros_like")


@composite(method=False)
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """Ones in the shape, dtype and device of another tensor."""
    return _like(input, 1, dtype, device, requires_grad, "ones_like")


@composite(method=False)
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Tensor:
    """Uninitialised memory in the shape, dtype and device of another tensor."""
    return _like(input, None, dtype, device, requires_grad, "empty_like")


@composite(method=False)
def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """One value in the shape, dtype and device of another tensor."""
    return _like(input, fill_value, dtype, device, requires_grad, "full_like")


@composite(export=False)
def new_zeros(input: Tensor, *size: Any, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """Zeros of any shape, in this tensor's dtype and on its device."""
    return _like(input, 0, dtype, device, requires_grad, "new_zeros", size)


@composite(export=False)
def new_ones(input: Tensor, *size: Any, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """Ones of any shape, in this tensor's dtype and on its device."""
    return _like(input, 1, dtype, device, requires_grad, "new_ones", size)


@composite(export=False)
def new_empty(input: Tensor, *size: Any, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """Uninitialised memory of any shape, in this tensor's dtype and on its device."""
    return _like(input, None, dtype, device, requires_grad, "new_empty", size)


@composite(export=False)
def new_full(input: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """One value in any shape, in this tensor's dtype and on its device."""
    return _like(input, fill_value, dtype, device, requires_grad, "new_full", (size,))


@composite(export=False)
def new_tensor(input: Tensor, data: Any, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Tensor:
    """:func:`facula.tensor` with this tensor's dtype and device where not given."""
    return tensor(data, dtype=input.dtype if dtype is None else dtype,
                  device=input.device if device is None else device, requires_grad=requires_grad)


@composite(export=False)
def new(input: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor in this one's dtype and on its device: of sizes without values, or of data.

    An older name for ``new_empty`` and ``new_tensor``.

    Examples
    --------
    >>> import facula
    >>> facula.ones(2).new([1, 2])
    tensor([1., 2.])
    """
    if not data or isinstance(data[0], Size) or all(type(n) is int for n in data):
        return new_empty(input, *(data or (0,)), device=device)
    return new_tensor(input, data[0], device=device)


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, (Tensor, np.generic)) else value


@composite(method=False)
def arange(start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:
    """Evenly spaced numbers from start up to, but without, end.

    Examples
    --------
    >>> import facula
    >>> facula.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    start, end, step = _number(start), _number(end), _number(step)
    if end is None:
        start, end = None, start
    if end is None:
        raise TypeError("arange: the end is missing: use arange(end) or arange(start, end, step)")
    start = 0 if start is None else start
    if step == 0:
        raise RuntimeError("arange: step must not be 0")
    if (end - start) * step < 0:
        raise RuntimeError(f"arange: start={start}, end={end} and step={step} have the wrong sign: "
                           "the step must lead from start to end")
    whole = all(isinstance(v, int) for v in (start, end, step))
    if dtype is None:
        dtype = dtypes.int64 if whole else _default()
    d = as_dtype(dtype)
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    array = (start + np.arange(count, dtype=np.int64 if whole else np.float64) * step).astype(
        d.numpy)
    return _finish(array, device, requires_grad)


@composite(method=False)
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """``steps`` evenly spaced numbers from start to end, both included.

    Examples
    --------
    >>> import facula
    >>> facula.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    if steps < 0:
        raise RuntimeError(f"linspace: steps={steps} is negative")
    d = _default() if dtype is None else as_dtype(dtype)
    start, end = _number(start), _number(end)
    if d.category == dtypes.INTEGER:
        start, end = int(start), int(end)
    array = np.linspace(start, end, steps).astype(d.numpy)
    return _finish(array, device, requires_grad)


@composite(method=False)
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None,
        requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    d = _default() if dtype is None else as_dtype(dtype)
    return _finish(np.eye(n, m, dtype=d.numpy), device, requires_grad)


@composite(method=False)
def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Tensor:
    """A 0-d tensor."""
    return tensor(s, dtype=_default() if dtype is None else dtype, device=device,
                  requires_grad=requires_grad)
