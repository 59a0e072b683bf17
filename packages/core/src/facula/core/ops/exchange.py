"""Tensors from other libraries' arrays, by DLPack."""

from __future__ import annotations

from typing import Any

from facula.core import dlpack
from facula.core.declare import composite
from facula.core.devices import as_device
from facula.core.errors import describe
from facula.core.ops import convert, shape
from facula.core.tensor import Tensor, tensor_from_numpy


@composite(method=False)
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares memory with an array of another library.

    Parameters
    ----------
    ext_tensor : object or capsule
        Anything with ``__dlpack__`` and ``__dlpack_device__`` in the host's memory, or a capsule.
    device : str or device, optional
        Where the tensor shall be; another device than the array's means a copy.
    copy : bool, optional
        True: always copy; False: never; None: where it must.

    Returns
    -------
    Tensor
        Read-only memory stays read-only: writing to the tensor is an error.

    Raises
    ------
    BufferError
        If the array is not in the host's memory.
    ValueError
        If it can't be had without a copy, and ``copy`` is False.

    References
    ----------
    `DLPack <https://dmlc.github.io/dlpack/latest/>`_.

    Examples
    --------
    >>> import facula
    >>> import numpy as np
    >>> a = np.zeros(2)
    >>> t = facula.from_dlpack(a)
    >>> a[0] = 1.0
    >>> t
    tensor([1., 0.], dtype=facula.float64)
    """
    if isinstance(ext_tensor, Tensor):
        out = ext_tensor.detach()
    elif type(ext_tensor).__name__ == "PyCapsule":
        out = tensor_from_numpy(dlpack.array(ext_tensor))
    else:
        out = tensor_from_numpy(dlpack.array(_capsule_of(ext_tensor)))
    target = out.device if device is None else as_device(device)
    if target is not out.device:
        if copy is False:
            raise ValueError(f"from_dlpack: going from {out.device} to {target} is a copy: leave "
                             "copy=False out")
        return convert.to(out, device=target)
    return shape.clone(out) if copy else out


def _capsule_of(array: Any) -> Any:
    try:
        place = tuple(array.__dlpack_device__())
        export = array.__dlpack__
    except AttributeError:
        raise TypeError(f"from_dlpack: {describe(array)} of type {type(array).__name__} has no "
                        "__dlpack__") from None
    if place[0] != dlpack.CPU[0]:
        raise BufferError(f"from_dlpack: the array is on DLPack's device {place}: only the host's "
                          f"memory, {dlpack.CPU}, is read")
    try:
        return export(max_version=(1, 0))
    except TypeError:  # an exporter of before DLPack 1.0
        return export()


@composite(method=False)
def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule of the tensor; libraries ask for one by ``__dlpack__`` themselves."""
    return tensor.__dlpack__()
