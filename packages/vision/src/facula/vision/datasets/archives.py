"""Unpacking of archives: nothing leaves the folder, nothing is half-written, no bombs."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import posixpath
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

MAX_RATIO = 250  # an archive may not unpack to more than this many times its size
SLACK = 64 << 20  # ... and this many bytes

_SINGLE: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_MAGIC: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open, b"BZh": bz2.open}
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error,
           EOFError, NotImplementedError, struct.error, UnicodeDecodeError)
# What damage shows as besides: bz2's errors have no number, positions and names make no sense.
_NUMBERS = (None, errno.EINVAL, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


class ArchiveError(RuntimeError):
    """An archive is damaged, or holds what must not be unpacked."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"extract_archive: {path}: {what}")


def extract_archive(from_path: str | os.PathLike[str],
                    to_path: str | os.PathLike[str] | None = None,
                    remove_finished: bool = False) -> str:
    """Unpack a tar or zip archive, or a single compressed file, by the ending of its name.

    Everything is unpacked beside the target first and moved into place only when all of it is
    there. Names that lead out of the folder, links, devices, and archives that would unpack to
    more than 250 times their size are refused.

    Parameters
    ----------
    from_path : str or Path
        The archive: .zip, .tar, .tar.gz, .tgz, .tar.xz, .tar.bz2 or their short forms; .gz, .xz
        and .bz2 are single files.
    to_path : str or Path, optional
        The folder (or, for a single file, the file) to make; by default the archive's folder.
    remove_finished : bool
        Delete the archive afterwards.

    Returns
    -------
    str
        The folder, or the single file.

    Raises
    ------
    ArchiveError
        If the archive is damaged or unsafe; then nothing has been written.
    ValueError
        If the ending is unknown.

    Examples
    --------
    >>> import pathlib, tempfile, zipfile
    >>> from facula.vision.datasets.utils import extract_archive
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(folder / "a.zip", "w") as archive:
    ...     archive.writestr("inner/b.txt", "facula")
    >>> _ = extract_archive(folder / "a.zip")
    >>> (folder / "inner" / "b.txt").read_text()
    'facula'
    """
    source = Path(from_path)
    name = source.name.lower()
    is_zip, is_tar = name.endswith(".zip"), name.endswith(_TAR)
    if not is_zip and not is_tar and source.suffix.lower() not in _SINGLE:
        raise ValueError(f"extract_archive: unknown kind of archive: {source}: use .zip, "
                         ".tar(.gz, .xz, .bz2), .gz, .xz or .bz2")
    single = not (is_zip or is_tar)
    target = Path(to_path) if to_path is not None else (
        source.with_suffix("") if single else source.parent)
    folder = target.parent if single else target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as aside:
        try:
            if single:
                _copy_single(source, Path(aside) / target.name)
            else:
                for inner, file in (_zip_members if is_zip else _tar_members)(source):
                    _write(file, Path(aside) / inner)
        except (*_BROKEN, OSError) as error:
            if not isinstance(error, _BROKEN) and getattr(error, "errno", None) not in _NUMBERS:
                raise
            raise ArchiveError(source, f"the archive is damaged ({error}): delete it and download "
                               "it again") from None
        _move_into(Path(aside), folder)
    if remove_finished:
        source.unlink()
    return str(target)


class _Budget:
    """How much may still be unpacked."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.left = MAX_RATIO * source.stat().st_size + SLACK

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ArchiveError(self.source, f"unpacks to more than {MAX_RATIO} times its size: "
                               "refused as a bomb")


def _inner_name(source: Path, name: str) -> str:
    plain = name.replace("\\", "/")
    parts = plain.split("/")
    if plain.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in plain:
        raise ArchiveError(source, f"a member would land outside the folder: {name!r}: refused")
    return posixpath.normpath(plain)


def _zip_members(source: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    with zipfile.ZipFile(source) as archive:
        budget = _Budget(source)
        for member in archive.infolist():
            name = _inner_name(source, member.filename)
            if (member.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000):
                raise ArchiveError(source, f"{member.filename!r} is a link or a device: refused")
            if member.flag_bits & 1:
                raise ArchiveError(source, f"{member.filename!r} is encrypted")
            budget.spend(member.file_size)
            if member.is_dir():
                yield name, None
            else:
                with archive.open(member) as file:
                    yield name, file


class _Watched:
    """A file that remembers what was last read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.last = b""
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        self.last = self.file.read(size)
        return self.last


def _tar_members(source: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    with source.open("rb") as file:
        start = file.read(6)
    opener = next((o for magic, o in _MAGIC.items() if start.startswith(magic)), open)
    with opener(source, "rb") as file:
        watched = _Watched(file)
        yield from _tar_stream(source, watched)
        # tarfile takes a broken or missing header for the end; the real one is a block of zeros
        if watched.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("the end is missing")
        while file.read(1 << 20):  # to the end of the compressed data, where its checksum is
            pass


def _tar_stream(source: Path, file: Any) -> Iterator[tuple[str, IO[bytes] | None]]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        budget = _Budget(source)
        for member in archive:
            name = _inner_name(source, member.name)
            budget.spend(member.size)
            if member.isdir():
                yield name, None
            elif member.isreg():
                file = archive.extractfile(member)
                assert file is not None  # it is for links only
                yield name, file
            else:
                raise ArchiveError(source, f"{member.name!r} is a link or a device: refused")


def _write(file: IO[bytes] | None, path: Path) -> None:
    (path if file is None else path.parent).mkdir(parents=True, exist_ok=True)
    if file is not None:
        with path.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)


def _copy_single(source: Path, path: Path) -> None:
    budget = _Budget(source)
    if source.stat().st_size == 0:
        raise EOFError("the file is empty")
    with _SINGLE[source.suffix.lower()](source, "rb") as file, path.open("wb") as out:
        while chunk := file.read(1 << 20):
            budget.spend(len(chunk))
            out.write(chunk)


def _move_into(aside: Path, folder: Path) -> None:
    """Move what has been unpacked into the folder, joining it with what is there."""
    for entry in aside.iterdir():
        place = folder / entry.name
        if entry.is_dir() and place.is_dir() and not place.is_symlink():
            _move_into(entry, place)
        else:
            os.replace(entry, place)
