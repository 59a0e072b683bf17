"""A storage: the bytes that the tensors of a file share, on the host or already on a device."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from facula.core.devices import CPU, as_device, kind_of
from facula.core.devices import device as device_
from facula.core.dtypes import dtype as dtype_
from facula.core.serialization.errors import CheckpointError
from facula.core.tensor import Tensor, Version, from_data


class Storage:
    """The memory of one or several tensors of a file, as ``map_location`` functions see it.

    Parameters
    ----------
    bytes : numpy.ndarray
        One dimension of uint8, in this machine's byte order.
    dtype : dtype or None
        The type of the elements; None where each tensor says its own.
    location : str
        Where the file says that it was.
    """

    def __init__(self, bytes: np.ndarray, dtype: dtype_ | None, location: str) -> None:
        self.bytes = bytes
        self.dtype = dtype
        self.location = location
        self.device: device_ = CPU
        self._version = Version()
        self._arrays: dict[Any, Any] = {}

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.bytes.size

    def __len__(self) -> int:
        return self.bytes.size // (self.dtype.itemsize if self.dtype else 1)

    def to(self, device: Any) -> Storage:
        """The storage, to be put on another device."""
        self.device = as_device(device)
        return self

    def cpu(self) -> Storage:
        """The storage, to stay on the CPU."""
        return self.to("cpu")

    def opencl(self, device: Any = None) -> Storage:
        """The storage, to be put on an OpenCL device, the first if not said."""
        return self.to("opencl" if device is None else device)

    def cuda(self, device: Any = None) -> Storage:
        """The storage, to be put on the first NVIDIA OpenCL GPU."""
        return self.to("cuda")

    def tensor(self, d: dtype_, offset: int, shape: tuple[int, ...],
               strides: tuple[int, ...]) -> Tensor:
        """A tensor on this memory; offset and strides count elements.

        Raises
        ------
        CheckpointError
            If a part of it would lie outside.
        """
        numbers = (offset, *shape, *strides)
        if any(type(n) is not int or n < 0 for n in numbers) or len(shape) != len(strides):
            raise CheckpointError(f"a tensor has shape {shape}, strides {strides} and offset "
                                  f"{offset}: these must be whole numbers that are not negative, "
                                  "as many strides as sizes")
        available = self.bytes.size // d.itemsize
        last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        if math.prod(shape) and last >= available:
            raise CheckpointError(f"a tensor of shape {shape}, strides {strides} and offset "
                                  f"{offset} does not fit its storage of {available} elements")
        kind = kind_of(self.device, d)
        steps = tuple([s * d.itemsize for s in strides])
        whole = kind.backend.empty((0,), d) if math.prod(shape) == 0 else self._whole(d)[offset:]
        out = from_data(kind.backend.as_strided(whole, shape, steps, 0), kind)
        out._version = self._version  # so that a write to one tensor is seen by the others
        return out

    def _whole(self, d: dtype_) -> Any:
        """All elements as one array of the backend; made once, so that tensors share it."""
        kind = kind_of(self.device, d)
        if kind not in self._arrays:
            count = self.bytes.size // d.itemsize
            array = self.bytes[:count * d.itemsize].view(d.numpy)
            self._arrays[kind] = kind.backend.from_numpy(array)
        return self._arrays[kind]


class Locations:
    """Where storages go: what ``map_location`` says, else where they were, if that is here."""

    def __init__(self, map_location: Any, file: str) -> None:
        self._map = map_location
        self._file = file
        self._warned = False
        self._fixed: device_ | None = None
        if map_location is not None and not callable(map_location) \
                and not isinstance(map_location, dict):
            self._fixed = as_device(map_location)

    def place(self, storage: Storage) -> Storage:
        """Decide the device of a storage."""
        if self._fixed is not None:
            storage.device = self._fixed
            return storage
        chosen: Any = None
        if isinstance(self._map, dict):
            chosen = self._map.get(storage.location)
            if chosen is None and storage.location.endswith(":0"):
                chosen = self._map.get(storage.location[:-2])
        elif self._map is not None:
            mapped = self._map(storage, storage.location)
            if isinstance(mapped, Storage):
                return mapped
            chosen = mapped
        if chosen is not None:
            return storage.to(chosen)
        if storage.location.startswith("opencl"):
            self._restore(storage)
        return storage

    def _restore(self, storage: Storage) -> None:
        """Back to the OpenCL device of that number, or to the CPU where there is none."""
        try:
            storage.to(storage.location)
        except (RuntimeError, ValueError):
            if not self._warned:
                self._warned = True
                warnings.warn(f"load: {self._file} was saved on {storage.location}, which this "
                              "machine does not have: its tensors are on the CPU (say so with "
                              "map_location='cpu')", RuntimeWarning, stacklevel=4)


def extent(tensor: Tensor) -> tuple[Any, int, int]:
    """The memory of a tensor: whose it is, and the first and the end byte in it."""
    data = tensor._data
    if tensor.is_opencl:
        owner: Any = id(data.mem)
        start = data.offset * data.dtype.itemsize
    else:
        owner = None
        start = data.__array_interface__["data"][0]
    if data.size == 0:
        return owner, start, start
    low = high = start
    for n, step in zip(data.shape, data.strides, strict=True):
        if step < 0:
            low += (n - 1) * step
        else:
            high += (n - 1) * step
    return owner, low, high + data.dtype.itemsize

