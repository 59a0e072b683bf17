"""Data sets that are a list of files with targets: a table of archives, and how to list them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from facula.vision.datasets.folder import default_loader, find_classes, make_dataset
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.matfile import read_mat
from facula.vision.datasets.utils import (
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from facula.vision.datasets.vision import VisionDataset

Root = str | os.PathLike[str]
Change = Callable[[Any], Any] | None
Loader = Callable[[Any], Any]


class ListedDataset(VisionDataset):
    """The base: a subclass names its folder and archives, and lists paths with targets.

    Attributes
    ----------
    folder : str
        What is looked for in ``root``.
    archives : tuple of (str, str)
        Addresses and MD5 checksums (empty where none is published); a plain file is kept, an
        archive unpacked. The pictures come last: where they are, everything is.
    inside : str
        The folder in ``root`` for the archives and their contents.
    """

    folder: ClassVar[str]
    archives: ClassVar[Sequence[tuple[str, str]]] = ()
    inside: ClassVar[str] = ""

    def __init__(self, root: Root, transform: Change = None, target_transform: Change = None,
                 download: bool = False, loader: Loader = default_loader,
                 transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.loader = loader
        if download:
            self.download()
        if not self._folder.is_dir():
            raise RuntimeError(f"{type(self).__name__}: there is no {self._folder}: name the right "
                               "folder" + (", or use download=True" if self.archives else ""))
        self.samples = list(self._list())
        self.targets = [target for _, target in self.samples]

    @property
    def _root(self) -> Path:
        return Path(self.root or ".")

    @property
    def _folder(self) -> Path:
        return self._root / self.folder

    def _list(self) -> Iterable[tuple[Path | str, Any]]:
        """All paths and their targets."""
        raise NotImplementedError

    def name_classes(self, names: Iterable[str]) -> dict[str, int]:
        """Set ``classes`` and ``class_to_idx``."""
        self.classes = list(names)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        return self.class_to_idx

    def download(self) -> None:
        """Fetch and unpack the archives, unless the folder is there."""
        if self._folder.is_dir():
            return
        for url, md5 in self.archives:
            if url.endswith((".mat", ".txt", ".csv")):
                download_url(url, self._root / self.inside, md5=md5 or None)
            else:
                download_and_extract_archive(url, self._root / self.inside, md5=md5 or None)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class SplitDataset(ListedDataset):
    """The base of those with a parameter ``split`` before the transforms."""

    splits: ClassVar[tuple[str, ...]] = ("train", "val", "test")

    def __init__(self, root: Root, split: str = "train", transform: Change = None,
                 target_transform: Change = None, download: bool = False,
                 loader: Loader = default_loader) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        super().__init__(root, transform, target_transform, download, loader)

    def extra_repr(self) -> str:
        return f"split={self.split}"


def text_of(path: Path) -> str:
    """The text of a file.

    Raises
    ------
    DamagedFileError
        If it is none.
    """
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedFileError(path, f"is no text ({error})") from None


def lines_of(path: Path, parts: int, separator: str | None = None) -> list[list[str]]:
    """The lines of a text file, each split into so many parts.

    Raises
    ------
    DamagedFileError
        If a line has fewer.
    """
    rows = [line.strip().split(separator, parts - 1) for line in text_of(path).splitlines()
            if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != parts:
            raise DamagedFileError(path, f"line {number} has {len(row)} parts, not {parts}")
    return rows


def number(path: Path, text: str) -> int:
    """A number of a text file.

    Raises
    ------
    DamagedFileError
        If it is none.
    """
    try:
        return int(text)
    except ValueError:
        raise DamagedFileError(path, f"holds {text!r} where a number belongs") from None


def variable(path: Path, name: str) -> Any:
    """An array of a MATLAB file.

    Raises
    ------
    DamagedFileError
        If there is none of this name.
    """
    variables = read_mat(path)
    if name not in variables or not hasattr(variables[name], "reshape"):
        raise DamagedFileError(path, f"holds no numbers {name!r}")
    return variables[name]


PICTURES = (".jpg", ".jpeg", ".png", ".ppm")


def by_folders(data: ListedDataset, folder: Path,
               endings: tuple[str, ...] = PICTURES) -> list[tuple[str, int]]:
    """Pictures in a folder for each class."""
    classes, numbers = find_classes(folder)
    data.name_classes(classes)
    return make_dataset(folder, numbers, endings)
