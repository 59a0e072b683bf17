"""Downloading of files: mirrors, resuming, checksums, progress, and nothing half-written."""

from __future__ import annotations

import hashlib
import http.client
import os
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CHUNK = 1 << 18
Progress = Callable[[int, "int | None"], None]


def download_url(url: str | Sequence[str], root: str | os.PathLike[str],
                 filename: str | os.PathLike[str] | None = None, md5: str | None = None,
                 max_redirect_hops: int = 3, *, sha256: str | None = None,
                 progress: Progress | None = None, timeout: float = 30.0,
                 attempts: int = 3, again: bool = False) -> Path:
    """Fetch a file, unless it is there with the right checksum.

    The bytes go to ``filename.part``, which takes the final name only when it is complete and its
    checksum is right. After an interruption a file with a known checksum continues where it
    stopped; one without starts anew, since nothing would tell whether the halves fit.

    Parameters
    ----------
    url : str or sequence of str
        Where it is; several addresses are tried in turn.
    root : str or Path
        The folder for it, made if need be.
    filename : str, optional
        Its name there; by default the last part of the address.
    md5, sha256 : str, optional
        The checksum in hexadecimal, or its first digits.
    max_redirect_hops : int
        How many redirections to follow.
    progress : callable, optional
        Called as ``progress(bytes so far, bytes in all or None)``; by default a bar on a terminal,
        if tqdm is installed.
    timeout : float
        Seconds without a byte after which the connection counts as lost.
    attempts : int
        How often to try each address.
    again : bool
        Fetch it though it is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RuntimeError
        If no address gives the file; the message tells of each.

    Examples
    --------
    >>> import hashlib, pathlib, tempfile
    >>> from facula.core.download import download_url
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "there.txt").write_bytes(b"facula")
    >>> md5 = hashlib.md5(b"facula").hexdigest()
    >>> download_url("http://localhost/there.txt", folder, md5=md5).name  # it is there already
    'there.txt'
    """
    urls = [url] if isinstance(url, str) else list(url)
    path = Path(root).expanduser() / (filename or _name_of(urls[0]))
    sums = {name: value for name, value in (("md5", md5), ("sha256", sha256)) if value}
    if not again and path.is_file() and not _wrong_sum(path, sums):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for address in urls:
        for _ in range(attempts):
            try:
                _fetch(address, path, sums, max_redirect_hops, timeout, progress)
                return path
            except _LostError as lost:
                failure = f"{address}: {lost}"
            except (OSError, http.client.HTTPException, ValueError) as error:
                failures.append(f"{address}: {error}")
                break
        else:
            failures.append(failure)
    raise RuntimeError(f"download_url: can't fetch {path.name}: " + "; ".join(failures))


class _LostError(Exception):
    """The transfer broke off, or what came is damaged: trying again may help."""


def _name_of(url: str) -> str:
    name = os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(url).path))
    if not name or name in (".", ".."):
        raise ValueError(f"download_url: the address names no file: {url}: give filename")
    return name


def _fetch(url: str, path: Path, sums: dict[str, str], hops: int, timeout: float,
           progress: Progress | None) -> None:
    # Only what is checked can be continued; else nobody else may write to the same part.
    mark = "part" if sums else f"{secrets.token_hex(4)}.part"
    part = path.with_name(f"{path.name}.{mark}")
    have = part.stat().st_size if sums and part.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "facula"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    redirects = type("Redirects", (urllib.request.HTTPRedirectHandler,), {"max_redirections": hops})
    opener = urllib.request.build_opener(redirects)
    try:
        response = opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing is left to fetch, or the part is another file's
            return _finish(part, path, sums)
        raise
    try:
        _receive(response, part, have, path.name, progress)
    except BaseException:
        if not sums:
            part.unlink(missing_ok=True)
        raise
    _finish(part, path, sums)


def _receive(response: Any, part: Path, have: int, name: str, progress: Progress | None) -> None:
    """Write what comes to the part, after the bytes that it has."""
    with response:
        if have and (response.status != 206 or not str(
                response.headers.get("Content-Range", "")).startswith(f"bytes {have}-")):
            have = 0
        length = response.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        with part.open("ab" if have else "wb") as file, _Reporter(name, progress) as report:
            try:
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    report(file.tell(), total)
            except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
                raise _LostError(f"the connection broke after {file.tell()} bytes "
                                 f"({type(error).__name__})") from None
    size = part.stat().st_size
    if total is not None and size != total:
        raise _LostError(f"only {size} of {total} bytes came")


def _finish(part: Path, path: Path, sums: dict[str, str]) -> None:
    wrong = _wrong_sum(part, sums)
    if wrong:
        part.unlink()
        raise _LostError(wrong)
    os.replace(part, path)


def _wrong_sum(path: Path, sums: dict[str, str]) -> str:
    """What is wrong with the file's checksums; empty if nothing is."""
    for name, want in sums.items():
        with path.open("rb") as file:
            got = hashlib.file_digest(file, name).hexdigest()
        if not got.startswith(want.lower()):
            return f"its {name} is {got}, not {want}"
    return ""


class _Reporter:
    """Calls the caller's progress function, or draws a bar on a terminal if tqdm is there."""

    def __init__(self, name: str, progress: Progress | None) -> None:
        self.name = name
        self.progress = progress
        self.bar: Any = None

    def __enter__(self) -> _Reporter:
        if self.progress is None and sys.stderr.isatty():
            try:
                from tqdm import tqdm
            except ImportError:
                return self
            self.bar = tqdm(desc=self.name, unit="B", unit_scale=True, unit_divisor=1024)
        return self

    def __call__(self, done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(done, total)
        elif self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()


def calculate_md5(fpath: str | os.PathLike[str], chunk_size: int = 1 << 20) -> str:
    """The MD5 checksum of a file, in hexadecimal.

    Examples
    --------
    >>> import os
    >>> from facula.core.download import calculate_md5
    >>> calculate_md5(os.devnull)
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def check_md5(fpath: str | os.PathLike[str], md5: str) -> bool:
    """Whether a file has this MD5 checksum."""
    return calculate_md5(fpath) == md5.lower()


def check_integrity(fpath: str | os.PathLike[str], md5: str | None = None) -> bool:
    """Whether there is such a file, with this MD5 checksum if one is given."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))
