"""Reader of the IDX format (MNIST's), plain or compressed, that names every damage it meets."""

from __future__ import annotations

import gzip
import lzma
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from facula.core import Tensor, from_numpy

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LIMIT = 1 << 33  # bytes: no IDX file in use is near it, a damaged header easily is

_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7": lzma.open}


class DamagedFileError(RuntimeError):
    """A file of a data set is not what it should be; the message names it and says what to do."""

    def __init__(self, path: str | os.PathLike[str], what: str) -> None:
        super().__init__(f"{path}: {what}: delete the file and download or copy it again")


def read_idx(path: str | os.PathLike[str]) -> Tensor:
    """The array in an IDX file: a type, up to 255 sizes, and the big-endian values.

    Parameters
    ----------
    path : str or Path
        The file; gzip and xz are recognised by their first bytes, not by the name.

    Returns
    -------
    Tensor
        In the file's dtype and shape.

    Raises
    ------
    DamagedFileError
        If the file is truncated, damaged, longer than its header says, or no IDX file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from facula.vision.datasets.idx import read_idx
    >>> path = pathlib.Path(tempfile.mkdtemp(), "three")
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 10, 20, 30]))
    >>> read_idx(path)
    tensor([10, 20, 30], dtype=facula.uint8)
    """
    path = Path(path)
    with path.open("rb") as file:
        start = file.read(2)
    if path.suffix in (".gz", ".xz") and start not in _OPENERS:
        raise DamagedFileError(path, _what_instead(path, "a compressed file"))
    try:
        with _OPENERS.get(start, open)(path, "rb") as file:
            return from_numpy(_read(path, file))
    except EOFError:
        raise DamagedFileError(path, f"truncated after {path.stat().st_size} bytes "
                               "(half downloaded?)") from None
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DamagedFileError(path, f"the compressed data is damaged ({error})") from None


def _read(path: Path, file: IO[bytes]) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not magic[3]:
        raise DamagedFileError(path, _what_instead(path, "an IDX file", magic))
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DamagedFileError(path, "truncated within its header (half downloaded?)")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    dtype = np.dtype(TYPES[magic[2]])
    want = math.prod(shape) * dtype.itemsize
    if want > LIMIT:
        raise DamagedFileError(path, f"its header claims {want} bytes for shape {shape}")
    body = file.read(want + 1)
    if len(body) != want:
        have = f"only {len(body)}" if len(body) < want else "more"
        raise DamagedFileError(path, f"holds {have} bytes of data, but its header says "
                               f"shape {shape}, {want} bytes")
    return np.frombuffer(bytearray(body), dtype).reshape(shape)


def _what_instead(path: Path, wanted: str, magic: bytes | None = None) -> str:
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        return "the file is empty"
    if start.lstrip()[:1] == b"<":
        return f"holds a web page instead of {wanted} (an error page, saved under this name?)"
    return f"is not {wanted}: it begins with bytes {(magic or start)[:4].hex(' ')}"
