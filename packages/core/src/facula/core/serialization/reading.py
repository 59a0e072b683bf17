"""``facula.load``: checkpoints of PyTorch and facula, in all formats that PyTorch has had."""

from __future__ import annotations

import io
import json
import mmap as mmap_module
import os
import pickle
from collections.abc import Callable
from typing import Any, BinaryIO

from facula.core.serialization.errors import CheckpointError, guess
from facula.core.serialization.legacy import element_type, read_stream, read_tar, to_native
from facula.core.serialization.rebuild import MissingType, Registry
from facula.core.serialization.storage import Locations, Storage
from facula.core.serialization.unpickler import SafeUnpickler
from facula.core.serialization.writing import LOCATIONS
from facula.core.serialization.zipread import Archive

# A file of legacy format begins with the pickle of a fixed number, in protocol 2.
_LEGACY_LEAD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


class _TrustingUnpickler(pickle.Unpickler):
    """Python's own, which runs whatever a file says, with PyTorch's names made ours."""

    def __init__(self, file: BinaryIO, persistent_load: Callable[[Any], Any],
                 encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self._persistent_load = persistent_load

    def persistent_load(self, saved: Any) -> Any:
        """What a persistent id stands for."""
        return self._persistent_load(saved)

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for: ours where PyTorch's has one, else what can be imported."""
        if module.startswith("torch"):
            value = Registry.globals.get(f"{module}.{name}")
            if isinstance(value, MissingType):
                raise CheckpointError(f"it holds tensors of PyTorch's type {name}, which facula "
                                      "does not have: convert them before saving")
            if value is not None:
                return value
        return super().find_class(module, name)


def load(f: Any, map_location: Any = None, *, weights_only: bool = True, mmap: bool = False,
         encoding: str = "utf-8") -> Any:
    """Load what :func:`facula.save` or ``torch.save`` wrote, in any format PyTorch has had.

    No code of the file runs: names that are not on a list of harmless ones are refused.

    Parameters
    ----------
    f : str, path or binary file
        A file has ``read`` and ``seek``.
    map_location : device, str, dict or callable, optional
        Where tensors go: a device for all; a dict from saved to new places; or a function of a
        storage and its saved place that returns a device, ``storage.cpu()`` or the like, or None.
        Where nothing is said, tensors that facula saved from an OpenCL device go back to that
        device, and all others, from CUDA or MPS too, come to the CPU.
    weights_only : bool
        With False, whatever Python's pickle can rebuild is rebuilt, and the file may run any
        code: only for files whose origin you trust.
    mmap : bool
        Map the file's tensors into memory instead of reading them; nothing is read before it is
        used, writing does not change the file, and checksums are not compared. Needs a path and
        the zip format.
    encoding : str
        How strings that Python 2 pickled are read.

    Returns
    -------
    object

    Raises
    ------
    facula.core.serialization.CheckpointError
        If the file is damaged or no checkpoint; a RuntimeError.
    facula.core.serialization.UnsafeCheckpointError
        If it needs a class or function that is not known to be safe.
    OSError
        If the file can't be read.

    Examples
    --------
    >>> import io, facula
    >>> file = io.BytesIO()
    >>> facula.save([facula.arange(3), "text"], file)
    >>> facula.load(file)
    [tensor([0, 1, 2]), 'text']
    """
    if hasattr(f, "read"):
        if mmap:
            raise ValueError("load: mmap=True needs a path: a file object is given")
        name = repr(getattr(f, "name", None) or type(f).__name__)
        if not hasattr(f, "seek") or (hasattr(f, "seekable") and not f.seekable()):
            f = io.BytesIO(f.read())
        f.seek(0)
        return _load(f, name, map_location, weights_only, mmap, encoding)
    with open(f, "rb", buffering=1 << 16) as file:
        return _load(file, os.fsdecode(f), map_location, weights_only, mmap, encoding)


def _load(file: BinaryIO, name: str, map_location: Any, weights_only: bool, mmap: bool,
          encoding: str) -> Any:
    locations = Locations(map_location, name)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(64)
    file.seek(0)

    def unpickle(part: BinaryIO, persistent_load: Callable[[Any], Any]) -> Any:
        if weights_only:
            return SafeUnpickler(part, persistent_load, encoding).load()
        return _TrustingUnpickler(part, persistent_load, encoding).load()

    try:
        if not size:
            raise CheckpointError("it is empty")
        if head[:4] == b"PK\3\4":
            return _read_zip(file, size, unpickle, locations, mmap)
        if mmap:
            raise CheckpointError("only files in zip format can be mapped: use mmap=False")
        if head.startswith(_LEGACY_LEAD):
            return read_stream(file, size, unpickle, locations)
        if _is_tar(file):
            return read_tar(file, size, unpickle, locations)
        file.seek(0)
        known = guess(head)
        if known:
            raise CheckpointError(f"it is {known}")
        if head[:1] == b"\x80":
            return read_stream(file, size, unpickle, locations)
        raise CheckpointError("it is not a checkpoint: torch.save and facula.save write zip files, "
                              f"but it begins with {head[:12]!r}")
    except CheckpointError as error:
        raise type(error)(f"load: {name}: {error}") from error.__cause__
    except (pickle.UnpicklingError, EOFError, KeyError, IndexError, TypeError, ValueError,
            AttributeError, OverflowError) as error:
        if not weights_only:
            raise
        raise CheckpointError(f"load: {name}: it is damaged ({type(error).__name__}: {error})"
                              ) from error


def _is_tar(file: BinaryIO) -> bool:
    file.seek(257)
    return file.read(5) == b"ustar" and not file.seek(0)


def _read_zip(file: BinaryIO, size: int, unpickle: Any, locations: Locations,
              mmap: bool) -> Any:
    mapped = mmap_module.mmap(file.fileno(), 0, access=mmap_module.ACCESS_COPY) if mmap else None
    archive = Archive(file, size, mapped)
    little = not archive.has("byteorder") or archive.read("byteorder").strip() != b"big"
    places = json.loads(archive.read(LOCATIONS)) if archive.has(LOCATIONS) else {}
    storages: dict[str, Storage] = {}

    def persistent_load(saved: Any) -> Any:
        if not isinstance(saved, tuple) or len(saved) < 5 or saved[0] != "storage":
            raise CheckpointError(f"its pickle refers to {saved!r}, which is no storage")
        _, kind, key, location, n = saved[:5]
        if key not in storages:
            d = element_type(kind)
            if type(n) is not int or n < 0 or type(key) is not str:
                raise CheckpointError(f"a storage has the key {key!r} and {n!r} elements: it is "
                                      "damaged")
            data = archive.array(f"data/{key}", n * (d.itemsize if d else 1))
            to_native(data, d, little)
            storages[key] = locations.place(Storage(data, d, str(places.get(key, location))))
        return storages[key]

    result = unpickle(io.BytesIO(archive.read("data.pkl")), persistent_load)
    archive.finish()
    return result
