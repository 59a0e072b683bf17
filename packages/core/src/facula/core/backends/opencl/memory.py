"""The memory pool: buffers of few sizes, handed out again as soon as the last array lets go.

Kernels run on one in-order queue, so memory may be reused while work on it is still waiting. What
a second queue writes to comes from shelves of its own, which know after which work it is free.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

SMALLEST = 256


def size_class(nbytes: int) -> int:
    """The pool size that serves ``nbytes``: four steps to each power of two, 256 at least."""
    if nbytes <= SMALLEST:
        return SMALLEST
    shift = max((nbytes - 1).bit_length() - 3, 8)
    return (((nbytes - 1) >> shift) + 1) << shift


class Block:
    """One buffer in use; when the last array on it goes, the buffer returns to the pool.

    ``readers`` refers weakly to the operations that wait to read it (see ``fusion.py``).
    """

    __slots__ = ("mem", "size", "readers", "_shelf", "_pool")

    def __init__(self, mem: Any, size: int, shelf: list[Any] | Landing, pool: Pool) -> None:
        self.mem = mem
        self.size = size
        self.readers: list[Any] = []
        self._shelf = shelf
        self._pool = pool

    def __del__(self) -> None:
        self._shelf.append(self.mem)
        self._pool.in_use -= self.size


class Period:
    """The time between two marks on the working queue; ``mark`` is the event that ends it."""

    __slots__ = ("mark",)

    def __init__(self) -> None:
        self.mark: Any = None


class Landing:
    """A shelf of buffers that another queue than the working one writes to first.

    Work on a buffer stands on the working queue before the mark of the period in which it was let
    go; whoever writes to it elsewhere waits for that mark.
    """

    __slots__ = ("_pool", "_rest")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._rest: collections.deque[tuple[Any, Period]] = collections.deque()

    def append(self, mem: Any) -> None:
        """Take back a buffer."""
        self._rest.append((mem, self._pool.period))

    def pop(self) -> Any:
        """The buffer that has been here for longest, to be released."""
        return self._rest.popleft()[0]

    def ready(self) -> tuple[Any, Any] | None:
        """A buffer and the mark to wait for, if one was let go before the last mark."""
        try:
            entry = self._rest.popleft()
        except IndexError:
            return None
        if entry[1].mark is None:
            self._rest.appendleft(entry)
            return None
        return entry[0], entry[1].mark

    def __len__(self) -> int:
        return len(self._rest)


class Pool:
    """Buffers by size class, with counts of what is held and what is in use.

    ``allocate`` asks the driver for bytes and raises MemoryError when it has none; ``finish``
    waits until the queue is empty, so that the driver really gets back what is released.
    """

    def __init__(self, allocate: Callable[[int], Any], finish: Callable[[], None],
                 limit: int, what: str = "OpenCL device memory") -> None:
        self._what = what
        self._allocate = allocate
        self._finish = finish
        self._limit = limit
        self._shelves: dict[int, list[Any]] = {}
        self._landings: dict[int, Landing] = {}
        self.period = Period()
        self.in_use = 0
        self.peak = 0
        self.reserved = 0
        self.peak_reserved = 0
        self.requests = 0
        self.retries = 0

    def take(self, nbytes: int) -> Block:
        """A block of at least ``nbytes``.

        Raises
        ------
        MemoryError
            If the device has no room left even after all unused blocks were given back.
        """
        size = size_class(nbytes)
        shelf = self._shelves.get(size)
        if shelf is None:
            shelf = self._shelves.setdefault(size, [])
        try:
            mem = shelf.pop()
        except IndexError:
            mem = self._reserve(size, nbytes)
        return self._block(mem, size, shelf)

    def take_landing(self, nbytes: int) -> tuple[Block, Any]:
        """A block for another queue to write to, and the mark to wait for before (or None).

        Raises
        ------
        MemoryError
            As for :meth:`take`.
        """
        size = size_class(nbytes)
        landing = self._landings.get(size)
        if landing is None:
            landing = self._landings.setdefault(size, Landing(self))
        mem, mark = landing.ready() or (self._reserve(size, nbytes), None)
        return self._block(mem, size, landing), mark

    def _block(self, mem: Any, size: int, shelf: Any) -> Block:
        in_use = self.in_use = self.in_use + size
        if in_use > self.peak:
            self.peak = in_use
        self.requests += 1
        return Block(mem, size, shelf, self)

    def _reserve(self, size: int, nbytes: int) -> Any:
        try:
            if size > self._limit:
                raise MemoryError
            mem = self._allocate(size)
        except MemoryError:
            self.retries += 1
            self._finish()
            self.trim()
            try:
                if size > self._limit:
                    raise MemoryError
                mem = self._allocate(size)
            except MemoryError:
                raise MemoryError(
                    f"{self._what}: {nbytes} bytes were asked for, {self.reserved} are "
                    f"held by arrays, and the device gives no more (one buffer may have at most "
                    f"{self._limit} bytes)") from None
        self.reserved += size
        self.peak_reserved = max(self.peak_reserved, self.reserved)
        return mem

    def trim(self) -> None:
        """Give all unused blocks back to the driver."""
        for size, shelf in self._all_shelves():
            while shelf:
                try:
                    shelf.pop()
                except IndexError:  # another thread took the last one
                    break
                self.reserved -= size

    @property
    def free(self) -> int:
        """Bytes held but not in use."""
        return sum(size * len(shelf) for size, shelf in self._all_shelves())

    def _all_shelves(self) -> list[tuple[int, Any]]:
        return [*self._shelves.items(), *self._landings.items()]

    def statistics(self) -> dict[str, int]:
        """The numbers behind ``facula.opencl.memory_stats``."""
        free = self.free
        return {
            "allocated_bytes": self.reserved - free, "allocated_bytes_peak": self.peak,
            "reserved_bytes": self.reserved, "reserved_bytes_peak": self.peak_reserved,
            "free_bytes": free, "requests": self.requests, "retries": self.retries,
            "size_classes": len(self._shelves),
        }

    def reset_peak(self) -> None:
        """Start the peaks again from what is in use now."""
        self.in_use = self.reserved - self.free
        self.peak = self.in_use
        self.peak_reserved = self.reserved
