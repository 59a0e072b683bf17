"""Pictures with objects marked: Pascal VOC and COCO."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

from PIL import Image

from facula.vision.datasets.folder import pil_loader
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.listed import lines_of
from facula.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from facula.vision.datasets.vision import VisionDataset

Change = Callable[[Any], Any] | None
Both = Callable[[Any, Any], Any] | None
_VOC = "https://thor.robots.ox.ac.uk/pascal/VOC/"
_YEARS = {  # year: archive, MD5, folder
    "2012": ("voc2012/VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd",
             "VOCdevkit/VOC2012"),
    "2011": ("voc2011/VOCtrainval_25-May-2011.tar", "6c3384ef61512963050cb5d687e5bf1e",
             "TrainVal/VOCdevkit/VOC2011"),
    "2010": ("voc2010/VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb",
             "VOCdevkit/VOC2010"),
    "2009": ("voc2009/VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1",
             "VOCdevkit/VOC2009"),
    "2008": ("voc2008/VOCtrainval_14-Jul-2008.tar", "2629fa636546599198acfcfbfcf1904a",
             "VOCdevkit/VOC2008"),
    "2007": ("voc2007/VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64",
             "VOCdevkit/VOC2007"),
    "2007-test": ("voc2007/VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f",
                  "VOCdevkit/VOC2007"),
}


class _Voc(VisionDataset):
    """The base: pictures and files with their marks, listed by a file."""

    _lists: ClassVar[str]
    _marks: ClassVar[str]
    _ending: ClassVar[str]

    def __init__(self, root: str | os.PathLike[str], year: str = "2012", image_set: str = "train",
                 download: bool = False, transform: Change = None, target_transform: Change = None,
                 transforms: Both = None) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.year = verify_str_arg(year, "year", [y for y in _YEARS if y != "2007-test"])
        sets = ("train", "trainval", "val") + (("test",) if year == "2007" else ())
        self.image_set = verify_str_arg(image_set, "image_set", sets)
        key = "2007-test" if year == "2007" and image_set == "test" else year
        archive, md5, inside = _YEARS[key]
        folder = Path(self.root or ".") / inside
        listed = folder / "ImageSets" / self._lists / f"{image_set}.txt"
        if download and not listed.is_file():
            download_and_extract_archive(_VOC + archive, self.root or ".", md5=md5)
        if not listed.is_file():
            raise RuntimeError(f"{type(self).__name__}: there is no {listed}: name the right "
                               "folder, or use download=True")
        names = [name for (name,) in lines_of(listed, 1)]
        self.images = [str(folder / "JPEGImages" / f"{name}.jpg") for name in names]
        self.targets = [str(folder / self._marks / f"{name}{self._ending}") for name in names]

    def _read(self, path: str) -> Any:
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(pil_loader(self.images[index]), self._read(self.targets[index]))

    def __len__(self) -> int:
        return len(self.images)


class VOCSegmentation(_Voc):
    """Pascal VOC: pictures with the class of every pixel, 0 for background and 255 for borders.

    Parameters
    ----------
    root : str or Path
        The folder in which ``VOCdevkit`` is, or is put.
    year : str
        ``"2007"`` to ``"2012"``.
    image_set : str
        ``"train"``, ``"val"`` or ``"trainval"``; of 2007 also ``"test"``.
    download : bool
        Fetch the archive if the files are missing.
    transform, target_transform, transforms : callable, optional
        Called with the picture and with the marks (PIL images), or with both.

    References
    ----------
    M. Everingham et al., The Pascal visual object classes challenge, IJCV 111, 2015.
    """

    _lists, _marks, _ending = "Segmentation", "SegmentationClass", ".png"

    @property
    def masks(self) -> list[str]:
        """The files with the marks."""
        return self.targets

    def _read(self, path: str) -> Image.Image:
        return Image.open(path)


class VOCDetection(_Voc):
    """Pascal VOC: pictures with the boxes of the objects, as the nested dicts of their XML files.

    Parameters
    ----------
    root, year, image_set, download, transform, target_transform, transforms
        As for :class:`VOCSegmentation`; the target is a dict.

    References
    ----------
    M. Everingham et al., The Pascal visual object classes challenge, IJCV 111, 2015.
    """

    _lists, _marks, _ending = "Main", "Annotations", ".xml"

    @property
    def annotations(self) -> list[str]:
        """The files with the marks."""
        return self.targets

    def _read(self, path: str) -> dict[str, Any]:
        data = Path(path).read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # entities can grow without end
            raise DamagedFileError(Path(path), "declares entities: refused")
        try:
            tree = ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            raise DamagedFileError(Path(path), f"is no XML ({error})") from None
        return VOCDetection.parse_voc_xml(tree)

    @staticmethod
    def parse_voc_xml(node: ElementTree.Element) -> dict[str, Any]:
        """An element as nested dicts; ``object`` is always a list.

        Examples
        --------
        >>> from xml.etree import ElementTree
        >>> from facula.vision.datasets import VOCDetection
        >>> tree = ElementTree.fromstring("<size><width>4</width><height>3</height></size>")
        >>> VOCDetection.parse_voc_xml(tree)
        {'size': {'width': '4', 'height': '3'}}
        """
        children = list(node)
        if not children:
            return {node.tag: (node.text or "").strip()}
        several: dict[str, list[Any]] = defaultdict(list)
        for child in children:
            for name, value in VOCDetection.parse_voc_xml(child).items():
                several[name].append(value)
        if node.tag == "annotation":
            several["object"] += []
        inside = {name: values if len(values) > 1 or name == "object" else values[0]
                  for name, values in several.items()}
        return {node.tag: inside}


class CocoDetection(VisionDataset):
    """COCO: pictures with lists of marked objects, as the dicts of the annotation file.

    Parameters
    ----------
    root : str or Path
        The folder with the pictures.
    annFile : str or Path
        The JSON file with the annotations.
    transform, target_transform, transforms : callable, optional
        Called with the picture (a PIL image) and with the list, or with both.

    References
    ----------
    T.-Y. Lin et al., Microsoft COCO: common objects in context, arXiv:1405.0312, 2014.
    """

    def __init__(self, root: str | os.PathLike[str], annFile: str | os.PathLike[str],
                 transform: Change = None, target_transform: Change = None,
                 transforms: Both = None) -> None:
        super().__init__(root, transforms, transform, target_transform)
        path = Path(annFile)
        try:
            data = json.loads(path.read_text("utf-8"))
            self._files = {image["id"]: image["file_name"] for image in data["images"]}
            self._marks: dict[Any, list[Any]] = defaultdict(list)
            for mark in data["annotations"]:
                self._marks[mark["image_id"]].append(mark)
            self.categories = data.get("categories", [])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFileError(path, f"holds no images and annotations ({error!r})") from None
        self.ids = sorted(self._files)

    def _load_target(self, id: int) -> list[Any]:
        return self._marks.get(id, [])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ValueError(f"{type(self).__name__}: index={index!r} must be an int")
        id = self.ids[index]
        picture = pil_loader(Path(self.root or ".") / self._files[id])
        return self._transformed(picture, self._load_target(id))

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """COCO: pictures with lists of sentences about them.

    Parameters
    ----------
    root, annFile, transform, target_transform, transforms
        As for :class:`CocoDetection`; the target is a list of str.
    """

    def _load_target(self, id: int) -> list[str]:
        return [mark["caption"] for mark in super()._load_target(id)]
