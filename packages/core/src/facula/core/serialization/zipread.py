"""Reads the members of a checkpoint's zip file, and trusts none of its numbers."""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

import numpy as np

from facula.core.backends.cpu.threads import get_num_threads
from facula.core.serialization.errors import CheckpointError
from facula.core.serialization.zipwrite import LARGE, MAX_THREADS

# What compressed members may grow to in all. PyTorch does not compress; a file that was packed
# again by hand grows little, as weights do not compress well; a bomb grows a thousandfold.
BOMB_BYTES = 1 << 30
BOMB_RATIO = 20


class Archive:
    """An open checkpoint in zip format.

    Parameters
    ----------
    file : binary file
        It can seek.
    size : int
        Its length.
    mapped : mmap, optional
        The whole file, of which members shall be parts instead of copies.

    Raises
    ------
    CheckpointError
        If it is damaged, or a zip file of another kind.
    """

    def __init__(self, file: BinaryIO, size: int, mapped: mmap.mmap | None = None) -> None:
        self._file = file
        self._size = size
        self._mapped = mapped
        self._read = 0
        self._pool = ThreadPoolExecutor(min(MAX_THREADS, get_num_threads()), "facula-load")
        self._checks: list[Future[None]] = []
        try:
            self._zip = zipfile.ZipFile(file)
            self._members = {i.filename: i for i in self._zip.infolist()}
        except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError,
                LookupError, EOFError, OverflowError) as error:
            raise CheckpointError("it begins like a checkpoint, but its end is missing or damaged "
                                  f"({error}): it was probably not copied or downloaded to its "
                                  "end; get it again") from error
        pickles = [n for n in self._members if n == "data.pkl" or n.endswith("/data.pkl")]
        if not pickles:
            raise CheckpointError("it is a zip archive, but not a checkpoint: there is no data.pkl "
                                  "in it")
        self._prefix = min(pickles, key=len)[:-len("data.pkl")]
        if self.has("constants.pkl"):
            raise CheckpointError("it is a TorchScript archive, a program and not only weights: "
                                  "save the state_dict of the model in PyTorch and load that")

    def finish(self) -> None:
        """Wait for the comparisons of checksums, which another thread makes meanwhile.

        Raises
        ------
        CheckpointError
            If one is wrong.
        """
        self._pool.shutdown()
        for check in self._checks:
            check.result()

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return self._prefix + name in self._members

    def read(self, name: str) -> bytes:
        """A member as bytes."""
        return self.array(name, None).tobytes()

    def array(self, name: str, expected: int | None) -> np.ndarray:
        """A member as an array of bytes, which has ``expected`` of them or it is an error."""
        info = self._members.get(self._prefix + name)
        if info is None:
            raise CheckpointError(f"its part {name} is missing: it is damaged")
        if expected is not None and info.file_size != expected:
            raise CheckpointError(f"its part {name} has {info.file_size} bytes where the tensors "
                                  f"need {expected}: it is damaged")
        if info.flag_bits & 1:
            raise CheckpointError(f"its part {name} is encrypted")
        self._read += info.file_size
        stored = info.compress_type == zipfile.ZIP_STORED
        limit = self._size if stored else max(BOMB_BYTES, BOMB_RATIO * self._size)
        if self._read > limit:
            raise CheckpointError(
                "its parts overlap: together they are longer than the file" if stored else
                f"its compressed parts grow to more than {limit} bytes, far more than a checkpoint "
                "would: unpack it by hand if you trust where it comes from")
        try:
            return self._stored(info) if stored else self._compressed(info)
        except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError,
                NotImplementedError) as error:
            raise CheckpointError(f"its part {name} is damaged ({error})") from error

    def _stored(self, info: zipfile.ZipInfo) -> np.ndarray:
        file, n = self._file, info.file_size
        file.seek(info.header_offset)
        head = file.read(30)
        if len(head) < 30 or head[:4] != b"PK\3\4":
            raise zipfile.BadZipFile("no header where the directory says")
        start = info.header_offset + 30 + sum(struct.unpack("<HH", head[26:]))
        if start + n > self._size:
            raise zipfile.BadZipFile("it goes beyond the end of the file")
        if self._mapped is not None:
            return np.frombuffer(self._mapped, np.uint8, n, start)
        out = np.empty(n, np.uint8)
        file.seek(start)
        fill(file, out)
        if n < LARGE:
            _compare(info, out)
        else:
            self._checks.append(self._pool.submit(_compare, info, out))
        return out

    def _compressed(self, info: zipfile.ZipInfo) -> np.ndarray:
        if info.compress_type != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile(f"compression method {info.compress_type} is not supported")
        out = np.empty(info.file_size, np.uint8)
        with self._zip.open(info) as member:
            fill(member, out)
            if member.read(1):
                raise zipfile.BadZipFile("it is longer than it says")
        return out


def _compare(info: zipfile.ZipInfo, data: np.ndarray) -> None:
    if zlib.crc32(data.data if data.size else b"") != info.CRC:
        raise CheckpointError(f"its part {info.filename} is damaged (the checksum is wrong)")


def fill(file: Any, out: np.ndarray) -> None:
    """Read exactly as many bytes as the array has.

    Raises
    ------
    CheckpointError
        If the file ends before.
    """
    view, n, done = out.data if out.size else memoryview(b""), out.size, 0
    readinto = getattr(file, "readinto", None)
    while done < n:
        if readinto is not None:
            got = readinto(view[done:])
        else:
            data = file.read(n - done)
            got = len(data)
            view[done:done + got] = data
        if not got:
            raise CheckpointError("it ends in the middle of a tensor: it was probably not copied "
                                  "or downloaded to its end; get it again")
        done += got
