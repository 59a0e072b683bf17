"""ImageNet of 2012, from its archives, and Imagenette, ten classes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from facula.core import load, save
from facula.vision.datasets.archives import ArchiveError
from facula.vision.datasets.folder import ImageFolder, default_loader
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.listed import Loader, Root, SplitDataset, by_folders, lines_of, number
from facula.vision.datasets.matfile import read_mat
from facula.vision.datasets.utils import check_integrity, extract_archive, verify_str_arg

ARCHIVES = {
    "train": ("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e"),
    "val": ("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
    "devkit": ("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
}
META = "meta.bin"


def _archive(root: Path, key: str) -> Path:
    name, md5 = ARCHIVES[key]
    if not check_integrity(root / name, md5):
        raise RuntimeError(f"ImageNet: {root / name} is missing or damaged: it must be downloaded "
                           "by hand, with an account of image-net.org, into this folder")
    return root / name


def parse_devkit(root: Path) -> None:
    """Write ``meta.bin``: the classes' names, and the class of each picture for validation."""
    aside = root / ".devkit"
    try:
        extract_archive(_archive(root, "devkit"), aside)
        data = next(aside.iterdir()) / "data"
        rows = read_mat(data / "meta.mat").get("synsets")
        truth = data / "ILSVRC2012_validation_ground_truth.txt"
        if not isinstance(rows, list):
            raise DamagedFileError(data / "meta.mat", "holds no list of synsets")
        leaves = [row for row in rows if int(row["num_children"].reshape(-1)[0]) == 0]
        by_number = {int(row["ILSVRC2012_ID"].reshape(-1)[0]): row["WNID"] for row in leaves}
        names = {row["WNID"]: tuple(row["words"].split(", ")) for row in leaves}
        val = [by_number[number(truth, text)] for (text,) in lines_of(truth, 1)]
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    save((names, val), root / META)


def _meta(root: Path) -> tuple[dict[str, Any], list[str]]:
    if not (root / META).is_file():
        raise RuntimeError(f"ImageNet: there is no {root / META}: put the development kit, "
                           f"{ARCHIVES['devkit'][0]}, into the folder")
    names, val = load(root / META)
    return names, val


def parse_train(root: Path) -> None:
    """Unpack the training pictures, an archive within the archive for each class."""
    aside = root / ".train"
    extract_archive(_archive(root, "train"), aside)
    for inner in sorted(aside.glob("*.tar")):
        extract_archive(inner, aside / inner.stem, remove_finished=True)
    os.replace(aside, root / "train")


def parse_val(root: Path) -> None:
    """Unpack the validation pictures and sort them into a folder for each class."""
    aside = root / ".val"
    archive = _archive(root, "val")
    extract_archive(archive, aside)
    pictures = sorted(aside.glob("*.JPEG"))
    labels = _meta(root)[1]
    if len(pictures) != len(labels):
        raise ArchiveError(archive, f"holds {len(pictures)} pictures for {len(labels)} labels")
    for picture, wnid in zip(pictures, labels, strict=True):
        (aside / wnid).mkdir(exist_ok=True)
        os.replace(picture, aside / wnid / picture.name)
    os.replace(aside, root / "val")


class ImageNet(ImageFolder):
    """ImageNet's challenge of 2012: 1,281,167 + 50,000 photographs in 1,000 classes.

    Its archives must be downloaded by hand; what is not unpacked yet is unpacked.

    Parameters
    ----------
    root : str or Path
        The folder with the archives, or with ``train``, ``val`` and ``meta.bin``.
    split : str
        ``"train"`` or ``"val"``.
    **kwargs
        As for :class:`ImageFolder`.

    Attributes
    ----------
    classes : list of tuple of str
        The names of the classes.
    wnids : list of str
        WordNet's numbers of the classes.
    wnid_to_idx, class_to_idx : dict
        The label of each.

    References
    ----------
    O. Russakovsky et al., ImageNet large scale visual recognition challenge, arXiv:1409.0575.
    """

    def __init__(self, root: Root, split: str = "train", **kwargs: Any) -> None:
        folder = Path(root).expanduser()
        self.split = verify_str_arg(split, "split", ("train", "val"))
        if not (folder / META).is_file():
            parse_devkit(folder)
        if not (folder / split).is_dir():
            (parse_train if split == "train" else parse_val)(folder)
        names, _ = _meta(folder)
        super().__init__(folder / split, **kwargs)
        self.root = folder
        self.wnids = self.classes
        self.wnid_to_idx = self.class_to_idx
        self.classes = [names[wnid] for wnid in self.wnids]  # type: ignore[misc]
        self.class_to_idx = {name: i for i, several in enumerate(self.classes)
                             for name in several}

    @property
    def split_folder(self) -> str:
        """The folder with the pictures."""
        return str(Path(self.root or ".") / self.split)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


class Imagenette(SplitDataset):
    """13,394 photographs of ten classes of ImageNet that are easy to tell apart.

    Parameters
    ----------
    root : str or Path
        The folder in which ``imagenette2`` is, or is put.
    split : str
        ``"train"`` or ``"val"``.
    size : str
        ``"full"``, ``"320px"`` or ``"160px"``, the shorter side.
    download : bool
        Fetch the archive unless the folder is there.
    transform, target_transform, loader
        As for :class:`Food101`.

    References
    ----------
    J. Howard, Imagenette, 2019.
    """

    splits = ("train", "val")
    _sizes: ClassVar[dict[str, tuple[str, str]]] = {
        "full": ("imagenette2", "fe2fc210e6bb7c5664d602c3cd71e612"),
        "320px": ("imagenette2-320", "3df6f0d01a2c9592104656642f5e78a3"),
        "160px": ("imagenette2-160", "e793b78cc4c9e9a4ccc0c1155377a412")}
    _names: ClassVar[dict[str, tuple[str, ...]]] = {
        "n01440764": ("tench", "Tinca tinca"),
        "n02102040": ("English springer", "English springer spaniel"),
        "n02979186": ("cassette player",), "n03000684": ("chain saw", "chainsaw"),
        "n03028079": ("church", "church building"), "n03394916": ("French horn", "horn"),
        "n03417042": ("garbage truck", "dustcart"),
        "n03425413": ("gas pump", "gasoline pump", "petrol pump", "island dispenser"),
        "n03445777": ("golf ball",), "n03888257": ("parachute", "chute")}

    def __init__(self, root: Root, split: str = "train", size: str = "full",
                 download: bool = False, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 loader: Loader = default_loader) -> None:
        self.size = verify_str_arg(size, "size", self._sizes)
        name, md5 = self._sizes[size]
        self.folder = name  # type: ignore[misc]
        self.archives = (  # type: ignore[misc]
            (f"https://s3.amazonaws.com/fast-ai-imageclas/{name}.tgz", md5),)
        super().__init__(root, split, transform, target_transform, download, loader)

    def _list(self) -> Iterable[tuple[Any, int]]:
        samples = by_folders(self, self._folder / self.split, (".jpeg",))
        self.wnids, self.wnid_to_idx = self.classes, self.class_to_idx
        self.classes = [self._names.get(wnid, (wnid,)) for wnid in self.wnids]  # type: ignore[misc]
        self.class_to_idx = {name: i for i, several in enumerate(self.classes)
                             for name in several}
        return samples

    def extra_repr(self) -> str:
        return f"split={self.split}, size={self.size}"
