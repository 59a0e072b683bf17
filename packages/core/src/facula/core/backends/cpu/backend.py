"""The CPU's answer to the backend interface (see ``facula.core.backends.base``)."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from facula.core.backends.cpu import elementwise as _elementwise
from facula.core.backends.cpu import fused
from facula.core.backends.cpu import reduce as _reduce
from facula.core.dtypes import dtype

F = TypeVar("F", bound=Callable[..., Any])
# The modules beside this one that hold kernels.
ROOMS = ("attention", "convolution", "decompose", "fft", "index", "ldl", "linalg", "neural",
         "pooling", "random", "recurrent", "search", "softmax", "solve", "sort", "statistics",
         "triangular", "variates")


class CPUBackend:
    """NumPy arrays are the data; everything is synchronous."""

    name = "cpu"
    computes_complex = True
    fuse_each = fused.BLOCK
    fuse_total = 4 * fused.BLOCK

    def __init__(self) -> None:
        self.registered: dict[str, Callable[..., Any]] = {}
        self.elementwise = _elementwise.elementwise
        self.elementwise_into = _elementwise.elementwise_into
        self.reduction = _reduce.reduction
        self.fused = fused.FusedKernel

    @functools.cached_property
    def kernels(self) -> dict[str, Callable[..., Any]]:
        """The primitives' kernels; their modules are imported when the first one is needed."""
        for room in ROOMS:
            importlib.import_module(f"facula.core.backends.cpu.{room}")
        return self.registered

    def empty(self, shape: tuple[int, ...], dtype: dtype) -> np.ndarray:
        return np.empty(shape, dtype.numpy)

    def full(self, shape: tuple[int, ...], value: Any, dtype: dtype) -> np.ndarray:
        if value == 0 and not isinstance(value, float):
            return np.zeros(shape, dtype.numpy)
        return np.full(shape, value, dtype.numpy)

    def from_numpy(self, array: np.ndarray, borrow: bool = False) -> np.ndarray:
        return array

    def to_numpy(self, data: np.ndarray) -> np.ndarray:
        return data

    def copy(self, data: np.ndarray) -> np.ndarray:
        return np.array(data, order="C")

    def cast(self, data: np.ndarray, dtype: dtype) -> np.ndarray:
        return _elementwise.cast(data, dtype.numpy)

    def assign(self, out: np.ndarray, source: np.ndarray) -> None:
        if source.dtype is not out.dtype:
            source = _elementwise.cast(source, out.dtype)
        out[...] = source

    def as_strided(self, data: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...],
                   offset: int) -> np.ndarray:
        if data.flags.c_contiguous:
            try:
                return np.ndarray(shape, data.dtype, data, offset, strides)
            except (TypeError, ValueError):  # it reaches beyond the elements of this very view
                pass
        bits = _BITS.get(data.dtype.itemsize, data.dtype)  # bfloat16 has no array interface
        plain = np.asarray(_Strided(data.view(bits), shape, strides, offset))
        return plain.view(data.dtype)

    def parts(self, data: np.ndarray) -> np.ndarray:
        return data[..., None].view(data.real.dtype)

    def unparted(self, data: np.ndarray) -> np.ndarray:
        return data.view(_COMPLEX[data.dtype.itemsize])[..., 0]

    def memory(self, data: np.ndarray) -> tuple[int, int, int]:
        root: Any = data
        while isinstance(getattr(root, "base", None), (np.ndarray, _Strided)):
            root = root.base
        low = root.ctypes.data
        high = low + root.itemsize if root.size else low
        for size, step in zip(root.shape, root.strides, strict=True):
            low += min(0, (size - 1) * step)
            high += max(0, (size - 1) * step)
        return low, data.ctypes.data - low, high - low

    def same_memory(self, a: np.ndarray, b: np.ndarray) -> bool:
        return np.may_share_memory(a, b)

    def synchronize(self) -> None:
        return None


_COMPLEX = {4: np.complex64, 8: np.complex128}
_BITS = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}


class _Strided:
    """Presents memory at an offset from an array's first element, keeping the array alive."""

    def __init__(self, data: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...],
                 offset: int) -> None:
        given = data.__array_interface__
        start, read_only = given["data"]
        self.__array_interface__ = dict(given, shape=shape, strides=strides,
                                        data=(start + offset, read_only))
        self.base = data


BACKEND = CPUBackend()


def kernel(function: F) -> F:
    """Register the function as the CPU kernel of the primitive of the same name."""
    BACKEND.registered[function.__name__] = function
    return function
