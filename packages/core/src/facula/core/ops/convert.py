"""From one dtype or device to another, and writing values into existing memory."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.base import Backend
from facula.core.declare import composite, primitive
from facula.core.devices import CPU, as_device, device, kind_of
from facula.core.dtypes import as_dtype, dtype
from facula.core.errors import describe
from facula.core.fitting import fitting_number
from facula.core.ops import shape
from facula.core.tensor import Tensor, tensor_from_numpy


@primitive(result=lambda input, dtype: dtype, export=False,
           portable=lambda backend, input, dtype: backend.cast(input, dtype))
def cast(input: Tensor, dtype: dtype) -> Tensor:
    """A copy in another dtype: the work of ``to``, ``float``, ``long`` and the like."""
    return input, as_dtype(dtype)  # type: ignore[return-value]


def _transfer(backend: Backend, input: Any, device: device, borrow: Any, pin: Any) -> Any:
    host = backend.to_numpy(input)
    if pin is not None:
        return kind_of(pin, dtypes.float32).backend.pin(host)  # type: ignore[attr-defined]
    target = kind_of(device, dtypes.float32).backend
    return host if target is backend else target.from_numpy(host, borrow)


@primitive(result=lambda input, device, borrow, pin: kind_of(device, input.dtype), export=False,
           portable=_transfer)
def transfer(input: Tensor, device: Any, borrow: Any = False, pin: Any = None) -> Tensor:
    """A copy on another device: the work of ``to``, ``cpu`` and ``opencl``.

    With ``borrow`` the device may read pinned memory later; ``pin`` is the OpenCL device for whose
    transfers a copy on the CPU lies in pinned memory.
    """
    return input, as_device(device), borrow, pin  # type: ignore[return-value]


@composite(export=False)
def to(input: Tensor, *args: Any, dtype: Any = None, device: Any = None,
       non_blocking: Any = False, copy: Any = False, memory_format: Any = None) -> Tensor:
    """The tensor with another dtype, on another device, or both; itself if nothing changes.

    Parameters
    ----------
    input : Tensor
    *args
        A dtype, a device, both (device first), or a tensor whose dtype and device to take.
    dtype, device : optional
        The same by name.
    non_blocking : bool
        Transfers to a device never wait. With True, what lies in pinned memory
        (:meth:`Tensor.pin_memory`) is not even copied aside first: leave it as it is until the
        transfer is done, for instance until ``facula.opencl.synchronize()``.
    copy : bool
        Copy even if nothing changes.
    memory_format : optional
        Accepted for PyTorch's sake.

    Examples
    --------
    >>> import facula
    >>> facula.tensor([1, 2]).to(facula.float32)
    tensor([1., 2.])
    """
    for value in args:
        if isinstance(value, Tensor):
            dtype, device = value.dtype, value.device
        elif isinstance(value, dtypes.dtype) or (isinstance(value, type)
                                                 and value in dtypes.PYTHON_TYPES):
            dtype = value
        elif value is not None and value is not True and value is not False:
            device = value
        elif value:
            non_blocking = True
    out = input
    target = None if device is None else as_device(device)
    narrow_first = dtype is not None and as_dtype(dtype).itemsize < input.itemsize
    for step in ("dtype", "device") if narrow_first else ("device", "dtype"):
        if step == "device" and target is not None and target is not out._kind.device:
            out = transfer(out, target, non_blocking is True)
        elif step == "dtype" and dtype is not None and as_dtype(dtype) is not out._kind.dtype:
            out = cast(out, as_dtype(dtype))
    return shape.clone(out) if copy and out is input else out


@composite(export=False)
def cpu(input: Tensor) -> Tensor:
    """The tensor on the CPU; itself if it is there."""
    return to(input, device="cpu")


@composite(export=False)
def opencl(input: Tensor, device: Any = None, non_blocking: Any = False) -> Tensor:
    """The tensor on an OpenCL device (the first where not given)."""
    return to(input, device="opencl" if device is None else device, non_blocking=non_blocking)


@composite(export=False)
def cuda(input: Tensor, device: Any = None, non_blocking: Any = False) -> Tensor:
    """The tensor on the first NVIDIA OpenCL GPU, for scripts that come from PyTorch."""
    return to(input, device="cuda" if device is None else device, non_blocking=non_blocking)


@composite(export=False)
def pin_memory(input: Tensor, device: Any = None) -> Tensor:
    """The tensor in pinned host memory, from which a device copies by itself.

    ``to("opencl", non_blocking=True)`` then goes without a copy on the host, and on GPUs beside
    the work that the device has still to do. Strides stay, and gradients flow through.

    Parameters
    ----------
    input : Tensor
        On the CPU.
    device : device or str, optional
        The OpenCL device that pins the memory; the default device or the first if not given.

    Returns
    -------
    Tensor
        The tensor itself if it is pinned already.

    Raises
    ------
    RuntimeError
        If the tensor is not on the CPU, or there is no OpenCL device.

    Notes
    -----
    The memory is the driver's and is used again once all tensors and transfers are done with it;
    ``facula.opencl.empty_cache()`` gives back what is not in use. As in PyTorch, a tensor that a
    non-blocking transfer reads must not be written to before the transfer is done.

    Examples
    --------
    >>> import facula
    >>> if facula.opencl.is_available():
    ...     x = facula.ones(3).pin_memory()
    ...     assert x.is_pinned()
    ...     y = x.to("opencl", non_blocking=True)
    """
    if input._kind.device is not CPU:
        raise RuntimeError(f"pin_memory: the tensor is on {input._kind.device}: only tensors on "
                           "the CPU can be pinned")
    if input.is_pinned():
        return input
    default = as_device(None)
    target = default if device is None and default is not CPU else \
        as_device("opencl" if device is None else device)
    if target is CPU:
        raise ValueError("pin_memory: device is cpu: memory is pinned for an OpenCL device")
    return transfer(input, CPU, False, target)


@composite(export=False)
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor with the other's dtype, on its device."""
    return to(input, other)


def _converter(name: str, target: dtype) -> Any:
    def convert(input: Tensor) -> Tensor:
        return cast(input, target) if input._kind.dtype is not target else input
    convert.__name__ = name
    convert.__module__ = __name__
    convert.__doc__ = f"The tensor as {target.name}; itself if it is that already."
    convert.__annotations__ = {"input": "Tensor", "return": "Tensor"}
    return composite(convert, export=False)


float = _converter("float", dtypes.float32)
double = _converter("double", dtypes.float64)
half = _converter("half", dtypes.float16)
bfloat16 = _converter("bfloat16", dtypes.bfloat16)
long = _converter("long", dtypes.int64)
int = _converter("int", dtypes.int32)
short = _converter("short", dtypes.int16)
char = _converter("char", dtypes.int8)
byte = _converter("byte", dtypes.uint8)
bool = _converter("bool", dtypes.bool_)
cfloat = _converter("cfloat", dtypes.complex64)
cdouble = _converter("cdouble", dtypes.complex128)


def _copy(backend: Backend, input: Any, src: Any, non_blocking: Any) -> Any:
    out = backend.empty(input.shape, dtypes.as_dtype(input.dtype))
    backend.assign(out, src)
    return out


@primitive(portable=_copy, inplace=True, export=False,
           into=lambda backend, out, src, non_blocking: backend.assign(out, src))
def copy(input: Tensor, src: Tensor, non_blocking: Any = False) -> Tensor:
    """The values of src, broadcast and cast to input's shape and dtype: the work of ``copy_``."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_: the source must be a Tensor, but is {describe(src)}: "
                        "use fill_ for a number")
    try:
        fits = np.broadcast_shapes(input._data.shape, src._data.shape) == input._data.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(f"copy_: the source's shape {tuple(src.shape)} does not broadcast to "
                           f"the tensor's shape {tuple(input.shape)}")
    src = to(src, device=input._kind.device, non_blocking=non_blocking)
    return input, src, non_blocking  # type: ignore[return-value]


@composite(export=False)
def fill_(input: Tensor, value: Any) -> Tensor:
    """Every element becomes ``value``, a number or a 0-d tensor."""
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(f"fill_: the value must be 0-d, but has shape {tuple(value.shape)}")
    else:
        if isinstance(value, (np.ndarray, np.generic)) and not value.ndim:
            value = value.item()
        if not isinstance(value, numbers.Number):
            raise TypeError(f"fill_: the value must be a number, but is {describe(value)}")
        number = fitting_number("fill_", value, input.dtype)
        value = tensor_from_numpy(np.array(number, input.dtype.numpy))
    return input.copy_(value)  # type: ignore[attr-defined]


@composite(export=False)
def zero_(input: Tensor) -> Tensor:
    """Every element becomes 0."""
    return fill_(input, 0)
