"""Published weights: files fetched once, kept in a folder of the user's, checked and loaded."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from facula.core.download import download_url
from facula.core.serialization import load

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "set_dir"]

_HASH = re.compile(r"-([a-f0-9]{8,64})\.")
_chosen: list[Path] = []


def get_dir() -> str:
    """The folder in which fetched files are kept.

    What :func:`set_dir` said; else ``$FACULA_HOME/hub``; else ``facula/hub`` in the user's folder
    for caches, ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Examples
    --------
    >>> import facula.hub
    >>> facula.hub.get_dir().endswith("hub")
    True
    """
    if _chosen:
        return str(_chosen[-1])
    home = os.environ.get("FACULA_HOME")
    if home:
        return str(Path(home).expanduser() / "hub")
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return str(Path(cache).expanduser() / "facula" / "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep fetched files in this folder from now on.

    Examples
    --------
    >>> import facula.hub
    >>> before = facula.hub.get_dir()
    >>> facula.hub.set_dir("/somewhere")
    >>> facula.hub.get_dir()
    '/somewhere'
    >>> facula.hub.set_dir(before)
    """
    _chosen[:] = [Path(d).expanduser()]


def _quietly(done: int, total: int | None) -> None:
    """No bar."""


def download_url_to_file(url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None,
                         progress: bool = True) -> None:
    """Fetch a file to a place of one's own, whole and checked or not at all.

    Parameters
    ----------
    url : str
        Where it is.
    dst : str or Path
        Its place; what is there is replaced.
    hash_prefix : str, optional
        The first digits of its SHA-256; with them a broken transfer continues where it stopped.
    progress : bool
        Draw a bar, on a terminal and if tqdm is installed.

    Raises
    ------
    RuntimeError
        If it can't be fetched, or has another checksum.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from facula.hub import download_url_to_file
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("facula")
    >>> download_url_to_file((folder / "a.txt").as_uri(), folder / "b.txt")
    >>> (folder / "b.txt").read_text()
    'facula'
    """
    path = Path(dst).expanduser()
    download_url(url, path.parent, path.name, sha256=hash_prefix, again=True,
                 progress=None if progress else _quietly)


def load_state_dict_from_url(url: str, model_dir: str | os.PathLike[str] | None = None,
                             map_location: Any = None, progress: bool = True,
                             check_hash: bool = False, file_name: str | None = None,
                             weights_only: bool = True) -> Any:
    """Load a published file, fetching it unless it is kept from before.

    Parameters
    ----------
    url : str
        Where it is.
    model_dir : str or Path, optional
        The folder for it; by default ``checkpoints`` in :func:`get_dir`.
    map_location
        As for :func:`facula.load`.
    progress : bool
        Draw a bar, on a terminal and if tqdm is installed.
    check_hash : bool
        Compare the file with the digits of its SHA-256 in its name, as in
        ``resnet18-f37072fd.pth``; one kept from before is compared, too, and fetched anew if it
        differs.
    file_name : str, optional
        Its name in the folder; by default the last part of the address.
    weights_only : bool
        As for :func:`facula.load`: with True, the default, no code of the file runs.

    Returns
    -------
    object
        What the file holds, usually a dict of tensors.

    Raises
    ------
    ValueError
        If ``check_hash`` is asked for and the name has no digits.
    RuntimeError
        If it can't be fetched, or has another checksum; or as :func:`facula.load` raises.

    Examples
    --------
    >>> import pathlib, tempfile, facula
    >>> from facula.hub import load_state_dict_from_url
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> facula.save({"w": facula.ones(2)}, folder / "w.pth")
    >>> load_state_dict_from_url((folder / "w.pth").as_uri(), model_dir=folder / "kept")
    {'w': tensor([1., 1.])}
    """
    folder = Path(get_dir()) / "checkpoints" if model_dir is None else Path(model_dir).expanduser()
    digits = None
    if check_hash:
        found = _HASH.search(file_name or os.path.basename(url))
        if found is None:
            raise ValueError(f"load_state_dict_from_url: check_hash=True, but there are no digits "
                             f"of a checksum in the name {file_name or url!r}: a name like "
                             "model-0123abcd.pth has them")
        digits = found[1]
    path = download_url(url, folder, file_name, sha256=digits,
                        progress=None if progress else _quietly)
    return load(path, map_location, weights_only=weights_only)
