"""Small pictures in arrays: USPS, SVHN, STL-10 and SEMEION."""

from __future__ import annotations

import bz2
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.listed import variable
from facula.vision.datasets.utils import (
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from facula.vision.datasets.vision import VisionDataset

Change = Callable[[Any], Any] | None


class _Arrays(VisionDataset):
    """The base: pictures ``data`` (N, H, W) or (N, C, H, W) and ``labels``, in memory."""

    data: np.ndarray
    labels: Any

    def _path(self, name: str) -> Path:
        path = Path(self.root or ".") / name
        if not path.is_file():
            raise RuntimeError(f"{type(self).__name__}: there is no {path}: name the right folder, "
                               "or use download=True")
        return path

    def _keep(self, path: Path, data: np.ndarray, labels: np.ndarray, classes: int = 10) -> None:
        if len(data) != len(labels):
            raise DamagedFileError(path, f"holds {len(labels)} labels for {len(data)} pictures")
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise DamagedFileError(path, f"holds labels from {labels.min()} to {labels.max()}, but "
                                   f"there are {classes} classes")
        self.data = data
        self.labels = labels

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = self.data[index]
        if picture.ndim == 3:
            picture = np.ascontiguousarray(picture.transpose(1, 2, 0))
        label = None if self.labels is None else int(self.labels[index])
        return self._transformed(Image.fromarray(picture), label)

    def __len__(self) -> int:
        return len(self.data)


class USPS(_Arrays):
    """7,291 + 2,007 handwritten digits of postal codes, grey, 16 x 16.

    Parameters
    ----------
    root : str or Path
        The folder with ``usps.bz2`` and ``usps.t.bz2``.
    train : bool
        The pictures for training, or those for testing.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode L), and with the label.
    download : bool
        Fetch the file if it is missing.

    References
    ----------
    J. J. Hull, A database for handwritten text recognition research, 1994.
    """

    split_list: ClassVar[Any] = {
        "train": ("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.bz2",
                  "usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"),
        "test": ("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/usps.t.bz2",
                 "usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118")}

    def __init__(self, root: str | os.PathLike[str], train: bool = True, transform: Change = None,
                 target_transform: Change = None, download: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        url, name, md5 = self.split_list["train" if train else "test"]
        if download:
            download_url(url, self.root or ".", name, md5)
        path = self._path(name)
        data, labels = [], []
        try:
            with bz2.open(path, "rt", encoding="ascii") as file:
                for line in file:
                    label, *pairs = line.split()
                    data.append([float(pair.split(":")[1]) for pair in pairs])
                    labels.append(int(float(label)) - 1)
            pictures = ((np.array(data, np.float64).reshape(-1, 16, 16) + 1) / 2 * 255)
        except (OSError, EOFError, ValueError, IndexError) as error:
            raise DamagedFileError(path, f"is damaged ({error})") from None
        if len(pictures) != len(labels) or not (
                (pictures > -1) & (pictures < 256)).all():
            raise DamagedFileError(path, "does not hold 256 values from -1 to 1 for each label")
        self._keep(path, pictures.astype(np.uint8), np.array(labels, np.int64))
        self.targets = self.labels.tolist()


class SVHN(_Arrays):
    """Street view house numbers: 73,257 + 26,032 + 531,131 digits, RGB, 32 x 32.

    Parameters
    ----------
    root : str or Path
        The folder with ``train_32x32.mat`` and its kin.
    split : str
        ``"train"``, ``"test"`` or ``"extra"``.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode RGB), and with the label.
    download : bool
        Fetch the file if it is missing.

    References
    ----------
    Y. Netzer et al., Reading digits in natural images, NIPS workshop, 2011.
    """

    split_list: ClassVar[Any] = {
        "train": ("http://ufldl.stanford.edu/housenumbers/train_32x32.mat", "train_32x32.mat",
                  "e26dedcc434d2e4c54c9b2d4a06d8373"),
        "test": ("http://ufldl.stanford.edu/housenumbers/test_32x32.mat", "test_32x32.mat",
                 "eb5a983be6a315427106f1b164d9cef3"),
        "extra": ("http://ufldl.stanford.edu/housenumbers/extra_32x32.mat", "extra_32x32.mat",
                  "a93ce644f1a588dc4d68dda5feec44a7")}

    def __init__(self, root: str | os.PathLike[str], split: str = "train",
                 transform: Change = None, target_transform: Change = None,
                 download: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", tuple(self.split_list))
        url, name, md5 = self.split_list[split]
        if download:
            download_url(url, self.root or ".", name, md5)
        path = self._path(name)
        pictures, labels = variable(path, "X"), variable(path, "y").reshape(-1).astype(np.int64)
        if pictures.dtype != np.uint8 or pictures.shape[:3] != (32, 32, 3) or pictures.ndim != 4:
            raise DamagedFileError(path, f"holds no pictures (32, 32, 3, N): {pictures.shape}")
        labels = np.where(labels == 10, 0, labels)  # there the digit 0 has the label 10
        self._keep(path, np.ascontiguousarray(pictures.transpose(3, 2, 0, 1)), labels)

    def extra_repr(self) -> str:
        return f"Split: {self.split.capitalize()}"


class STL10(_Arrays):
    """5,000 + 8,000 labelled and 100,000 other photographs, RGB, 96 x 96, in ten classes.

    Parameters
    ----------
    root : str or Path
        The folder in which ``stl10_binary`` is, or is put.
    split : str
        ``"train"``, ``"test"``, ``"unlabeled"`` or ``"train+unlabeled"``; what has no label has
        the label -1, or None where nothing has one.
    folds : int, optional
        One of the ten folds of the training pictures, 0 to 9.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode RGB), and with the label.
    download : bool
        Fetch the archive unless the folder is there.

    References
    ----------
    A. Coates, H. Lee and A. Y. Ng, Single-layer networks in unsupervised learning, AISTATS 2011.
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    def __init__(self, root: str | os.PathLike[str], split: str = "train",
                 folds: int | None = None, transform: Change = None,
                 target_transform: Change = None, download: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.splits)
        if folds is not None and (not isinstance(folds, int) or not 0 <= folds <= 9):
            raise ValueError(f"STL10: folds={folds!r} must be an int from 0 to 9, or None")
        self.folds = folds
        folder = Path(self.root or ".") / self.base_folder
        if download and not folder.is_dir():
            download_and_extract_archive(self.url, folder.parent, md5=self.tgz_md5)
        parts = [self._part(name) for name in split.split("+")]
        self.data = np.concatenate([pictures for pictures, _ in parts])
        self.labels = None if split == "unlabeled" else np.concatenate(
            [np.full(len(p), -1) if labels is None else labels for p, labels in parts])
        names = folder / "class_names.txt"
        self.classes = names.read_text("utf-8").splitlines() if names.is_file() else []

    def _part(self, name: str) -> tuple[np.ndarray, np.ndarray | None]:
        path = self._path(f"{self.base_folder}/{name}_X.bin")
        values = np.fromfile(path, np.uint8)
        if values.size % (3 * 96 * 96):
            raise DamagedFileError(path, f"has {values.size} bytes: they must be a multiple of "
                                   "27648")
        pictures = values.reshape(-1, 3, 96, 96).transpose(0, 1, 3, 2)
        if name == "unlabeled":
            return pictures, None
        path = self._path(f"{self.base_folder}/{name}_y.bin")
        labels = np.fromfile(path, np.uint8).astype(np.int64) - 1
        self._keep(path, pictures, labels)
        if self.folds is not None and name == "train":
            chosen = self._fold(len(labels))
            return pictures[chosen], labels[chosen]
        return pictures, labels

    def _fold(self, count: int) -> np.ndarray:
        path = self._path(f"{self.base_folder}/fold_indices.txt")
        try:
            line = path.read_text("ascii").splitlines()[self.folds or 0]
            chosen = np.array(line.split(), np.int64)
        except (ValueError, IndexError) as error:
            raise DamagedFileError(path, f"has no fold {self.folds} ({error})") from None
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < count:
            raise DamagedFileError(path, f"names pictures beyond the {count}")
        return chosen

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


class SEMEION(_Arrays):
    """1,593 handwritten digits, black and white, 16 x 16.

    Parameters
    ----------
    root : str or Path
        The folder with ``semeion.data``.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode L), and with the label.
    download : bool
        Fetch the file if it is missing.

    References
    ----------
    Semeion Research Center, Semeion handwritten digit data set, UCI repository, 2008.
    """

    url = "http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data"
    md5_checksum = "cb545d371d2ce14ec121470795a77432"

    def __init__(self, root: str | os.PathLike[str], transform: Change = None,
                 target_transform: Change = None, download: bool = True) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if download:
            download_url(self.url, self.root or ".", "semeion.data", self.md5_checksum)
        path = self._path("semeion.data")
        try:
            rows = np.array([line.split() for line in path.read_text("ascii").splitlines()
                             if line.strip()], np.float64).reshape(-1, 266)
        except ValueError as error:
            raise DamagedFileError(path, f"is no table of 266 numbers a line ({error})") from None
        if not np.isin(rows, (0, 1)).all() or not (rows[:, 256:].sum(1) == 1).all():
            raise DamagedFileError(path, "holds other numbers than 0 and 1, or not one label "
                                   "a line")
        self._keep(path, (rows[:, :256] * 255).astype(np.uint8).reshape(-1, 16, 16),
                   rows[:, 256:].argmax(1))


