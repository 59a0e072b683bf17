"""Writes the zip files that PyTorch writes: stored members whose bytes begin at multiples of 64.

The alignment, which lets a file be mapped instead of read, comes from padding in the extra field
of each member's header. Sizes beyond 4 GiB use the zip64 records.

References
----------
PKWARE, ".ZIP File Format Specification" (APPNOTE), 4.3 and 4.5.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

ALIGNMENT = 64
LIMIT = 0xFFFFFFFF
LARGE = 1 << 18  # bytes from which a checksum is worth the hand-over to another thread
MAX_THREADS = 4  # a checksum runs at about 1 GB/s on each, memory not much faster than four
DATE = 33  # 1 January 1980, the first day that zip can say
FLAGS = 0x800  # names are UTF-8


class ZipWriter:
    """Writes members one after the other; needs nothing of the file but ``write``.

    Parameters
    ----------
    write : callable
        Takes bytes or a memoryview.
    """

    def __init__(self, write: Callable[[Any], Any]) -> None:
        self._write = write
        self._at = 0
        self._entries: list[tuple[bytes, int, int, int]] = []

    def _put(self, data: Any, size: int) -> None:
        self._write(data)
        self._at += size

    def add(self, name: str, data: Any, crc: int | None = None) -> None:
        """Add a member.

        Parameters
        ----------
        name : str
        data : bytes or memoryview of bytes
        crc : int, optional
            Its CRC-32 where that is known already.
        """
        size, encoded = len(data), name.encode()
        if crc is None:
            crc = zlib.crc32(data)
        offset = self._at
        large = size >= LIMIT
        extra = struct.pack("<HHQQ", 1, 16, size, size) if large else b""
        end = offset + 30 + len(encoded) + len(extra) + 4
        padding = -end % ALIGNMENT
        extra += b"FB" + struct.pack("<H", padding) + b"Z" * padding
        short = LIMIT if large else size
        self._put(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45 if large else 20, FLAGS, 0, 0, DATE,
                              crc, short, short, len(encoded), len(extra)) + encoded + extra,
                  30 + len(encoded) + len(extra))
        self._put(data, size)
        self._entries.append((encoded, crc, size, offset))

    def close(self) -> None:
        """Write the directory that ends the file."""
        start = self._at
        for name, crc, size, offset in self._entries:
            wide = b""
            if size >= LIMIT:
                wide += struct.pack("<QQ", size, size)
            if offset >= LIMIT:
                wide += struct.pack("<Q", offset)
            extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
            version = 45 if wide else 20
            record = struct.pack(
                "<4sHHHHHHIIIHHHHHII", b"PK\1\2", version, version, FLAGS, 0, 0, DATE, crc,
                min(size, LIMIT), min(size, LIMIT), len(name), len(extra), 0, 0, 0, 0,
                min(offset, LIMIT)) + name + extra
            self._put(record, len(record))
        count, size, end = len(self._entries), self._at - start, self._at
        if count >= 0xFFFF or size >= LIMIT or start >= LIMIT:
            self._write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size,
                                    start))
            self._write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        self._write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, 0xFFFF),
                                min(count, 0xFFFF), min(size, LIMIT), min(start, LIMIT), 0))
