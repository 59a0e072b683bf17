"""Data sets whose targets are made of the classes of `tv_tensors`, for `transforms.v2`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from facula.core import Tensor, from_numpy, tensor
from facula.vision.datasets.cifar import CIFAR10
from facula.vision.datasets.folder import DatasetFolder
from facula.vision.datasets.imagenet import Imagenette
from facula.vision.datasets.mnist import MNIST
from facula.vision.datasets.photographs import GTSRB, Caltech101, Caltech256, OxfordIIITPet
from facula.vision.datasets.scenes import (
    CocoCaptions,
    CocoDetection,
    VOCDetection,
    VOCSegmentation,
)
from facula.vision.datasets.vision import VisionDataset
from facula.vision.transforms.v2.functional import convert_bounding_box_format
from facula.vision.tv_tensors import BoundingBoxes, Mask

Rule = Callable[[Any, int, Any, Any, "set[str]"], Any]

VOC_CLASSES = ("__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car",
               "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike", "person",
               "pottedplant", "sheep", "sofa", "train", "tvmonitor")


def _as_it_is(dataset: Any, index: int, picture: Any, target: Any, keys: set[str]) -> Any:
    return target


def _mask(dataset: Any, index: int, picture: Any, target: Any, keys: set[str]) -> Any:
    return Mask(target)


def _pet(dataset: Any, index: int, picture: Any, target: Any, keys: set[str]) -> Any:
    if isinstance(target, (tuple, list)):
        return tuple(_pet(dataset, index, picture, part, keys) for part in target)
    return Mask(target) if isinstance(target, Image.Image) else target


def _voc(dataset: Any, index: int, picture: Any, target: Any, keys: set[str]) -> Any:
    objects = target["annotation"]["object"]
    out = dict(target) if "annotation" in keys else {}
    if "boxes" in keys:
        corners = [[int(thing["bndbox"][side]) for side in ("xmin", "ymin", "xmax", "ymax")]
                   for thing in objects]
        out["boxes"] = BoundingBoxes(np.array(corners, np.int64).reshape(-1, 4), format="XYXY",
                                     canvas_size=(picture.height, picture.width))
    if "labels" in keys:
        labels = [VOC_CLASSES.index(thing["name"]) for thing in objects]
        out["labels"] = from_numpy(np.array(labels, np.int64))
    return out


def _coco(dataset: Any, index: int, picture: Any, target: Any, keys: set[str]) -> Any:
    id = dataset.ids[index]
    if not target:
        return {"image_id": id}
    size = picture.height, picture.width
    out: dict[str, Any] = {"image_id": id} if "image_id" in keys else {}
    if "boxes" in keys:
        boxes = BoundingBoxes([mark["bbox"] for mark in target], format="XYWH", canvas_size=size)
        out["boxes"] = convert_bounding_box_format(boxes, new_format="XYXY")
    if "masks" in keys:
        out["masks"] = Mask(from_numpy(np.stack([filled(mark["segmentation"], size)
                                                 for mark in target])))
    if "labels" in keys:
        out["labels"] = tensor([mark["category_id"] for mark in target])
    for key in sorted(keys - {"image_id", "boxes", "masks", "labels"}):
        out[key] = [mark[key] for mark in target]
    return out


def filled(outline: Any, size: tuple[int, int]) -> np.ndarray:
    """COCO's polygons or run lengths as a mask of 0 and 1."""
    height, width = size
    if isinstance(outline, list):
        canvas = Image.new("L", (width, height))
        for polygon in outline:
            ImageDraw.Draw(canvas).polygon(polygon, fill=1, outline=1)
        return np.asarray(canvas).copy()
    counts = outline["counts"]
    if isinstance(counts, str):
        counts = _run_lengths(counts)
    values = np.repeat(np.arange(len(counts)) % 2, counts).astype(np.uint8)
    return np.ascontiguousarray(values.reshape(width, height).T)  # the runs go down the columns


def _run_lengths(text: str) -> list[int]:
    """COCO's text of run lengths: 5 bits a character, differences from the last but one."""
    counts: list[int] = []
    number = shift = 0
    for character in text:
        bits = ord(character) - 48
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number = shift = 0
    return counts


