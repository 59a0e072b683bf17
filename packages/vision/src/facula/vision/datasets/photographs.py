"""Photographs with labels: food, textures, flowers, places, signs, aircraft, objects, pets."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from facula.vision.datasets.folder import default_loader, find_classes, make_dataset
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.listed import (
    Change,
    ListedDataset,
    Loader,
    Root,
    SplitDataset,
    by_folders,
    lines_of,
    number,
    text_of,
    variable,
)
from facula.vision.datasets.utils import extract_archive, verify_str_arg


class Food101(SplitDataset):
    """Food-101: 101,000 photographs of 101 dishes, 750 + 250 of each.

    Parameters
    ----------
    root : str or Path
        The folder in which ``food-101`` is, or is put.
    split : str
        ``"train"`` or ``"test"``.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image), and with the label.
    download : bool
        Fetch the archive unless the folder is there.
    loader : callable
        Gives the picture for a path.

    References
    ----------
    L. Bossard, M. Guillaumin and L. Van Gool, Food-101, ECCV 2014.
    """

    folder = "food-101"
    archives = (("http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz",
                 "85eeb15f3717b99a5da872d97d918f87"),)
    splits = ("train", "test")

    def _list(self) -> Iterable[tuple[Path, int]]:
        path = self._folder / "meta" / f"{self.split}.json"
        try:
            files: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
            numbers = self.name_classes(sorted(files))
            return [(self._folder / "images" / f"{name}.jpg", numbers[dish])
                    for dish, names in files.items() for name in names]
        except (ValueError, TypeError, AttributeError) as error:
            raise DamagedFileError(path, f"is no table of file names ({error})") from None


class DTD(SplitDataset):
    """Describable textures: 5,640 pictures of 47 textures, in ten partitions into three parts.

    Parameters
    ----------
    root : str or Path
        The folder in which ``dtd`` is, or is put.
    split : str
        ``"train"``, ``"val"`` or ``"test"``.
    partition : int
        From 1 to 10.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    M. Cimpoi et al., Describing textures in the wild, CVPR 2014, arXiv:1311.3618.
    """

    folder = "dtd/dtd"
    inside = "dtd"
    archives = (("https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
                 "fff73e5086ae6bdbea199a49dfb8a4c1"),)

    def __init__(self, root: Root, split: str = "train", partition: int = 1,
                 transform: Change = None, target_transform: Change = None,
                 download: bool = False, loader: Loader = default_loader) -> None:
        if not isinstance(partition, int) or not 1 <= partition <= 10:
            raise ValueError(f"DTD: partition={partition!r} must be an int from 1 to 10")
        self.partition = partition
        super().__init__(root, split, transform, target_transform, download, loader)

    def _list(self) -> Iterable[tuple[Path, int]]:
        rows = lines_of(self._folder / "labels" / f"{self.split}{self.partition}.txt", 2, "/")
        numbers = self.name_classes(sorted({name for name, _ in rows}))
        return [(self._folder / "images" / name / file, numbers[name]) for name, file in rows]

    def extra_repr(self) -> str:
        return f"split={self.split}, partition={self.partition}"


class Flowers102(SplitDataset):
    """Oxford's flowers: 8,189 photographs of 102 kinds, split into 1,020 + 1,020 + 6,149.

    Parameters
    ----------
    root : str or Path
        The folder in which ``flowers-102`` is, or is put.
    split : str
        ``"train"``, ``"val"`` or ``"test"``.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    M.-E. Nilsback and A. Zisserman, Automated flower classification, ICVGIP 2008.
    """

    folder = "flowers-102/jpg"
    inside = "flowers-102"
    archives = tuple((f"https://www.robots.ox.ac.uk/~vgg/data/flowers/102/{name}", md5)
                     for name, md5 in (
                         ("imagelabels.mat", "e0620be6f572b9609742df49c70aed4d"),
                         ("setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c"),
                         ("102flowers.tgz", "52808999861908f626f3c1f4e79d11fa")))
    _keys: ClassVar[dict[str, str]] = {"train": "trnid", "val": "valid", "test": "tstid"}

    def _list(self) -> Iterable[tuple[Path, int]]:
        labels = variable(self._root / self.inside / "imagelabels.mat", "labels").reshape(-1)
        path = self._root / self.inside / "setid.mat"
        numbers = variable(path, self._keys[self.split]).reshape(-1)
        if numbers.size and not 1 <= numbers.min() <= numbers.max() <= labels.size:
            raise DamagedFileError(path, f"names pictures beyond the {labels.size} labels")
        return [(self._folder / f"image_{i:05d}.jpg", int(labels[i - 1]) - 1)
                for i in map(int, numbers)]


class Country211(SplitDataset):
    """211 countries: 63,300 photographs by where they were taken.

    Parameters
    ----------
    root : str or Path
        The folder in which ``country211`` is, or is put.
    split : str
        ``"train"``, ``"valid"`` or ``"test"``.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    A. Radford et al., Learning transferable visual models, arXiv:2103.00020, 2021.
    """

    folder = "country211"
    archives = (("https://openaipublic.azureedge.net/clip/data/country211.tgz",
                 "84988d7644798601126c29e9877aab6a"),)
    splits = ("train", "valid", "test")

    def _list(self) -> Iterable[tuple[str, int]]:
        return by_folders(self, self._folder / self.split)


class RenderedSST2(Country211):
    """9,613 sentences of film reviews as pictures, negative and positive.

    Parameters
    ----------
    root : str or Path
        The folder in which ``rendered-sst2`` is, or is put.
    split : str
        ``"train"``, ``"val"`` or ``"test"``.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    A. Radford et al., Learning transferable visual models, arXiv:2103.00020, 2021.
    """

    folder = "rendered-sst2"
    archives = (("https://openaipublic.azureedge.net/clip/data/rendered-sst2.tgz",
                 "2384d08e9dcfa4bd55b324e610496ee5"),)
    splits = ("train", "val", "test")

    def _list(self) -> Iterable[tuple[str, int]]:
        return by_folders(self, self._folder / ("valid" if self.split == "val" else self.split))


class EuroSAT(ListedDataset):
    """27,000 pictures of land by the Sentinel-2 satellites, in ten classes of its use.

    Parameters
    ----------
    root : str or Path
        The folder in which ``eurosat`` is, or is put.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    P. Helber et al., EuroSAT, arXiv:1709.00029, 2017.
    """

    folder = "eurosat/2750"
    inside = "eurosat"
    archives = (("https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
                 "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
                 "c8fa014336c82ac7804f0398fcb19387"),)

    def _list(self) -> Iterable[tuple[str, int]]:
        return by_folders(self, self._folder)


class SUN397(ListedDataset):
    """108,754 photographs of 397 kinds of places.

    Parameters
    ----------
    root : str or Path
        The folder in which ``SUN397`` is, or is put.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    J. Xiao et al., SUN database, CVPR 2010.
    """

    folder = "SUN397"
    archives = (("http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz",
                 "8ca2778205c41d23104230ba66911c7a"),)

    def _list(self) -> Iterable[tuple[Path, int]]:
        path = self._folder / "ClassName.txt"
        numbers = self.name_classes(name[3:] for (name,) in lines_of(path, 1))
        found = []
        for file in sorted(self._folder.rglob("sun_*.jpg")):
            name = "/".join(file.relative_to(self._folder).parts[1:-1])
            if name not in numbers:
                raise DamagedFileError(path, f"has no class {name!r} for {file}")
            found.append((file, numbers[name]))
        return found


class GTSRB(ListedDataset):
    """German traffic signs: 26,640 + 12,630 pictures of 43 signs.

    Parameters
    ----------
    root : str or Path
        The folder in which ``gtsrb`` is, or is put.
    split : str
        ``"train"`` or ``"test"``.
    transform, target_transform, download
        As for :class:`Food101`.

    References
    ----------
    J. Stallkamp et al., Man vs. computer, Neural Networks 32, 2012.
    """

    inside = "gtsrb"
    archives = tuple(
        (f"https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/{name}", md5)
        for name, md5 in (("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
                          ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
                          ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185")))

    def __init__(self, root: Root, split: str = "train", transform: Change = None,
                 target_transform: Change = None, download: bool = False) -> None:
        self.split = verify_str_arg(split, "split", ("train", "test"))
        part = "Training" if split == "train" else "Final_Test/Images"
        self.folder = f"gtsrb/GTSRB/{part}"  # type: ignore[misc]
        self.archives = self.archives[:1] if split == "train" else self.archives[1:]  # type: ignore
        super().__init__(root, transform, target_transform, download)

    def _list(self) -> Iterable[tuple[Any, int]]:
        if self.split == "train":
            return by_folders(self, self._folder)
        path = self._root / "gtsrb" / "GT-final_test.csv"
        try:
            rows = list(csv.DictReader(text_of(path).splitlines(), delimiter=";",
                                       skipinitialspace=True))
        except csv.Error as error:
            raise DamagedFileError(path, f"is no table ({error})") from None
        if not all(row.get("Filename") and row.get("ClassId") for row in rows):
            raise DamagedFileError(path, "lacks the columns Filename and ClassId")
        return [(self._folder / row["Filename"], number(path, row["ClassId"])) for row in rows]


class FGVCAircraft(SplitDataset):
    """10,000 photographs of aircraft: 100 variants of 70 families by 41 manufacturers.

    Parameters
    ----------
    root : str or Path
        The folder in which ``fgvc-aircraft-2013b`` is, or is put.
    split : str
        ``"train"``, ``"val"``, ``"trainval"`` or ``"test"``.
    annotation_level : str
        ``"variant"``, ``"family"`` or ``"manufacturer"``.
    transform, target_transform, download, loader
        As for :class:`Food101`.

    References
    ----------
    S. Maji et al., Fine-grained visual classification of aircraft, arXiv:1306.5151, 2013.
    """

    folder = "fgvc-aircraft-2013b"
    archives = (("https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/"
                 "fgvc-aircraft-2013b.tar.gz", ""),)
    splits = ("train", "val", "trainval", "test")

    def __init__(self, root: Root, split: str = "trainval", annotation_level: str = "variant",
                 transform: Change = None, target_transform: Change = None,
                 download: bool = False, loader: Loader = default_loader) -> None:
        self.annotation_level = verify_str_arg(annotation_level, "annotation_level",
                                               ("variant", "family", "manufacturer"))
        super().__init__(root, split, transform, target_transform, download, loader)

    def _list(self) -> Iterable[tuple[Path, int]]:
        data = self._folder / "data"
        level = self.annotation_level
        names = {"variant": "variants", "family": "families", "manufacturer": "manufacturers"}
        numbers = self.name_classes(
            name for (name,) in lines_of(data / f"{names[level]}.txt", 1, "\n"))
        path = data / f"images_{level}_{self.split}.txt"
        rows = lines_of(path, 2, " ")
        for _, name in rows:
            if name not in numbers:
                raise DamagedFileError(path, f"names a class {name!r} that there is not")
        return [(data / "images" / f"{file}.jpg", numbers[name]) for file, name in rows]


class Caltech256(ListedDataset):
    """30,607 pictures of 256 kinds of objects, and clutter.

    Parameters
    ----------
    root : str or Path
        The folder in which ``caltech256`` is, or is put.
    transform, target_transform, download
        As for :class:`Food101`.

    References
    ----------
    G. Griffin, A. Holub and P. Perona, Caltech-256, 2007.
    """

    folder = "caltech256/256_ObjectCategories"
    inside = "caltech256"
    archives = (("https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
                 "67b4f42ca05d46448c6bb8ecd2220f6d"),)

    def __init__(self, root: Root, transform: Change = None, target_transform: Change = None,
                 download: bool = False) -> None:
        super().__init__(root, transform, target_transform, download)
        self.categories = self.classes

    def _list(self) -> Iterable[tuple[str, int]]:
        return by_folders(self, self._folder)


class Caltech101(ListedDataset):
    """8,677 pictures of 101 kinds of objects, with outlines.

    Parameters
    ----------
    root : str or Path
        The folder in which ``caltech101`` is, or is put.
    target_type : str or list of str
        ``"category"`` (the label), ``"annotation"`` (the outline, (2, points)), or both.
    transform, target_transform, download
        As for :class:`Food101`.

    References
    ----------
    L. Fei-Fei, R. Fergus and P. Perona, One-shot learning of object categories, 2006.
    """

    folder = "caltech101/101_ObjectCategories"
    inside = "caltech101"
    archives = (("https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
                 "3138e1922a9193bfa496528edbbc45d0"),)
    _elsewhere: ClassVar[dict[str, str]] = {
        "Faces": "Faces_2", "Faces_easy": "Faces_3", "Motorbikes": "Motorbikes_16",
        "airplanes": "Airplanes_Side_2"}

    def __init__(self, root: Root, target_type: list[str] | str = "category",
                 transform: Change = None, target_transform: Change = None,
                 download: bool = False) -> None:
        kinds = [target_type] if isinstance(target_type, str) else list(target_type)
        self.target_type = [verify_str_arg(kind, "target_type", ("category", "annotation"))
                            for kind in kinds]
        super().__init__(root, transform, target_transform, download)
        self.categories = self.classes

    def _list(self) -> Iterable[tuple[str, int]]:
        names = [name for name in find_classes(self._folder)[0] if name != "BACKGROUND_Google"]
        return make_dataset(self._folder, self.name_classes(names), (".jpg",))

    def download(self) -> None:
        """Fetch the archive and unpack it, and the two within."""
        if self._folder.is_dir():
            return
        super().download()
        within = self._root / "caltech101" / "caltech-101"
        for name in ("Annotations.tar", "101_ObjectCategories.tar.gz"):
            extract_archive(within / name, self._root / "caltech101")

    def _outline(self, path: str, name: str) -> Any:
        file = f"annotation_{Path(path).stem.removeprefix('image_')}.mat"
        return variable(self._root / "caltech101" / "Annotations"
                         / self._elsewhere.get(name, name) / file, "obj_contour")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, label = self.samples[index]
        targets = [label if kind == "category" else self._outline(str(path), self.classes[label])
                   for kind in self.target_type]
        target = targets[0] if len(targets) == 1 else tuple(targets)
        return self._transformed(self.loader(path), target)


class OxfordIIITPet(ListedDataset):
    """7,349 photographs of cats and dogs of 37 breeds, with outlines.

    Parameters
    ----------
    root : str or Path
        The folder in which ``oxford-iiit-pet`` is, or is put.
    split : str
        ``"trainval"`` or ``"test"``.
    target_types : str or sequence of str
        ``"category"`` (the breed), ``"binary-category"`` (0 for cats, 1 for dogs),
        ``"segmentation"`` (a PIL image: 1 pet, 2 background, 3 border), or several of them.
    transforms, transform, target_transform, download
        As for :class:`Food101`.

    References
    ----------
    O. M. Parkhi et al., Cats and dogs, CVPR 2012.
    """

    folder = "oxford-iiit-pet/images"
    inside = "oxford-iiit-pet"
    archives = (("https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
                 "95a8c909bbe2e81eed6a22bccdf3f68f"),
                ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
                 "5c4f3ee8e5d25df40f4fd59a7f44e54c"))

    def __init__(self, root: Root, split: str = "trainval",
                 target_types: Sequence[str] | str = "category",
                 transforms: Callable[[Any, Any], Any] | None = None, transform: Change = None,
                 target_transform: Change = None, download: bool = False) -> None:
        self.split = verify_str_arg(split, "split", ("trainval", "test"))
        kinds = [target_types] if isinstance(target_types, str) else list(target_types)
        self.target_types = [verify_str_arg(kind, "target_types", (
            "category", "binary-category", "segmentation")) for kind in kinds]
        super().__init__(root, transform, target_transform, download, transforms=transforms)

    def _list(self) -> Iterable[tuple[Path, tuple[int, int]]]:
        path = self._root / self.inside / "annotations" / f"{self.split}.txt"
        rows = [row for row in lines_of(path, 4) if not row[0].startswith("#")]
        breeds = {number(path, row[1]): row[0].rsplit("_", 1)[0] for row in rows}
        self.bin_classes = ["Cat", "Dog"]
        self.bin_class_to_idx = {"Cat": 0, "Dog": 1}
        self.name_classes(" ".join(part.title() for part in breeds[i].split("_"))
                           for i in sorted(breeds))
        return [(self._folder / f"{row[0]}.jpg", (number(path, row[1]) - 1,
                                                  number(path, row[2]) - 1)) for row in rows]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, (breed, kind) = self.samples[index]
        trimap = self._root / self.inside / "annotations" / "trimaps" / f"{Path(path).stem}.png"
        made = {"category": lambda: breed, "binary-category": lambda: kind,
                "segmentation": lambda: Image.open(trimap)}
        targets = [made[name]() for name in self.target_types]
        target = None if not targets else targets[0] if len(targets) == 1 else tuple(targets)
        return self._transformed(self.loader(path), target)
