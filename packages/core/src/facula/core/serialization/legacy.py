"""Reads PyTorch's formats from before the zip files: one stream of pickles, and before that tar."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from facula.core.devices import CPU
from facula.core.dtypes import dtype
from facula.core.serialization.errors import CheckpointError
from facula.core.serialization.names import StorageType
from facula.core.serialization.storage import Locations, Storage
from facula.core.serialization.zipread import fill

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

Unpickle = Callable[[BinaryIO, Callable[[Any], Any]], Any]


def _text(value: Any) -> Any:
    return value.decode("ascii") if isinstance(value, bytes) else value


def element_type(kind: Any) -> dtype | None:
    """The element type that a storage class in a file means; None for bytes.

    Raises
    ------
    CheckpointError
        If it is no storage class.
    """
    if not isinstance(kind, StorageType):
        raise CheckpointError(f"a storage has the type {kind!r}, which is no storage class")
    return kind.dtype


def _no_storage(saved: Any) -> Any:
    raise CheckpointError("its pickle names a storage where there can be none")


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise CheckpointError(f"a storage has {value!r} elements, which is no size")
    return value


def read_stream(file: BinaryIO, size: int, unpickle: Unpickle, locations: Locations) -> Any:
    """The object in a stream: three pickles of facts, the object, the keys, and the storages."""
    if unpickle(file, _no_storage) != MAGIC:
        raise CheckpointError("it is a pickle, but not a checkpoint: it was not written by "
                              "torch.save or facula.save")
    version = unpickle(file, _no_storage)
    if version != VERSION:
        raise CheckpointError(f"its format has version {version!r}; {VERSION} is known")
    facts = unpickle(file, _no_storage)
    little = not isinstance(facts, dict) or facts.get("little_endian", True)
    storages: dict[Any, Storage] = {}
    views: dict[Any, Storage] = {}
    wanted: dict[Any, Any] = {}
    total = 0

    def persistent_load(saved: Any) -> Any:
        nonlocal total
        kind = _text(saved[0])
        if kind == "module":  # source code of a class, kept for a warning
            return saved[1]
        if kind != "storage":
            raise CheckpointError(f"it refers to a {kind!r}, which is not known")
        _, storage_type, key, location, n, view = saved
        key, d = _text(key), element_type(storage_type)
        width = d.itemsize if d else 1
        if key not in storages:
            total += _count(n) * width
            if total > size:
                raise CheckpointError("its tensors need more bytes than the file has: it was "
                                      "probably not copied or downloaded to its end; get it again")
            storages[key] = Storage(np.empty(n * width, np.uint8), d, _text(location))
            wanted[key] = locations.place(storages[key]).device
            storages[key].device = CPU
        if view is None:
            return storages[key]
        view_key, offset, length = _text(view[0]), _count(view[1]), _count(view[2])
        if view_key not in views:
            views[view_key] = _part(storages[key], offset * width, length * width)
        return views[view_key]

    start = file.tell()
    result = unpickle(file, persistent_load)
    for key in unpickle(file, _no_storage):
        storage = storages[_text(key)]
        (n,) = struct.unpack("<q", _exactly(file, 8))
        width = storage.dtype.itemsize if storage.dtype else 1
        if n * width != storage.bytes.size:
            raise CheckpointError(f"a storage has {n} elements where the tensors need "
                                  f"{storage.bytes.size // width}: it is damaged")
        fill(file, storage.bytes)
        to_native(storage.bytes, storage.dtype, little)
    if any(place is not CPU for place in wanted.values()):
        # The bytes stand behind the object in the file, so what was built is on the CPU. Now that
        # they are here, build it again where it belongs.
        for key, storage in storages.items():
            storage.device = wanted[key]
        views.clear()
        file.seek(start)
        result = unpickle(file, persistent_load)
    return result


def _part(root: Storage, start: int, n: int) -> Storage:
    if start + n > root.bytes.size:
        raise CheckpointError("a part of a storage goes beyond its end: the file is damaged")
    part = Storage(root.bytes[start:start + n], root.dtype, root.location)
    part.device = root.device
    return part


def to_native(bytes: np.ndarray, d: dtype | None, little: bool) -> None:
    """Exchange the bytes of each number where the file was written on another kind of machine."""
    if d is None or little == (sys.byteorder == "little"):
        return
    width = d.itemsize // 2 if d.is_complex else d.itemsize
    parts = bytes.reshape(-1, width)
    parts[:] = parts[:, ::-1].copy()


def _exactly(file: BinaryIO, n: int) -> bytes:
    out = np.empty(n, np.uint8)
    fill(file, out)
    return out.tobytes()


def read_tar(file: BinaryIO, size: int, unpickle: Unpickle, locations: Locations) -> Any:
    """The object in a tar file, the format of 2016: storages, tensors, and the pickle."""
    import tarfile  # rarely needed, and slow to import

    objects: dict[Any, Any] = {}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        def member(name: str) -> BinaryIO:
            try:
                found = tar.extractfile(name)
            except KeyError:
                found = None
            if found is None:
                raise CheckpointError(f"it is a tar archive, but not a checkpoint: there is no "
                                      f"{name!r} in it")
            return found  # type: ignore[return-value]

        part = member("storages")
        for _ in range(_count(unpickle(part, _no_storage))):
            key, location, kind = unpickle(part, _no_storage)
            d = element_type(kind)
            (n,) = struct.unpack("<q", _exactly(part, 8))
            nbytes = _count(n) * (d.itemsize if d else 1)
            if nbytes > size:
                raise CheckpointError("its tensors need more bytes than the file has")
            storage = Storage(np.empty(nbytes, np.uint8), d, _text(location))
            fill(part, storage.bytes)
            to_native(storage.bytes, d, True)
            objects[key] = locations.place(storage)
        for key, root, offset, n in unpickle(part, _no_storage):
            width = objects[root].dtype.itemsize
            objects[key] = _part(objects[root], _count(offset) * width, _count(n) * width)

        part = member("tensors")
        for _ in range(_count(unpickle(part, _no_storage))):
            key, storage_key, _ = unpickle(part, _no_storage)
            ndim, _ = struct.unpack("<ii", _exactly(part, 8))
            if not 0 <= ndim <= 64:
                raise CheckpointError(f"a tensor has {ndim} dimensions: it is damaged")
            *numbers, offset = struct.unpack(f"<{2 * ndim + 1}q", _exactly(part, 16 * ndim + 8))
            storage = objects[storage_key]
            objects[key] = storage.tensor(storage.dtype, offset, tuple(numbers[:ndim]),
                                          tuple(numbers[ndim:]))

        def persistent_load(saved: Any) -> Any:
            return saved[0] if isinstance(saved, tuple) else objects[int(saved)]

        return unpickle(member("pickle"), persistent_load)
