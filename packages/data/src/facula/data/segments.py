"""Shared memory for batches: made by a worker, mapped by the parent, and used again and again.

A worker keeps a few segments and copies each batch into a free one. The parent maps a segment the
first time it hears of it; when the last tensor of a batch is gone, the segment goes back to the
worker with the next task. So in a steady state no memory is asked of the system, and none of its
pages is touched for the first time again.

On Linux a segment is an anonymous memory file (``memfd_create``) whose descriptor is sent over
the socket: it has no name that could be left behind, and the size of /dev/shm does not matter.
Elsewhere it is a :class:`multiprocessing.shared_memory.SharedMemory`. All pages are allotted when
a segment is made, so a lack of memory is an error here and not a bus error later.
"""

from __future__ import annotations

import errno
import mmap
import os
import socket
import weakref
from collections import deque
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

ALIGNMENT = 64
GRAIN = 1 << 16
KEEP = 16  # batches that the parent may hold in one worker's segments; further ones it copies
HAS_MEMFD = hasattr(os, "memfd_create") and hasattr(socket, "send_fds")


class Segment:
    """One piece of shared memory in the process that made it."""

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.fd = -1
        self.name: str | None = None
        if HAS_MEMFD:
            self.fd = os.memfd_create("facula-data")
            try:
                os.posix_fallocate(self.fd, 0, size)
                self.memory: Any = memoryview(mmap.mmap(self.fd, size))
            except BaseException:
                os.close(self.fd)
                raise
        else:
            self.owner = SharedMemory(create=True, size=size)
            try:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(self.owner._fd, 0, size)  # type: ignore[attr-defined]
            except BaseException:
                self.owner.close()
                self.owner.unlink()
                raise
            self.name = self.owner.name
            self.memory = self.owner.buf

    def close(self) -> None:
        """Give up this process's hold on the memory."""
        if self.name is None:
            self.memory = None
        else:
            self.owner.close()


class Arena:
    """The segments of a worker."""

    def __init__(self) -> None:
        self.free: list[Segment] = []
        self.lent: dict[int, Segment] = {}
        self.returned: deque[int] = deque()  # filled by the thread that reads the tasks
        self.made = 0

    def take(self, size: int) -> tuple[Segment, bool]:
        """A segment of at least this size, and whether it is new.

        Raises
        ------
        OSError
            If there is no memory for it.
        """
        while self.returned:
            self.free.append(self.lent.pop(self.returned.popleft()))
        fitting = [s for s in self.free if s.size >= size]
        if fitting:
            best = min(fitting, key=lambda s: s.size)
            self.free.remove(best)
        else:
            if self.free:  # too small, all of them: let one go for the one that is coming
                self.free.pop().close()
            self.made += 1
            best = Segment(self.made, -(-size * 9 // 8 // GRAIN) * GRAIN)
        self.lent[best.number] = best
        return best, not fitting


class Mappings:
    """The segments of one worker as the parent sees them."""

    def __init__(self) -> None:
        self.arrays: dict[int, Any] = {}
        self.leases: dict[int, weakref.ref[Any]] = {}
        self.returned: deque[int] = deque()

    def map_fd(self, number: int, size: int, fd: int) -> None:
        """Map a memory file whose descriptor has arrived."""
        try:
            self.arrays[number] = mmap.mmap(fd, size)
        finally:
            os.close(fd)

    def map_name(self, number: int, name: str) -> None:
        """Map a named segment, and take its name away so that nothing can be left behind."""
        memory = SharedMemory(name=name)
        memory.unlink()
        self.arrays[number] = _owned(memory)

    def lend(self, number: int, size: int) -> np.ndarray:
        """The first ``size`` bytes of a segment, which goes back when the last view is gone.

        The bytes are copied where the parent already holds many segments.
        """
        lease = np.frombuffer(self.arrays[number], np.uint8, size)
        if len(self.leases) >= KEEP:
            self.returned.append(number)
            return lease.copy()
        returned, leases = self.returned, self.leases

        def give_back(_: Any) -> None:
            del leases[number]
            returned.append(number)

        leases[number] = weakref.ref(lease, give_back)
        return lease


def _owned(memory: SharedMemory) -> Any:
    """The mapping of a named segment, from now on owned by the arrays that are made on it.

    ``SharedMemory`` would close it when it is collected, and complain that arrays still use it.
    """
    mapping = memory._mmap  # type: ignore[attr-defined]
    memory._buf.release()  # type: ignore[attr-defined]
    memory._buf = memory._mmap = None  # type: ignore[attr-defined]
    memory.close()
    return mapping


def is_shortage(error: OSError) -> bool:
    """Whether the system has no memory, no room or no descriptors left."""
    return error.errno in (errno.ENOMEM, errno.ENOSPC, errno.EFBIG, errno.EMFILE, errno.ENFILE,
                           errno.EDQUOT)
