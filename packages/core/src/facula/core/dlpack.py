"""DLPack capsules of NumPy arrays, with bfloat16, which NumPy's own do not know.

The layouts are those of ``dlpack.h``: https://dmlc.github.io/dlpack/latest/c_api.html.
"""

from __future__ import annotations

import ctypes
from typing import Any

import ml_dtypes
import numpy as np

CPU = (1, 0)  # kDLCPU
OPENCL = 4  # kDLOpenCL
_UINT, _BFLOAT = 1, 4  # kDLUInt, kDLBfloat

# Where the type's code stands: in DLManagedTensor, and in DLManagedTensorVersioned, whose header
# (version, context, deleter, flags) comes first.
_CODE = {b"dltensor": 20, b"dltensor_versioned": 52}

_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype, _name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def capsule(array: np.ndarray, max_version: Any) -> Any:
    """A capsule that shares the array's memory."""
    bfloat = array.dtype == ml_dtypes.bfloat16
    if bfloat:
        array = array.view(np.uint16)
    if np.lib.NumpyVersion(np.__version__) < "2.1.0":  # it knows no versions
        made = array.__dlpack__()
    else:
        made = array.__dlpack__(max_version=max_version)
    if bfloat:
        _type_code(made).value = _BFLOAT
    return made


def array(made: Any) -> np.ndarray:
    """The array of a capsule, which is used up by it."""
    code = _type_code(made)
    bfloat = code.value == _BFLOAT
    if bfloat:
        code.value = _UINT
    versioned = _name(made) != b"dltensor"
    found = np.from_dlpack(_Exporter(made))
    if not versioned and not found.flags.writeable:
        found = np.asarray(_Writable(found))  # memory that may not be written had a version
    return found.view(ml_dtypes.bfloat16) if bfloat else found


def _type_code(made: Any) -> Any:
    name = _name(made)
    if name not in _CODE:
        raise ValueError(f"from_dlpack: the capsule is called {name!r}: it was used already, or is "
                         "none of DLPack")
    return ctypes.c_uint8.from_address(_pointer(made, name) + _CODE[name])


class _Writable:
    """Presents an array's memory as one that may be written, keeping the array alive."""

    def __init__(self, found: np.ndarray) -> None:
        given = found.__array_interface__
        self.__array_interface__ = dict(given, data=(given["data"][0], False))
        self.base = found


class _Exporter:
    """Presents one capsule as the object that ``numpy.from_dlpack`` takes."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __dlpack__(self, **ignored: Any) -> Any:
        return self.made

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU
