"""Helpers of the data sets, under torchvision's names: downloading, unpacking, listing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from facula.core.download import (
    calculate_md5,
    check_integrity,
    check_md5,
    download_url,
)
from facula.vision.datasets.archives import ArchiveError, extract_archive

__all__ = ["download_url", "download_and_extract_archive", "extract_archive", "ArchiveError",
           "calculate_md5", "check_md5", "check_integrity", "list_dir", "list_files",
           "verify_str_arg"]


def download_and_extract_archive(
        url: str, download_root: str | os.PathLike[str],
        extract_root: str | os.PathLike[str] | None = None,
        filename: str | os.PathLike[str] | None = None, md5: str | None = None,
        remove_finished: bool = False) -> None:
    """Fetch an archive with :func:`download_url` and unpack it with :func:`extract_archive`.

    Parameters
    ----------
    url : str
        Where it is.
    download_root : str or Path
        The folder for the archive.
    extract_root : str or Path, optional
        The folder for its contents; by default the same.
    filename, md5
        As for :func:`download_url`.
    remove_finished : bool
        Delete the archive afterwards.
    """
    path = download_url(url, download_root, filename, md5)
    extract_archive(path, path.parent if extract_root is None else extract_root, remove_finished)


def list_dir(root: str | os.PathLike[str], prefix: bool = False) -> list[str]:
    """The folders in a folder, sorted; with ``prefix`` as whole paths."""
    return [str(p) if prefix else p.name for p in sorted(Path(root).iterdir()) if p.is_dir()]


def list_files(root: str | os.PathLike[str], suffix: str, prefix: bool = False) -> list[str]:
    """The files in a folder whose names end in ``suffix``, sorted; with ``prefix`` whole paths."""
    return [str(p) if prefix else p.name for p in sorted(Path(root).iterdir())
            if p.is_file() and p.name.endswith(suffix)]


def verify_str_arg(value: str, arg: str | None = None, valid_values: Iterable[str] | None = None,
                   custom_msg: str | None = None) -> str:
    """The value, if it is one of the valid ones.

    Raises
    ------
    ValueError
        If it is not; the message lists them.

    Examples
    --------
    >>> from facula.vision.datasets.utils import verify_str_arg
    >>> verify_str_arg("tset", "split", ("train", "test"))
    Traceback (most recent call last):
    ValueError: split: unknown value 'tset': use one of 'train', 'test'
    """
    allowed = None if valid_values is None else tuple(valid_values)
    if not isinstance(value, str) or (allowed is not None and value not in allowed):
        raise ValueError(custom_msg or f"{arg or 'value'}: unknown value {value!r}: use one of "
                         + ", ".join(map(repr, allowed or ())))
    return value
