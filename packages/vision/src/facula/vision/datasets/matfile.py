"""Reading of MATLAB's files of version 5: numbers, texts, cells and structures; no code runs."""

from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from facula.vision.datasets.archives import MAX_RATIO, SLACK
from facula.vision.datasets.idx import DamagedFileError

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
            13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8",
            15: "u8"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR = 1, 2, 4
_DEEPEST = 16


def read_mat(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The variables of a file: arrays, texts, lists (cells), dicts or lists of dicts (structures).

    Raises
    ------
    DamagedFileError
        If the file is damaged, of another version, or unpacks to far more than its size.
    """
    path = Path(path)
    data = path.read_bytes()
    if data[:8] == b"\x89HDF\r\n\x1a\n" or data[:20].startswith(b"MATLAB 7.3"):
        raise DamagedFileError(path, "is of version 7.3 (HDF5), not of version 5")
    if len(data) < 128 or data[126:128] not in (b"IM", b"MI"):
        raise DamagedFileError(path, "is no MATLAB file of version 5")
    reader = _Reader(path, "<" if data[126:128] == b"IM" else ">",
                     MAX_RATIO * len(data) + SLACK)
    found: dict[str, Any] = {}
    try:
        at = 128
        while at < len(data):
            kind, body, at = reader.element(data, at, padded=False)
            if kind == _COMPRESSED:
                kind, body, _ = reader.element(reader.unpacked(body), 0)
            if kind == _MATRIX:
                name, value = reader.matrix(body, 0)
                found[name] = value
    except (struct.error, ValueError, zlib.error, IndexError, KeyError, UnicodeError) as error:
        raise DamagedFileError(path, f"is damaged ({error})") from None
    return found


class _Reader:
    """One file's byte order, and how much it may still unpack."""

    def __init__(self, path: Path, order: str, budget: int) -> None:
        self.path = path
        self.order = order
        self.budget = budget

    def unpacked(self, body: bytes) -> bytes:
        """The bytes of a compressed element."""
        machine = zlib.decompressobj()
        out = machine.decompress(body, self.budget + 1)
        if len(out) > self.budget:
            raise DamagedFileError(self.path, f"unpacks to more than {MAX_RATIO} times its size: "
                                   "refused as a bomb")
        if not machine.eof:
            raise ValueError("the compressed data ends early")
        self.budget -= len(out)
        return out

    def element(self, data: bytes, at: int, padded: bool = True) -> tuple[int, bytes, int]:
        """The kind and the bytes of the element at a position, and the next position."""
        kind, size = struct.unpack_from(self.order + "II", data, at)
        if kind >> 16:  # up to four bytes stand in the tag itself
            kind, size = kind & 0xFFFF, kind >> 16
            if size > 4:
                raise ValueError(f"a short element of {size} bytes")
            return kind, data[at + 4:at + 4 + size], at + 8
        body = data[at + 8:at + 8 + size]
        if len(body) != size:
            raise ValueError(f"an element of {size} bytes ends after {len(body)}")
        return kind, body, at + 8 + (-(-size // 8) * 8 if padded else size)

    def numbers(self, kind: int, body: bytes) -> np.ndarray:
        """Numbers as they are stored."""
        return np.frombuffer(body, self.order + _NUMBERS[kind])

    def matrix(self, data: bytes, depth: int) -> tuple[str, Any]:
        """A variable's name and value."""
        if depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} deep")
        if not data:
            return "", np.zeros((0, 0))
        kind, body, at = self.element(data, 0)
        flags = int(self.numbers(kind, body)[0])
        kind, body, at = self.element(data, at)
        shape = tuple(int(n) for n in self.numbers(kind, body))
        _, body, at = self.element(data, at)
        name = body.decode("latin-1")
        count = math.prod(shape)
        if min(shape, default=0) < 0 or count > self.budget + len(data):
            raise ValueError(f"impossible sizes {shape}")
        what = flags & 0xFF
        if what == _CELL:
            return name, self._inner(data, at, count, depth)[0]
        if what == _STRUCT:
            return name, self._structure(data, at, count, depth)
        kind, body, at = self.element(data, at)
        if what == _CHAR:
            end = "-le" if self.order == "<" else "-be"
            coding = _TEXTS[kind]
            return name, body.decode(coding + end if coding in ("utf-16", "utf-32") else coding)
        values = self.numbers(kind, body)
        if values.size != count or flags & 0x800:
            raise ValueError(f"{name or 'a variable'} has {values.size} real numbers for sizes "
                             f"{shape}")
        return name, values.astype(_CLASSES[what]).reshape(shape, order="F")

    def _inner(self, data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
        values = []
        for _ in range(count):
            kind, body, at = self.element(data, at)
            if kind != _MATRIX:
                raise ValueError(f"kind {kind} within a cell or structure")
            values.append(self.matrix(body, depth + 1)[1])
        return values, at

    def _structure(self, data: bytes, at: int, count: int, depth: int) -> Any:
        kind, body, at = self.element(data, at)
        width = int(self.numbers(kind, body)[0])
        _, body, at = self.element(data, at)
        if width < 1:
            raise ValueError(f"names of {width} bytes")
        names = [body[i:i + width].split(b"\0")[0].decode("latin-1")
                 for i in range(0, len(body), width)]
        rows = []
        for _ in range(count):
            values, at = self._inner(data, at, len(names), depth)
            rows.append(dict(zip(names, values, strict=True)))
        return rows[0] if count == 1 else rows
