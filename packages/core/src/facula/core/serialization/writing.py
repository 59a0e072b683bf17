"""``facula.save``: objects with tensors in PyTorch's zip format."""

from __future__ import annotations

import io
import json
import os
import pickle
import sys
import zlib
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from facula.core.backends.cpu.threads import get_num_threads
from facula.core.devices import device
from facula.core.dtypes import dtype
from facula.core.serialization import names
from facula.core.serialization.atomic import replacing
from facula.core.serialization.rebuild import Registry
from facula.core.serialization.storage import extent
from facula.core.serialization.zipwrite import ALIGNMENT, LARGE, MAX_THREADS, ZipWriter
from facula.core.tensor import Size, Tensor

LOCATIONS = ".data/facula_locations"  # storages on OpenCL devices: PyTorch knows "cpu" alone
_PROTOCOL = 2  # PyTorch's; its reader for weights knows no other


class _Memory:
    """The bytes that one storage of the file takes from memory: the hull of some tensors."""

    def __init__(self, tensor: Tensor, low: int, high: int, alone: bool) -> None:
        self.tensor = tensor  # the one with the lowest address
        self.dtype = tensor.dtype
        self.low = low
        self.high = high
        self.alone = alone  # a contiguous copy of just this tensor
        self.key = ""


class _Reference:
    """A storage inside the pickle; the pickler asks for its persistent id."""

    def __init__(self, memory: _Memory) -> None:
        self.memory = memory


def _identity(tensor: Tensor) -> tuple[Any, ...]:
    """What two tensors that are the same elements in memory have in common."""
    data = tensor._data
    return (*extent(tensor), tensor.dtype.name, data.shape, data.strides)


def _fits(tensor: Tensor) -> bool:
    """Whether strides are whole, non-negative numbers of elements, as the format needs them."""
    width = tensor.dtype.itemsize
    return all(s >= 0 and s % width == 0 for s in tensor._data.strides)


def _hulls(tensors: dict[tuple[Any, ...], Tensor]) -> dict[tuple[Any, ...], _Memory]:
    """For each tensor, by its identity, the storage that it will be in.

    Tensors of one dtype whose bytes overlap share a storage. It holds what lies between their
    first and their last byte, and nothing else of the memory that they may be views of.
    """
    found: dict[tuple[Any, ...], _Memory] = {}
    spans = []
    for identity, tensor in tensors.items():
        owner, low, high, name = identity[:4]
        if low == high or not _fits(tensor):
            found[identity] = _Memory(tensor, 0, tensor.numel() * tensor.dtype.itemsize, True)
        else:
            spans.append((str(owner), name, low, high, identity))
    last, group = None, None
    for owner, name, low, high, identity in sorted(spans, key=lambda span: span[:3]):
        tensor = tensors[identity]
        if (last is None or group != (owner, name) or low >= last.high
                or (low - last.low) % tensor.dtype.itemsize):
            last, group = _Memory(tensor, low, high, False), (owner, name)
        last.high = max(last.high, high)
        found[identity] = last
    return found


class _Collector(pickle.Pickler):
    """A first pass that only gathers the tensors."""

    def __init__(self) -> None:
        super().__init__(_Nowhere(), _PROTOCOL)
        self.tensors: dict[tuple[Any, ...], Tensor] = {}

    def reducer_override(self, value: Any) -> Any:
        """Take tensors out; the rest as in the second pass."""
        reduce = Registry.reducers.get(type(value))
        if reduce is not None:
            return reduce(value)
        if isinstance(value, Tensor):
            self.tensors[_identity(value)] = value
            return list, ()
        return _plain(value)


class _Nowhere:
    def write(self, data: bytes) -> int:
        """Forget the data."""
        return len(data)


class _Writer(pickle.Pickler):
    """The second pass: tensors become PyTorch's call on a storage."""

    def __init__(self, file: Any, memories: dict[tuple[Any, ...], _Memory]) -> None:
        super().__init__(file, _PROTOCOL)
        self._memories = memories
        self.order: list[_Memory] = []

    def persistent_id(self, value: Any) -> Any:
        """What stands for a storage."""
        if type(value) is not _Reference:
            return None
        memory = value.memory
        if not memory.key:
            memory.key = str(len(self.order))
            self.order.append(memory)
        typed = names.STORAGE_OF.get(memory.dtype)
        nbytes = memory.high - memory.low
        if typed is None:
            return "storage", names.UntypedStorage, memory.key, "cpu", nbytes
        return "storage", typed, memory.key, "cpu", nbytes // memory.dtype.itemsize

    def reducer_override(self, value: Any) -> Any:
        """How tensors, shapes, dtypes and devices are written."""
        reduce = Registry.reducers.get(type(value))
        if reduce is not None:
            return reduce(value)
        return self._tensor(value) if isinstance(value, Tensor) else _plain(value)

    def _tensor(self, value: Tensor) -> Any:
        memory = self._memories[_identity(value)]
        shape = tuple(value.shape)
        offset, strides = 0, _contiguous(shape)
        if not memory.alone:
            offset = (extent(value)[1] - memory.low) // memory.dtype.itemsize
            strides = value.stride()
        told: tuple[Any, ...] = (_Reference(memory), offset, shape, strides, value.requires_grad,
                                 OrderedDict())
        if value.dtype in names.STORAGE_OF:
            return names._rebuild_tensor_v2, told
        return names._rebuild_tensor_v3, (*told, value.dtype)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    steps, step = [], 1
    for n in reversed(shape):
        steps.append(step)
        step *= max(n, 1)
    return tuple(reversed(steps))


