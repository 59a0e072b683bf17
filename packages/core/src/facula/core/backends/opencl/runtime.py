"""One device at work: context, in-order queue, memory, launches, transfers, and the fork guard."""

from __future__ import annotations

import collections
import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from facula.core.backends.opencl.array import CLArray, contiguous_strides
from facula.core.backends.opencl.memory import Period, Pool
from facula.core.backends.opencl.pinned import PinnedPool, is_pinned
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import Kernel, Programs

FORKED = ("OpenCL cannot be used in a process that was forked after OpenCL had started: start "
          "worker processes by 'spawn' (multiprocessing.get_context('spawn')), or keep OpenCL "
          "tensors out of them")
LOCAL = (256,)  # the one local size of generated kernels: a new one is a new compilation
LOCAL_2D = (256, 1)
MAX_UPLOADS = 64
LEAST_ASIDE = 1 << 16  # bytes from which a copy on the second queue is worth two marks
MOST_PINNED = 1 << 26  # bytes of a transfer that is staged in pinned memory
TRIM_PINNED = 1 << 28


class _ForkedLock:
    """Stands in for a runtime's lock in a forked child, where every use of the driver may hang."""

    def __enter__(self) -> None:
        raise RuntimeError(FORKED)

    def __exit__(self, *exception: object) -> None:
        """Never reached."""

    def _is_owned(self) -> bool:
        return False


