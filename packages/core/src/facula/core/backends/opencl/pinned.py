"""Host memory that a device copies from by itself: driver buffers that stay mapped for good."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.opencl.memory import Block, Pool


class _Mapping:
    """One buffer in host memory, mapped once; letting go of it unmaps and releases it."""

    __slots__ = ("address", "_array", "_buffer", "__weakref__")

    def __init__(self, cl: Any, context: Any, queue: Any, size: int) -> None:
        flags = cl.mem_flags
        self._buffer = cl.Buffer(context, flags.READ_WRITE | flags.ALLOC_HOST_PTR, size)
        self._array, _ = cl.enqueue_map_buffer(
            queue, self._buffer, cl.map_flags.READ | cl.map_flags.WRITE, 0, (size,), np.uint8)
        self.address = self._array.ctypes.data


class PinnedMemory:
    """A stretch of pinned memory, the base of the arrays in it: it lives as long as they do."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(self, block: Block, nbytes: int) -> None:
        self._block = block
        self.__array_interface__ = {"shape": (nbytes,), "typestr": "|u1", "version": 3,
                                    "data": (block.mem.address, False)}


def is_pinned(array: Any) -> bool:
    """Whether the array's elements lie in pinned memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return type(array) is PinnedMemory


class PinnedPool:
    """The pinned memory made for one device, by size class.

    Mapping goes through a queue on which nothing else waits. A copy that runs holds the array that
    it reads, so a stretch is handed out again only when its arrays and its copies are gone.
    """

    def __init__(self, cl: Any, context: Any, queue: Any, finish: Callable[[], None],
                 limit: int) -> None:
        self._cl = cl
        self._context = context
        self.queue = queue
        self._mappings: weakref.WeakSet[_Mapping] = weakref.WeakSet()
        self.pool = Pool(self._map, finish, limit, "pinned host memory")

    def _map(self, size: int) -> _Mapping:
        try:
            mapping = _Mapping(self._cl, self._context, self.queue, size)
        except self._cl.MemoryError as error:
            raise MemoryError from error
        self._mappings.add(mapping)
        return mapping

    def empty(self, shape: tuple[int, ...], strides: tuple[int, ...],
              dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """An array in pinned memory whose strides, none negative, reach from its first element."""
        nbytes = 0
        if 0 not in shape:
            nbytes = dtype.itemsize + sum((n - 1) * step
                                          for n, step in zip(shape, strides, strict=True))
        memory = np.asarray(PinnedMemory(self.pool.take(nbytes), nbytes))
        return np.ndarray(shape, dtype, memory, 0, strides)

    def keep(self) -> None:
        """Never unmap again: in a forked child the driver would wait for threads not there."""
        for mapping in list(self._mappings):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(mapping))