_VOC_KEYS = ({"boxes", "labels"}, {"annotation"})
_COCO_KEYS = ({"image_id", "boxes", "labels"},
              {"masks", "segmentation", "area", "iscrowd", "bbox", "category_id"})
RULES: dict[type, tuple[Rule, tuple[set[str], set[str]]]] = {
    **{kind: (_as_it_is, (set(), set()))
       for kind in (CIFAR10, MNIST, GTSRB, DatasetFolder, Imagenette, Caltech101, Caltech256,
                    CocoCaptions)},
    VOCSegmentation: (_mask, (set(), set())), OxfordIIITPet: (_pet, (set(), set())),
    VOCDetection: (_voc, _VOC_KEYS), CocoDetection: (_coco, _COCO_KEYS)}


class _Wrapped:
    """What a wrapped data set does beside being one of its class."""

    def __init__(self, dataset: Any, target_keys: Any, rule: Rule, keys: set[str]) -> None:
        vars(self).update(vars(dataset))
        self._whole, self._asked, self._rule, self._keys = dataset, target_keys, rule, keys
        self._bare = copy.copy(dataset)
        self._bare.transforms = self._bare.transform = self._bare.target_transform = None

    def __getitem__(self, index: int) -> Any:
        picture, target = self._bare[index]
        target = self._rule(self._bare, index, picture, target, self._keys)
        return self._transformed(picture, target)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._bare)

    def __reduce__(self) -> Any:
        return wrap_dataset_for_transforms_v2, (self._whole, self._asked)


def wrap_dataset_for_transforms_v2(dataset: Any,
                                   target_keys: Collection[str] | str | None = None) -> Any:
    """A data set that gives boxes and masks as classes of :mod:`facula.vision.tv_tensors`.

    The data set's transforms come after that, so they may be those of
    :mod:`facula.vision.transforms.v2`. Targets that are labels stay as they are.

    Parameters
    ----------
    dataset : VisionDataset
        One of `CocoDetection`, `VOCDetection`, `VOCSegmentation`, `OxfordIIITPet`, or a data set
        for classification, as `ImageFolder`.
    target_keys : collection of str or "all", optional
        What the dicts of detection hold: of ``"boxes"``, ``"labels"``, ``"image_id"`` and
        ``"masks"`` (COCO's polygons are filled by Pillow), and what the files hold. By default
        all but the masks and the files' own.

    Returns
    -------
    VisionDataset
        Also an instance of the data set's class.

    Raises
    ------
    TypeError
        If nothing is known of such a data set.
    ValueError
        For other keys.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> from facula.vision import datasets
    >>> from facula.vision.transforms import v2
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cat").mkdir()
    >>> Image.new("RGB", (4, 3)).save(root / "cat" / "1.png")
    >>> data = datasets.ImageFolder(root, transform=v2.ToImage())
    >>> picture, label = datasets.wrap_dataset_for_transforms_v2(data)[0]
    >>> type(picture).__name__, label
    ('Image', 0)
    """
    name = type(dataset).__name__
    if not isinstance(dataset, VisionDataset):
        raise TypeError("wrap_dataset_for_transforms_v2: the data set must be a VisionDataset, but "
                        f"is of type {name}")
    found = next((RULES[kind] for kind in type(dataset).__mro__ if kind in RULES), None)
    if found is None or "annotation" in getattr(dataset, "target_type", ()):
        raise TypeError(f"wrap_dataset_for_transforms_v2: nothing is known of {name}'s targets: "
                        "make tv_tensors of them in a transform of your own")
    rule, (usual, more) = found
    keys = usual if target_keys is None else usual | more
    if target_keys is not None and target_keys != "all":
        if isinstance(target_keys, (str, Tensor)) or not set(target_keys) <= keys:
            raise ValueError(f"wrap_dataset_for_transforms_v2: target_keys={target_keys!r}: use "
                             f"None, 'all' or some of {sorted(keys)}")
        keys = set(target_keys)
    wrapped: Any = object.__new__(type(f"Wrapped{name}", (_Wrapped, type(dataset)), {}))
    _Wrapped.__init__(wrapped, dataset, target_keys, rule, keys)
    return wrapped
