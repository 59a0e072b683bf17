"""Data sets wrapped for transforms of whole samples: classes, keys, masks, what pickles."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facula import core
from facula.vision import datasets
from facula.vision import tv_tensors as tv
from facula.vision.datasets import wrap_dataset_for_transforms_v2 as wrap
from facula.vision.datasets.wrapping import filled
from facula.vision.transforms import v2


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """VOC 2012 of two pictures, of which the first shows nothing and the second a cat."""
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for inside in ("JPEGImages", "Annotations", "SegmentationClass", "ImageSets/Main",
                   "ImageSets/Segmentation"):
        (base / inside).mkdir(parents=True)
    for name, marks in (("0", ""), ("1", "<object><name>cat</name><bndbox><xmin>1</xmin>"
                                    "<ymin>2</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object>")):
        Image.new("RGB", (9, 8)).save(base / "JPEGImages" / f"{name}.jpg")
        Image.new("L", (9, 8), int(name)).save(base / "SegmentationClass" / f"{name}.png")
        (base / "Annotations" / f"{name}.xml").write_text(
            f"<annotation><folder>x</folder>{marks}</annotation>")
    for lists in ("Main", "Segmentation"):
        (base / "ImageSets" / lists / "train.txt").write_text("0\n1\n")
    return tmp_path


@pytest.fixture
def coco(tmp_path: Path) -> tuple[Path, Path]:
    """COCO of a picture with two marks, and one without."""
    for name in ("7.png", "9.png"):
        Image.new("RGB", (6, 5)).save(tmp_path / name)
    runs = {"size": [5, 6], "counts": [5, 2, 23]}
    marks = [{"image_id": 7, "bbox": [1, 2, 3, 2], "category_id": 4, "iscrowd": 0, "area": 6,
              "segmentation": [[1, 2, 3, 2, 3, 3, 1, 3]]},
             {"image_id": 7, "bbox": [1, 0, 1, 2], "category_id": 8, "iscrowd": 1, "area": 2,
              "segmentation": runs}]
    file = tmp_path / "marks.json"
    file.write_text(json.dumps({"annotations": marks, "images": [
        {"id": 7, "file_name": "7.png"}, {"id": 9, "file_name": "9.png"}]}))
    return tmp_path, file


def test_boxes_of_voc(voc):
    plain = datasets.VOCDetection(voc, image_set="train", transforms=v2.Compose(
        [v2.ToImage(), v2.RandomHorizontalFlip(1.0)]))
    assert plain[0][1] == {"annotation": {"folder": "x", "object": []}}
    data = wrap(plain)
    assert isinstance(data, datasets.VOCDetection) and len(data) == 2
    picture, target = data[1]
    assert type(picture) is tv.Image and sorted(target) == ["boxes", "labels"]
    assert target["boxes"].tolist() == [[4, 2, 8, 6]] and target["boxes"].canvas_size == (8, 9)
    assert target["labels"].tolist() == [8]
    assert data[0][1]["boxes"].shape == (0, 4)
    assert sorted(wrap(plain, target_keys="all")[1][1]) == ["annotation", "boxes", "labels"]
    again = pickle.loads(pickle.dumps(data))
    assert again[1][1]["boxes"].equal(target["boxes"])


def test_masks_of_voc(voc):
    data = wrap(datasets.VOCSegmentation(voc, image_set="train"))
    assert type(data[1][1]) is tv.Mask and data[1][1].unique().tolist() == [1]
    assert len(data.masks) == 2


def test_coco(coco):
    plain = datasets.CocoDetection(*coco)
    _, target = wrap(plain)[0]
    assert target["image_id"] == 7 and target["labels"].tolist() == [4, 8]
    assert target["boxes"].format is tv.BoundingBoxFormat.XYXY
    assert target["boxes"].tolist() == [[1, 2, 4, 4], [1, 0, 2, 2]]
    assert wrap(plain)[1][1] == {"image_id": 9}
    _, target = wrap(plain, target_keys=("masks", "iscrowd"))[0]
    assert target["iscrowd"] == [0, 1] and type(target["masks"]) is tv.Mask
    expected = np.zeros((2, 5, 6), np.uint8)
    expected[0, 2:4, 1:4] = 1
    expected[1, 0:2, 1] = 1
    assert (target["masks"].numpy() == expected).all()


def test_run_lengths_as_text():
    # "52g0" is what COCO's own encoder makes of the counts 5, 2, 23
    text = {"size": [5, 6], "counts": "52g0"}
    assert (filled(text, (5, 6)) == filled({"counts": [5, 2, 23]}, (5, 6))).all()


def test_labels_stay(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (3, 2)).save(tmp_path / name / "x.png")
    data = wrap(datasets.ImageFolder(str(tmp_path), transform=v2.ToImage()))
    assert type(data[1][0]) is tv.Image and data[1][1] == 1 and data.classes == ["a", "b"]
    assert data.root == str(tmp_path)


def test_what_cannot_be_wrapped(voc):
    with pytest.raises(TypeError, match="must be a VisionDataset, but is of type list"):
        wrap([1])
    with pytest.raises(TypeError, match="FakeData's targets"):
        wrap(datasets.FakeData(2))
    with pytest.raises(ValueError, match="target_keys="):
        wrap(datasets.VOCDetection(voc, image_set="train"), target_keys=["nothing"])
    assert core.is_tensor(wrap(datasets.VOCDetection(voc, image_set="train"))[1][1]["labels"])