def _plain(value: Any) -> Any:
    """How values beside tensors are written under PyTorch's names."""
    kind = type(value)
    if kind is Size:
        return names.Size, (tuple(value),)
    if kind is dtype:
        return "bool_" if value.name == "bool" else value.name
    if kind is device:
        return names.device, ((value.type,) if value.index is None else (value.type, value.index))
    return NotImplemented


def _bytes_of(memory: _Memory) -> np.ndarray:
    """The bytes of a storage, on the host."""
    tensor = memory.tensor
    backend = tensor._kind.backend
    data = tensor._data
    if not memory.alone:
        width = memory.dtype.itemsize
        data = backend.as_strided(data, ((memory.high - memory.low) // width,), (width,), 0)
    return np.ascontiguousarray(backend.to_numpy(data)).reshape(-1).view(np.uint8)


def _with_checksums(memories: list[_Memory]) -> Iterator[tuple[memoryview, int]]:
    """The bytes and the CRC-32 of each storage, large ones computed while others are written."""
    def prepare(memory: _Memory) -> tuple[memoryview, int]:
        data = _bytes_of(memory)
        view = data.data if data.size else memoryview(b"")
        return view, zlib.crc32(view)

    threads = min(MAX_THREADS, get_num_threads())
    ahead: deque[Any] = deque()  # bytes and checksum, or a promise of them
    with ThreadPoolExecutor(threads, "facula-save") as pool:
        for memory in memories:
            large = memory.high - memory.low >= LARGE
            ahead.append(pool.submit(prepare, memory) if large else prepare(memory))
            if len(ahead) > threads:
                yield _kept(ahead.popleft())
        while ahead:
            yield _kept(ahead.popleft())


def _kept(promised: Any) -> tuple[memoryview, int]:
    return promised.result() if isinstance(promised, Future) else promised


def _write_zip(write: Any, prefix: str, pickled: bytes, memories: list[_Memory]) -> None:
    archive = ZipWriter(write)
    archive.add(f"{prefix}/data.pkl", pickled)
    archive.add(f"{prefix}/.format_version", b"1")
    archive.add(f"{prefix}/.storage_alignment", str(ALIGNMENT).encode())
    archive.add(f"{prefix}/byteorder", sys.byteorder.encode())
    places = {m.key: str(m.tensor.device) for m in memories if m.tensor.is_opencl}
    if places:
        archive.add(f"{prefix}/{LOCATIONS}", json.dumps(places).encode())
    digest = zlib.crc32(pickled)
    for memory, (data, crc) in zip(memories, _with_checksums(memories), strict=True):
        archive.add(f"{prefix}/data/{memory.key}", data, crc)
        digest = zlib.crc32(crc.to_bytes(4, "little"), digest)
    archive.add(f"{prefix}/version", b"3\n")
    archive.add(f"{prefix}/.data/serialization_id", f"{digest:040d}".encode())
    archive.close()


def _write_all(file: Any, data: Any) -> None:
    """``write`` until nothing is left: raw files may take a part."""
    view = memoryview(data)
    while len(view):
        done = file.write(view)
        view = view[len(view) if done is None else done:]


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2,
         _use_new_zipfile_serialization: bool = True) -> None:
    """Save an object with its tensors in PyTorch's format, so that ``torch.load`` opens it too.

    Views and tensors that share memory share it again when loaded. Of a view's memory only the
    part that tensors in ``obj`` cover is written. A file takes its place at once when it is
    complete; an error leaves what was there before.

    Parameters
    ----------
    obj : object
        Tensors in dicts, lists and other containers; anything that ``pickle`` takes, though what
        is no plain data is loaded with ``weights_only=False`` only.
    f : str, path or binary file
        Where to; a file needs the method ``write``.
    pickle_module, pickle_protocol
        Accepted for compatibility: it is Python's ``pickle``, with protocol 2.
    _use_new_zipfile_serialization : bool
        Only the zip format is written; all formats are read.

    Raises
    ------
    ValueError
        If the format from before PyTorch 1.6 is asked for.
    OSError
        If the file can't be written.
    pickle.PicklingError, TypeError, AttributeError
        If a part of the object can't be pickled.

    Examples
    --------
    >>> import io, facula
    >>> file = io.BytesIO()
    >>> facula.save({"weight": facula.ones(2), "epoch": 3}, file)
    >>> facula.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    if not _use_new_zipfile_serialization:
        raise ValueError("save: _use_new_zipfile_serialization=False: only the zip format is "
                         "written, which PyTorch 1.6 and later read")
    collector = _Collector()
    collector.dump(obj)
    stream = io.BytesIO()
    writer = _Writer(stream, _hulls(collector.tensors))
    writer.dump(obj)
    pickled = stream.getvalue()
    if hasattr(f, "write"):
        _write_zip(lambda data: _write_all(f, data), "archive", pickled, writer.order)
        return
    name = os.path.splitext(os.path.basename(os.fsdecode(f)))[0]
    prefix = name if name and name.isascii() else "archive"
    with replacing(f) as file:
        _write_zip(lambda data: _write_all(file, data), prefix, pickled, writer.order)
