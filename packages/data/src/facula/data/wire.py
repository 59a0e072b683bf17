"""How a batch travels from a worker to the parent: a pickle, with its arrays beside it.

The arrays of a batch (of tensors, and NumPy arrays wherever they are) leave the pickle as buffers
and lie one after the other in one shared segment. Where there is no memory for a segment they
follow the pickle through the pipe.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from facula.core import Tensor, bfloat16, from_numpy
from facula.data.segments import ALIGNMENT, Arena, Mappings, is_shortage

SMALL = 4096  # bytes; smaller arrays stay in the pickle


def _reduce_tensor(tensor: Tensor) -> Any:
    if tensor._autograd is not None or tensor.device.type != "cpu":
        return tensor.__reduce_ex__(5)
    array = np.ascontiguousarray(tensor._data).reshape(tensor._data.shape)
    if tensor.dtype is bfloat16:  # NumPy would put its bytes into the pickle
        return _bfloat16, (array.view(np.uint16),)
    return _tensor, (array,)


def _tensor(array: np.ndarray) -> Tensor:  # of this module: pickles name functions by their place
    return from_numpy(array)


def _bfloat16(bits: np.ndarray) -> Tensor:
    return from_numpy(bits.view(bfloat16.numpy))


def pack(value: Any) -> tuple[bytes, list[memoryview]]:
    """A value as a pickle and the bytes of its large arrays."""
    buffers: list[memoryview] = []

    def beside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < SMALL:
            return True
        buffers.append(raw)
        return False

    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, 5, buffer_callback=beside)
    pickler.dispatch_table = {Tensor: _reduce_tensor}
    pickler.dump(value)
    return stream.getvalue(), buffers


class Sender:
    """The worker's end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arena = Arena()

    def send(self, number: int, value: Any) -> None:
        """Send the answer to a task."""
        head, buffers = pack(value)
        spans, end = [], 0
        for buffer in buffers:
            spans.append((end, end + buffer.nbytes))
            end += -(-buffer.nbytes // ALIGNMENT) * ALIGNMENT
        if not buffers:
            self._put(number, head, (), None, "")
            return
        try:
            segment, new = self.arena.take(end)
        except OSError as error:
            if not is_shortage(error):
                raise
            self._put(number, head, tuple(spans), None, f"{end} bytes: {error}")
            for buffer in buffers:
                self.connection.send_bytes(buffer)
            return
        for (start, stop), buffer in zip(spans, buffers, strict=True):
            segment.memory[start:stop] = buffer
        self._put(number, head, tuple(spans),
                  (segment.number, segment.size if new else 0, segment.name), "")
        if new and segment.name is None:
            self._send_fd(segment.fd)

    def _put(self, *message: Any) -> None:
        self.connection.send_bytes(pickle.dumps(message, 5))

    def _send_fd(self, fd: int) -> None:
        with _socket(self.connection) as channel:
            socket.send_fds(channel, [b"."], [fd])


class Receiver:
    """The parent's end for one worker."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.mappings = Mappings()
        self.shortage = ""

    def receive(self) -> tuple[int, Any]:
        """The next answer: the number of its task, and the value; waits for it.

        Raises
        ------
        EOFError, OSError
            If the worker is gone.
        """
        number, head, spans, place, shortage = pickle.loads(self.connection.recv_bytes())
        if not spans:
            return number, pickle.loads(head)
        buffers: list[Any] = []
        if place is None:
            self.shortage = shortage
            for start, stop in spans:
                buffer = np.empty(stop - start, np.uint8)
                self.connection.recv_bytes_into(buffer.data)
                buffers.append(buffer)
        else:
            segment, size, name = place
            if name is not None and size:
                self.mappings.map_name(segment, name)
            elif size:
                self.mappings.map_fd(segment, size, self._receive_fd())
            lease = self.mappings.lend(segment, spans[-1][1]).data
            buffers = [lease[start:stop] for start, stop in spans]
        return number, pickle.loads(head, buffers=buffers)

    def _receive_fd(self) -> int:
        with _socket(self.connection) as channel:
            _, fds, _, _ = socket.recv_fds(channel, 1, 1)
        if not fds:
            raise RuntimeError("DataLoader: a worker's shared memory did not arrive: this process "
                               "has too many open files: close some, or raise 'ulimit -n'")
        return fds[0]

    def take_returned(self) -> list[int]:
        """The numbers of the segments that the worker may use again."""
        returned = self.mappings.returned
        return [returned.popleft() for _ in range(len(returned))]


def _socket(connection: Connection) -> socket.socket:
    return socket.socket(fileno=os.dup(connection.fileno()))


def hang_up(connection: Connection) -> None:
    """Close a connection, also for processes that inherited it: the other end sees the end now."""
    if hasattr(socket, "AF_UNIX"):
        try:
            with _socket(connection) as channel:
                channel.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other end is gone
            pass
    connection.close()
