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
from facula.core.backends.opencl.memory import Pool
from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import Kernel, Programs

FORKED = ("OpenCL cannot be used in a process that was forked after OpenCL had started: start "
          "worker processes by 'spawn' (multiprocessing.get_context('spawn')), or keep OpenCL "
          "tensors out of them")
LOCAL = (256,)  # the one local size of generated kernels: a new one is a new compilation
LOCAL_2D = (256, 1)
MAX_UPLOADS = 64


class _ForkedLock:
    """Stands in for a runtime's lock in a forked child, where every use of the driver may hang."""

    def __enter__(self) -> None:
        raise RuntimeError(FORKED)

    def __exit__(self, *exception: object) -> None:
        """Never reached."""


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
        self.lock: Any = threading.Lock()
        self.build_lock: Any = threading.RLock()
        self.force_lock: Any = threading.RLock()
        self.enqueue: Callable[..., Any] = cl.enqueue_nd_range_kernel
        self.enqueue_copy: Callable[..., Any] = cl.enqueue_copy
        self._plain = (self.queue, self.enqueue, self.enqueue_copy)
        self._uploads: collections.deque[Any] = collections.deque()
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

    def upload(self, out: CLArray, values: np.ndarray[Any, Any]) -> None:
        """Write host values into the contiguous ``out`` without waiting for the queue.

        The values are copied first, so the caller may go on changing them.
        """
        if not out.size:
            return
        staged = np.array(values, order="C", copy=True)
        uploads, mem = self._uploads, out.mem
        with self.lock:
            while uploads and (len(uploads) > MAX_UPLOADS or _is_complete(uploads[0])):
                uploads.popleft().wait()
            uploads.append(self.enqueue_copy(
                self.queue, mem, staged.view(np.uint8) if staged.ndim else staged,
                dst_offset=out.offset * out.dtype.itemsize, is_blocking=False))

    def download(self, data: CLArray) -> np.ndarray[Any, Any]:
        """The values of a contiguous array; waits for the work before it."""
        values = np.empty(data.shape, data.dtype)
        if data.size:
            mem = data.mem
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
        for held in (runtime.queue, runtime.context):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))


def was_forked() -> bool:
    """Whether this is a forked child whose parent had OpenCL running."""
    return any(isinstance(runtime.lock, _ForkedLock) for runtime in _alive)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disable_in_child)
