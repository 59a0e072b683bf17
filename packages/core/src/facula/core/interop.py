"""Tensors and other array libraries: NumPy's protocols, DLPack, the array API's namespace."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from facula.core import dlpack, slot
from facula.core.devices import CPU, Kind


class Interop:
    """The part of Tensor that other libraries call."""

    __slots__ = ()
    __array_priority__ = 1000  # so that NumPy's operators leave the work to the tensor's

    _data: Any
    _kind: Kind
    requires_grad: bool
    cpu: Callable[[], Any]
    clone: Callable[[], Any]
    to: Callable[..., Any]

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array; on the CPU it shares the memory.

        Raises
        ------
        RuntimeError, TypeError
            If the tensor requires grad or is not on the CPU, unless ``force``.
        """
        if not force and self.requires_grad and slot.grad_mode.enabled:
            raise RuntimeError("numpy: this tensor requires grad: use detach().numpy()")
        if not force and self._kind.device is not CPU:
            raise TypeError(f"numpy: this tensor is on {self._kind.device}: use cpu().numpy()")
        return self._kind.backend.to_numpy(self._data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """What ``numpy.asarray`` calls: ``copy`` as there (None: only where it must)."""
        if self.requires_grad:
            raise RuntimeError("numpy: this tensor requires grad: use detach().numpy()")
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"numpy: {array.dtype} can't become {np.dtype(dtype)} without a "
                                 "copy: leave copy=False out")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        """The functions of the array API standard: :mod:`facula.array_api`.

        Raises
        ------
        ValueError
            If another version than 2024.12 or an older one is asked for.
        """
        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
            raise ValueError(f"__array_namespace__: api_version={api_version!r} is not known: "
                             "2024.12 is the newest")
        return importlib.import_module("facula.core.array_api")

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The array on another device, as the array API standard says it; see :meth:`to`."""
        if stream is not None:
            raise ValueError(f"to_device: stream={stream!r} is CUDA's: only None is taken")
        return self.to(device)

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's numbers of the device: (1, 0) is the CPU, 4 stands for OpenCL."""
        if self._kind.device is CPU:
            return dlpack.CPU
        return dlpack.OPENCL, self._kind.device.index or 0

    def __dlpack__(self, *, stream: Any = None, max_version: tuple[int, int] | None = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """A DLPack capsule of the elements, by which other libraries share the memory.

        Parameters
        ----------
        stream : None
            Streams are CUDA's: the only value taken is None.
        max_version : tuple of int, optional
            The newest DLPack version that the caller understands; from (1, 0) on, the capsule
            carries whether the memory is read-only.
        dl_device : tuple of int, optional
            Where the caller wants the memory; a tensor on OpenCL is copied to the CPU for (1, 0).
        copy : bool, optional
            True: always copy; False: never; None: where it must.

        Raises
        ------
        BufferError
            If the tensor requires grad, is on an OpenCL device and shall not be copied, or is
            read-only and the caller is too old to be told.
        """
        if self.requires_grad:
            raise BufferError("__dlpack__: this tensor requires grad: use detach() first")
        if stream is not None:
            raise BufferError(f"__dlpack__: stream={stream!r} is CUDA's: only None is taken")
        if dl_device is not None and tuple(dl_device) not in (
                dlpack.CPU, self.__dlpack_device__()):
            raise BufferError(f"__dlpack__: can't export to device {tuple(dl_device)}: "
                              f"{dlpack.CPU} is the CPU")
        if self._kind.device is not CPU:
            if dl_device is None or tuple(dl_device) != dlpack.CPU or copy is False:
                raise BufferError(f"__dlpack__: this tensor is on {self._kind.device}, whose "
                                  "memory other libraries do not read: use cpu() first")
            return self.cpu().__dlpack__(max_version=max_version)
        array = self.clone()._data if copy else self._data
        return dlpack.capsule(array, max_version)