class Runtime:
    """The queue of one device and everything that goes through it.

    Kernel objects carry their arguments as state, so setting them and launching happens under
    ``lock``; all else is safe under Python's own lock. Whoever needs several locks takes
    ``force_lock``, ``build_lock`` and ``lock`` in this order; so nothing that may make a waiting
    array run (``array.mem``, see ``fusion.py``) stands inside the other two.
    """

    def __init__(self, cl: Any, device: Device) -> None:
        self.cl = cl
        self.device = device
        self.is_cpu = device.kind == "cpu"
        self.context = cl.Context([device.handle])
        self.queue = cl.CommandQueue(self.context, device.handle)
        self.programs = Programs(cl, self.context, device)
        self.pool = Pool(self._new_buffer, self.synchronize, device.largest_buffer)
        self.lock: Any = threading.RLock()  # so that a mistake is an error, and no wait for oneself
        self.build_lock: Any = threading.RLock()
        self.force_lock: Any = threading.RLock()
        self.enqueue: Callable[..., Any] = cl.enqueue_nd_range_kernel
        self.enqueue_copy: Callable[..., Any] = cl.enqueue_copy
        self._plain = (self.queue, self.enqueue, self.enqueue_copy)
        self._uploads: collections.deque[Any] = collections.deque()
        # A CPU device copies with the cores that compute, so there copies beside gain nothing.
        self.copies_aside = not self.is_cpu
        self.least_pinned = 1 << 22 if self.is_cpu else 1 << 16
        self._pinned: PinnedPool | None = None
        _alive.add(self)

    def _new_buffer(self, size: int) -> Any:
        cl = self.cl
        with self.lock:
            try:
                return cl.Buffer(self.context, cl.mem_flags.READ_WRITE, size)
            except cl.MemoryError as error:
                raise MemoryError from error

    def new(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> CLArray:
        """Fresh contiguous memory."""
        size = 1
        for length in shape:
            size *= length
        return CLArray(self.pool.take(size * dtype.itemsize), shape,
                       contiguous_strides(shape, dtype.itemsize), 0, dtype, size, True)

    def settle(self, array: CLArray) -> None:
        """Run what waits to read this array's memory, which is about to be written."""
        readers = array.block.readers
        if readers:
            with self.force_lock:
                known = len(readers)
                for ref in readers[:known]:
                    node = ref()
                    if node is not None:
                        node.settle()
                del readers[:known]

    def launch(self, kernel: Kernel, work: tuple[int, ...], local: tuple[int, ...],
               *arguments: Any) -> None:
        """Set the arguments and put the kernel on the queue."""
        with self.lock:
            kernel.set_args(*arguments)
            self.enqueue(self.queue, kernel.handle, work, local)

    def launch_flat(self, kernel: Kernel, n: int, *arguments: Any) -> None:
        """Launch at least ``n`` work-items along one axis in groups of 256."""
        with self.lock:
            kernel.set_args(*arguments)
            self.enqueue(self.queue, kernel.handle, ((n + 255) // 256 * 256,), LOCAL)

    def kernels(self, source: str, defines: tuple[str, ...],
                signatures: Mapping[str, Sequence[Any]]) -> dict[str, Kernel]:
        """Build a program and take the named kernels from it."""
        with self.build_lock, self.lock:
            program = self.programs.build(source, defines)
            return {name: self.programs.kernel(program, name, arguments)
                    for name, arguments in signatures.items()}

    @property
    def pinned(self) -> PinnedPool:
        """Host memory that this device copies from by itself; started on first use.

        Raises
        ------
        RuntimeError
            In a process that was forked after OpenCL had started.
        """
        if self._pinned is None:
            with self.lock:
                if self._pinned is None:
                    self._pinned = PinnedPool(self.cl, self.context, self.cl.CommandQueue(
                        self.context, self.device.handle), self.synchronize,
                        self.device.largest_buffer)
        if isinstance(self.lock, _ForkedLock):
            raise RuntimeError(FORKED)
        return self._pinned

    def uploaded(self, values: np.ndarray[Any, Any], dtype: np.dtype[Any],
                 borrow: bool = False) -> CLArray:
        """Host values in fresh memory, without waiting for the queue.

        The values are copied first, so the caller may go on changing them; with ``borrow``, those
        in pinned memory without gaps are not, and must stay as they are until the queue comes to
        what is asked for next.
        """
        borrowed = borrow and values.flags.c_contiguous and is_pinned(values)
        if (borrowed and self.copies_aside and values.nbytes >= LEAST_ASIDE
                and self.queue is self._plain[0]):  # the second queue takes no time stamps
            return self._uploaded_aside(values, dtype)
        out = self.new(values.shape, dtype)
        if out.size:
            staged = values if borrowed else self._staged(values)
            mem = out.mem
            with self.lock:
                self._hold(self.enqueue_copy(self.queue, mem, staged.reshape(-1).view(np.uint8),
                                             is_blocking=False))
        return out

    def _staged(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A copy for the device to read: where it is large, in pinned memory used before.

        Fresh memory costs more than the transfer: under PoCL, 32 MB took 14 ms by way of it, and
        7 ms so; up to 4 MB there was no difference.
        """
        if not self.least_pinned <= values.nbytes <= MOST_PINNED:
            return np.array(values, order="C", copy=True)
        pinned = self.pinned
        if pinned.pool.reserved > TRIM_PINNED:
            pinned.pool.trim()
        staged = pinned.empty(values.shape, contiguous_strides(values.shape, values.itemsize),
                              values.dtype)
        staged[...] = values
        return staged

    def _uploaded_aside(self, values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> CLArray:
        """The same on the second queue, beside what the working queue has still to do."""
        cl = self.cl
        with self.lock:
            self.pool.period.mark = cl.enqueue_marker(self.queue)
            self.pool.period = Period()
            self.queue.flush()  # an event that another queue waits for must be on its way
        block, mark = self.pool.take_landing(values.nbytes)
        out = CLArray(block, values.shape, contiguous_strides(values.shape, dtype.itemsize), 0,
                      dtype, values.size, True)
        aside = self.pinned.queue
        with self.lock:
            copied = cl.enqueue_copy(aside, block.mem, values.reshape(-1).view(np.uint8),
                                     is_blocking=False, wait_for=None if mark is None else [mark])
            aside.flush()
            cl.enqueue_barrier(self.queue, wait_for=[copied])
            self._hold(copied)
        return out

    def _hold(self, copied: Any) -> None:
        """Keep a copy's event, and by it the host memory that it reads, until it is done."""
        uploads = self._uploads
        while uploads and (len(uploads) > MAX_UPLOADS or _is_complete(uploads[0])):
            uploads.popleft().wait()
        uploads.append(copied)

    def download(self, data: CLArray) -> np.ndarray[Any, Any]:
        """The values of a contiguous array; waits for the work before it."""
        values = np.empty(data.shape, data.dtype)
        if data.size:
            mem = data.mem
            if self.lock._is_owned():  # a kernel's argument is just being converted to a number
                raise TypeError("a number is needed, but a tensor on a device is given: use item()")
            with self.lock:
                event = self.enqueue_copy(
                    self.queue, values.reshape(-1).view(np.uint8), mem,
                    src_offset=data.offset * data.dtype.itemsize, is_blocking=False)
            event.wait()
        return values

    def listen(self, hear: Callable[[Any, str], None] | None) -> None:
        """Have ``hear(event, what)`` called for each launch and copy, or for none any more.

        What is measured goes through a queue of its own, which takes time stamps.
        """
        cl = self.cl
        self.synchronize()
        if hear is None:
            replaced = self._plain
        else:
            tell = hear
            queue = cl.CommandQueue(self.context, self.device.handle,
                                    properties=cl.command_queue_properties.PROFILING_ENABLE)

            def enqueue(queue: Any, kernel: Any, *grid: Any) -> Any:
                event = cl.enqueue_nd_range_kernel(queue, kernel, *grid)
                tell(event, kernel.function_name)
                return event

            def enqueue_copy(queue: Any, target: Any, source: Any, **given: Any) -> Any:
                event = cl.enqueue_copy(queue, target, source, **given)
                tell(event, "copy to device" if isinstance(source, np.ndarray) else
                     "copy to host" if isinstance(target, np.ndarray) else "copy")
                return event
            replaced = queue, enqueue, enqueue_copy
        with self.lock:
            self.queue.finish()
            self.queue, self.enqueue, self.enqueue_copy = replaced

    def mark(self) -> Any:
        """A driver event that completes when all work asked for so far is done."""
        with self.lock:
            return self.cl.enqueue_marker(self.queue)

    def when_complete(self, event: Any, call: Callable[[int], None]) -> None:
        """Have ``call`` called, on a thread of the driver's, when the event completes."""
        event.set_callback(self.cl.command_execution_status.COMPLETE, call)
        self.queue.flush()

    def trim(self) -> None:
        """Give unused memory back to the driver."""
        self.pool.trim()
        if self._pinned is not None:
            self._pinned.pool.trim()

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        with self.lock:
            queue = self.queue
        queue.finish()
        with self.lock:
            while self._uploads and _is_complete(self._uploads[0]):
                self._uploads.popleft()


def _is_complete(event: Any) -> bool:
    return bool(event.command_execution_status == 0)


_alive: weakref.WeakSet[Runtime] = weakref.WeakSet()


def _disable_in_child() -> None:
    for runtime in list(_alive):
        runtime.lock = _ForkedLock()
        runtime.build_lock = _ForkedLock()
        runtime.force_lock = _ForkedLock()
        # Releasing the queue would wait for driver threads that do not exist in the child.
        for held in (runtime.queue, runtime.context, runtime._pinned):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))
        if runtime._pinned is not None:
            runtime._pinned.keep()


def was_forked() -> bool:
    """Whether this is a forked child whose parent had OpenCL running."""
    return any(isinstance(runtime.lock, _ForkedLock) for runtime in _alive)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disable_in_child)
