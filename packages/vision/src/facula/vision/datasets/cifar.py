"""CIFAR-10 and CIFAR-100: colour pictures of 32 x 32, read without running what a pickle says."""

from __future__ import annotations

import codecs
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.utils import download_and_extract_archive
from facula.vision.datasets.vision import VisionDataset

# All that the files may name: an array and its dtype, by its module in old and new NumPy.
_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_ALLOWED = {("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
            ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
            ("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype,
            ("_codecs", "encode"): codecs.encode}


class _Unpickler(pickle.Unpickler):
    """Builds arrays, lists and dicts, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which data does not "
                                         "need") from None


def _read_batch(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        try:
            batch = _Unpickler(file, encoding="latin1").load()
        except Exception as error:  # a damaged pickle raises nearly anything
            raise DamagedFileError(path, f"can't be read ({type(error).__name__}: {error})"
                                   ) from None
    if not isinstance(batch, dict):
        raise DamagedFileError(path, f"holds a {type(batch).__name__}, not a dict")
    return batch


class CIFAR10(VisionDataset):
    """CIFAR-10: 50,000 + 10,000 colour pictures of ten classes, 32 x 32.

    Parameters
    ----------
    root : str or Path
        The folder that holds ``cifar-10-batches-py``.
    train : bool
        The 50,000 pictures for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode RGB), and with the label.
    download : bool
        Fetch what is missing.

    Attributes
    ----------
    data : numpy.ndarray
        All pictures, uint8, of shape (N, 32, 32, 3).
    targets : list of int
        The labels.

    Raises
    ------
    RuntimeError
        If a file is missing or damaged; the message names it and says what to do.

    References
    ----------
    A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.

    Examples
    --------
    >>> from facula.vision.datasets import CIFAR10
    >>> CIFAR10("/nowhere")
    Traceback (most recent call last):
    RuntimeError: CIFAR10: there is no /nowhere/cifar-10-batches-py/data_batch_1: ...
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[dict[str, str]] = {
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb"}
    test_list: ClassVar[dict[str, str]] = {"test_batch": "40351d587109b95175f43aff81a1287e"}
    meta = ("batches.meta", "label_names", "5ff9c542aee3614f3951f8cda6e48888")
    _labels = "labels"

    def __init__(self, root: str | os.PathLike[str], train: bool = True,
                 transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 download: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        parts = [self._part(name) for name in (self.train_list if train else self.test_list)]
        self.data = np.concatenate([pictures for pictures, _ in parts])
        self.targets = [label for _, labels in parts for label in labels]
        self.classes = self._names()
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _path(self, name: str) -> Path:
        path = Path(self.root or ".") / self.base_folder / name
        if not path.is_file():
            raise RuntimeError(f"{type(self).__name__}: there is no {path}: name the right folder, "
                               "or use download=True")
        return path

    def _part(self, name: str) -> tuple[np.ndarray, list[int]]:
        path = self._path(name)
        batch = _read_batch(path)
        data, labels = batch.get("data"), batch.get(self._labels)
        if (not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2
                or data.shape[1] != 3072 or not isinstance(labels, list)
                or len(labels) != len(data)):
            raise DamagedFileError(path, "does not hold pictures of 3072 bytes and as many labels")
        pictures = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(pictures), [int(label) for label in labels]

    def _names(self) -> list[str]:
        name, key, _ = self.meta
        path = self._path(name)
        names = _read_batch(path).get(key)
        if not isinstance(names, list):
            raise DamagedFileError(path, f"does not hold {key}")
        return names

    def _complete(self) -> bool:
        files = {**self.train_list, **self.test_list, self.meta[0]: self.meta[2]}
        folder = Path(self.root or ".") / self.base_folder
        return all((folder / name).is_file() and hashlib.md5(
            (folder / name).read_bytes(), usedforsecurity=False).hexdigest() == md5
            for name, md5 in files.items())

    def download(self) -> None:
        """Fetch and unpack the archive, unless all its files are there and right."""
        if not self._complete():
            download_and_extract_archive(self.url, self.root or ".", md5=self.tgz_md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(Image.fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """CIFAR-100: 50,000 + 10,000 colour pictures of a hundred classes, 32 x 32.

    The parameters are those of :class:`CIFAR10`; the folder is ``cifar-100-python``.

    Examples
    --------
    >>> from facula.vision.datasets import CIFAR100
    >>> CIFAR100.base_folder
    'cifar-100-python'
    """

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[dict[str, str]] = {"train": "16019d7e3df5f24257cddd939b257f8d"}
    test_list: ClassVar[dict[str, str]] = {"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"}
    meta = ("meta", "fine_label_names", "7973b15100ade9c7d40fb424638fde48")
    _labels = "fine_labels"
