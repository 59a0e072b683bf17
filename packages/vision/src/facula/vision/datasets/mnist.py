"""MNIST and the data sets in its format: Fashion-MNIST, KMNIST, EMNIST, QMNIST."""

from __future__ import annotations

import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from facula.core import Tensor
from facula.vision.datasets.idx import DamagedFileError, read_idx
from facula.vision.datasets.utils import download_url, extract_archive, verify_str_arg
from facula.vision.datasets.vision import VisionDataset

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class MNIST(VisionDataset):
    """MNIST: 60,000 + 10,000 handwritten digits, grey, 28 x 28.

    Parameters
    ----------
    root : str or Path
        The files are looked for in ``root/MNIST/raw`` (where a download puts them) and in
        ``root``, compressed with gzip or not.
    train : bool
        The 60,000 pictures for training, or the 10,000 for testing.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode L), and with the label.
    download : bool
        Fetch what is missing.

    Attributes
    ----------
    data : Tensor
        All pictures, uint8, of shape (N, 28, 28).
    targets : Tensor
        The labels, int64, of shape (N,).

    Raises
    ------
    RuntimeError
        If a file is missing or damaged; the message names it and says what to do.

    References
    ----------
    Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits.

    Examples
    --------
    >>> from facula.vision.datasets import MNIST
    >>> MNIST("/nowhere")
    Traceback (most recent call last):
    RuntimeError: MNIST: train-images-idx3-ubyte(.gz) is neither in /nowhere/MNIST/raw nor in ...
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes = [f"{i} - {name}" for i, name in enumerate(_DIGITS)]

    def __init__(self, root: str | os.PathLike[str], train: bool = True,
                 transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 download: bool = False) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        self.data, self.targets = self._load()

    @property
    def raw_folder(self) -> str:
        """Where a download puts the files."""
        return str(self._raw)

    @property
    def _raw(self) -> Path:
        return Path(self.root or ".") / type(self).__name__ / "raw"

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class's name."""
        return {name: i for i, name in enumerate(self.classes)}

    def _names(self) -> tuple[str, str]:
        """The names of the files with the pictures and with the labels, without ending."""
        part = "train" if self.train else "t10k"
        return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"

    def _find(self, name: str) -> Path | None:
        for folder in (self._raw, Path(self.root or ".")):
            for ending in ("", ".gz", ".xz"):
                if (folder / (name + ending)).is_file():
                    return folder / (name + ending)
        return None

    def _load(self) -> tuple[Tensor, Tensor]:
        paths = []
        for name in self._names():
            path = self._find(name)
            if path is None:
                raise RuntimeError(f"{type(self).__name__}: {name}(.gz) is neither in "
                                   f"{self._raw} nor in {self.root}: name the right folder, "
                                   "or use download=True")
            paths.append(path)
        data, labels = read_idx(paths[0]), read_idx(paths[1])
        if data.ndim != 3:
            raise DamagedFileError(paths[0], f"holds shape {tuple(data.shape)}, not pictures "
                                   "(count, height, width)")
        self._check_labels(paths[1], data, labels)
        return data, labels.long()

    def _check_labels(self, path: Path, data: Tensor, labels: Tensor) -> None:
        if labels.shape != (len(data),):
            raise DamagedFileError(path, f"holds labels of shape {tuple(labels.shape)} for "
                                   f"{len(data)} pictures")
        if len(labels) and int(labels.amax()) >= len(self.classes):
            raise DamagedFileError(path, f"holds the label {int(labels.amax())}, but there are "
                                   f"{len(self.classes)} classes")

    def _missing(self) -> list[tuple[str, str]]:
        return [(name, md5) for name, md5 in self.resources
                if self._find(name.removesuffix(".gz")) is None]

    def download(self) -> None:
        """Fetch the files that are missing, from the first mirror that has them."""
        for name, md5 in self._missing():
            download_url([mirror + name for mirror in self.mirrors], self._raw, name, md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = Image.fromarray(self.data.numpy()[index])
        return self._transformed(picture, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Fashion-MNIST: 60,000 + 10,000 pictures of clothes, grey, 28 x 28, in MNIST's files.

    The parameters are those of :class:`MNIST`; the folder is ``root/FashionMNIST/raw``.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms, arXiv:1708.07747, 2017.

    Examples
    --------
    >>> from facula.vision.datasets import FashionMNIST
    >>> FashionMNIST.classes[9]
    'Ankle boot'
    """

    mirrors: ClassVar[list[str]] = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
               "Bag", "Ankle boot"]


class KMNIST(MNIST):
    """Kuzushiji-MNIST: 60,000 + 10,000 old Japanese characters, grey, 28 x 28.

    The parameters are those of :class:`MNIST`; the folder is ``root/KMNIST/raw``.

    References
    ----------
    T. Clanuwat et al., Deep learning for classical Japanese literature, arXiv:1812.01718, 2018.

    Examples
    --------
    >>> from facula.vision.datasets import KMNIST
    >>> KMNIST.classes[:3]
    ['o', 'ki', 'su']
    """

    mirrors: ClassVar[list[str]] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class EMNIST(MNIST):
    """EMNIST: handwritten letters and digits in six splits, grey, 28 x 28 (stored transposed).

    Parameters
    ----------
    root : str or Path
        As for :class:`MNIST`; the folder is ``root/EMNIST/raw``.
    split : str
        ``"byclass"``, ``"bymerge"``, ``"balanced"``, ``"letters"``, ``"digits"`` or ``"mnist"``.
    **kwargs
        The other parameters of :class:`MNIST`.

    References
    ----------
    G. Cohen et al., EMNIST: an extension of MNIST to handwritten letters, arXiv:1702.05373, 2017.

    Examples
    --------
    >>> from facula.vision.datasets import EMNIST
    >>> EMNIST.splits
    ('byclass', 'bymerge', 'balanced', 'letters', 'digits', 'mnist')
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")

    def __init__(self, root: str | os.PathLike[str], split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        everything = set(string.digits + string.ascii_letters)
        merged = sorted(everything - set("cijklmopsuvwxyz"))  # these look like their capitals
        self.classes = {
            "byclass": sorted(everything), "bymerge": merged, "balanced": merged,
            "letters": ["N/A", *string.ascii_lowercase],
            "digits": list(string.digits), "mnist": list(string.digits),
        }[split]
        super().__init__(root, **kwargs)

    def _names(self) -> tuple[str, str]:
        start = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"

    def download(self) -> None:
        """Fetch the archive with all splits, unless this split is there."""
        if all(self._find(name) for name in self._names()):
            return
        path = download_url(self.url, self._raw, md5=self.md5)
        extract_archive(path, self._raw, remove_finished=True)
        for file in (self._raw / "gzip").glob("*.gz"):
            os.replace(file, self._raw / file.name)
        (self._raw / "gzip").rmdir()


class QMNIST(MNIST):
    """QMNIST: MNIST's test part rebuilt in full (60,000), with where each digit came from.

    Parameters
    ----------
    root : str or Path
        As for :class:`MNIST`; the folder is ``root/QMNIST/raw``.
    what : str, optional
        ``"train"``, ``"test"``, ``"test10k"`` (MNIST's own), ``"test50k"`` (the others) or
        ``"nist"``; by default what ``train`` says.
    compat : bool
        The target is the digit; otherwise a tensor of eight numbers about its origin.
    **kwargs
        The other parameters of :class:`MNIST`.

    References
    ----------
    C. Yadav and L. Bottou, Cold case: the lost MNIST digits, arXiv:1905.10498, 2019.

    Examples
    --------
    >>> from facula.vision.datasets import QMNIST
    >>> sorted(QMNIST.subsets)
    ['nist', 'test', 'test10k', 'test50k', 'train']
    """

    mirrors: ClassVar[list[str]] = [
        "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"]
    subsets: ClassVar[dict[str, str]] = {"train": "qmnist-train", "test": "qmnist-test",
                                         "test10k": "qmnist-test", "test50k": "qmnist-test",
                                         "nist": "xnist"}
    resources: ClassVar[Any] = [
        ("qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
        ("qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        ("qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
        ("qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
        ("xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
        ("xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d"),
    ]

    def __init__(self, root: str | os.PathLike[str], what: str | None = None, compat: bool = True,
                 train: bool = True, **kwargs: Any) -> None:
        what = what or ("train" if train else "test")
        self.what = verify_str_arg(what, "what", self.subsets)
        self.compat = compat
        super().__init__(root, train, **kwargs)
        if what == "test10k":
            self.data, self.targets = self.data[:10000].clone(), self.targets[:10000].clone()
        elif what == "test50k":
            self.data, self.targets = self.data[10000:].clone(), self.targets[10000:].clone()

    def _names(self) -> tuple[str, str]:
        start = self.subsets[self.what]
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx2-int"

    def _check_labels(self, path: Path, data: Tensor, labels: Tensor) -> None:
        if labels.shape != (len(data), 8):
            raise DamagedFileError(path, f"holds labels of shape {tuple(labels.shape)}, not "
                                   f"({len(data)}, 8)")

    def _missing(self) -> list[tuple[str, str]]:
        wanted = [name for name in self._names() if self._find(name) is None]
        return [(name, md5) for name, md5 in self.resources if name[:-3] in wanted]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture, target = Image.fromarray(self.data.numpy()[index]), self.targets[index]
        return self._transformed(picture, int(target[0]) if self.compat else target)

    def extra_repr(self) -> str:
        return f"Split: {self.what}"
