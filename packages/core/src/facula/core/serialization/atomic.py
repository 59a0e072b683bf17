"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: str | bytes | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends without an error.

    It is written beside its final place and flushed to the disk before it is renamed, so that
    neither an error, nor a full disk, nor a crash leaves half a file or destroys the old one. What
    is no regular file, such as a pipe, is written directly.

    Parameters
    ----------
    path : path

    Yields
    ------
    binary file
    """
    target = os.path.realpath(os.fsdecode(path))
    try:
        mode: int | None = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with open(target, "wb", buffering=0) as file:
            yield file  # type: ignore[misc]
        return
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb", buffering=0) as file:
            yield file  # type: ignore[misc]
            os.fsync(file.fileno())
        if mode is not None:
            with contextlib.suppress(OSError):  # a file system without modes
                os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
