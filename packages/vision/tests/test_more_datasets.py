"""Data sets in archives: made tiny, served, fetched, read; and what damaged files say."""

import bz2
import functools
import hashlib
import http.server
import io
import json
import random
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facula.vision import datasets
from facula.vision.datasets import idx, imagenet, scenes
from facula.vision.datasets.matfile import read_mat


def jpeg(shade: int, size: tuple[int, int] = (8, 6), form: str = "JPEG") -> bytes:
    held = io.BytesIO()
    Image.new("L" if form == "PNG" else "RGB", size, shade if form == "PNG" else (shade,) * 3
              ).save(held, form)
    return held.getvalue()


MAT_TYPES = {"i8": (12, 14), "u8": (13, 15), "i1": (1, 8), "u1": (2, 9), "i2": (3, 10),
             "u2": (4, 11), "i4": (5, 12), "u4": (6, 13), "f4": (7, 7), "f8": (9, 6)}


def element(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def variable(name: str, value: Any) -> bytes:
    """A value as MATLAB's format of version 5 has it: number, text, list, dict or list of dicts."""
    rows = [value] if isinstance(value, dict) else value
    if isinstance(value, str):
        kind, shape, rest = 4, (1, len(value)), element(4, value.encode("utf-16-le"))
    elif isinstance(rows, list) and rows and isinstance(rows[0], dict):
        names = list(rows[0])
        kind, shape = 2, (len(rows), 1)
        rest = struct.pack("<HHi", 5, 4, 32)  # in the short form: the length of a name
        rest += element(1, b"".join(n.encode().ljust(32, b"\0") for n in names))
        rest += b"".join(variable("", row[n]) for row in rows for n in names)
    elif isinstance(value, list):
        kind, shape = 1, (1, len(value))
        rest = b"".join(variable("", v) for v in value)
    else:
        array = np.atleast_2d(np.asarray(value))
        coding, kind = MAT_TYPES[array.dtype.str[1:]]
        shape, rest = array.shape, element(coding, array.tobytes(order="F"))
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(
        f"<{len(shape)}i", *shape)) + element(1, name.encode())
    return element(14, head + rest)


def mat(compressed: bool = True, **variables: Any) -> bytes:
    parts = [variable(name, value) for name, value in variables.items()]
    if compressed:  # these are not padded
        packed = [zlib.compress(part) for part in parts]
        parts = [struct.pack("<II", 15, len(part)) + part for part in packed]
    return b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + b"".join(parts)


def packed(name: str, files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(held, "w") as archive:
            for inner, data in files.items():
                archive.writestr(inner, data)
    else:
        with tarfile.open(fileobj=held, mode="w:gz" if name.endswith("gz") else "w") as archive:
            for inner, data in files.items():
                member = tarfile.TarInfo(inner)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def usps(values: list[list[float]]) -> bytes:
    lines = [f"{i + 1} " + " ".join(f"{j + 1}:{v}" for j, v in enumerate(row))
             for i, row in enumerate(values)]
    return bz2.compress("\n".join(lines).encode())


RNG = np.random.default_rng(0)
SVHN_X = RNG.integers(0, 256, (32, 32, 3, 4), np.uint8)
STL = RNG.integers(0, 256, (4, 3, 96, 96), np.uint8)
PETS = ("# a comment with four\nAbyssinian_1 1 1 1\nbasset_hound_2 2 2 1\n"
        .replace("# a comment with four\n", ""))
VOC_XML = (b"<annotation><size><width>8</width></size><object><name>cat</name></object>"
           b"</annotation>")
SEMEION = "\n".join("1.0000 " * 3 + "0.0000 " * 253 + "0 " * i + "1 " + "0 " * (9 - i)
                    for i in (3, 7))

# what: the class, its arguments, the files that are served, how many pictures, the first target,
# and the shade of the first picture (None where its pixels are compared elsewhere)
CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any], int, Any, int | None]] = {
    "food": (datasets.Food101, {"split": "test"}, {"food-101.tar.gz": {
        "food-101/meta/test.json": json.dumps({"soup": ["soup/1"], "pie": ["pie/7", "pie/8"]}
                                              ).encode(),
        "food-101/images/soup/1.jpg": jpeg(10), "food-101/images/pie/7.jpg": jpeg(20),
        "food-101/images/pie/8.jpg": jpeg(30)}}, 3, 1, 10),
    "textures": (datasets.DTD, {"split": "val", "partition": 3}, {"dtd-r1.0.1.tar.gz": {
        "dtd/labels/val3.txt": b"dotted/d1.jpg\nbanded/b1.jpg\n",
        "dtd/images/dotted/d1.jpg": jpeg(40), "dtd/images/banded/b1.jpg": jpeg(50)}}, 2, 1, 40),
    "flowers": (datasets.Flowers102, {"split": "val"}, {
        "imagelabels.mat": mat(labels=np.array([[5, 9, 7]], np.uint8)),
        "setid.mat": mat(trnid=np.int32(1), valid=np.array([3, 2], np.int32), tstid=np.int32(1)),
        "102flowers.tgz": {f"jpg/image_{i:05d}.jpg": jpeg(i * 20) for i in (1, 2, 3)}}, 2, 6, 60),
    "countries": (datasets.Country211, {"split": "valid"}, {"country211.tgz": {
        "country211/valid/AD/1.jpg": jpeg(5), "country211/valid/ZW/2.jpg": jpeg(6)}}, 2, 0, 5),
    "sentences": (datasets.RenderedSST2, {"split": "val"}, {"rendered-sst2.tgz": {
        "rendered-sst2/valid/negative/1.png": jpeg(9, form="PNG")}}, 1, 0, 9),
    "land": (datasets.EuroSAT, {}, {"EuroSAT.zip": {
        "2750/Forest/Forest_1.jpg": jpeg(70)}}, 1, 0, 70),
    "places": (datasets.SUN397, {}, {"SUN397.tar.gz": {
        "SUN397/ClassName.txt": b"/a/abbey\n/a/apartment/outdoor\n",
        "SUN397/a/apartment/outdoor/sun_x.jpg": jpeg(80)}}, 1, 1, 80),
    "signs": (datasets.GTSRB, {}, {"GTSRB-Training_fixed.zip": {
        "GTSRB/Training/00000/1.ppm": jpeg(11, form="PPM"),
        "GTSRB/Training/00001/1.ppm": jpeg(12, form="PPM")}}, 2, 0, 11),
    "signs to test": (datasets.GTSRB, {"split": "test"}, {
        "GTSRB_Final_Test_GT.zip": {"GT-final_test.csv": b"Filename;ClassId\n00000.ppm;16\n"},
        "GTSRB_Final_Test_Images.zip": {"GTSRB/Final_Test/Images/00000.ppm": jpeg(13, form="PPM")}},
        1, 16, 13),
    "aircraft": (datasets.FGVCAircraft, {"split": "val", "annotation_level": "family"}, {
        "fgvc-aircraft-2013b.tar.gz": {
            "fgvc-aircraft-2013b/data/families.txt": b"A300\nBoeing 707\n",
            "fgvc-aircraft-2013b/data/images_family_val.txt": b"0034309 Boeing 707\n",
            "fgvc-aircraft-2013b/data/images/0034309.jpg": jpeg(90)}}, 1, 1, 90),
    "objects": (datasets.Caltech101, {"target_type": ["category", "annotation"]}, {
        "caltech-101.zip": {
            "caltech-101/101_ObjectCategories.tar.gz": packed("x.tar.gz", {
                "101_ObjectCategories/BACKGROUND_Google/image_0001.jpg": jpeg(1),
                "101_ObjectCategories/Faces/image_0001.jpg": jpeg(2)}),
            "caltech-101/Annotations.tar": packed("x.tar", {
                "Annotations/Faces_2/annotation_0001.mat": mat(
                    obj_contour=np.array([[1.0, 2], [3, 4]]))})}},
        1, (0, [[1.0, 2.0], [3.0, 4.0]]), 2),
    "more objects": (datasets.Caltech256, {}, {"256_ObjectCategories.tar": {
        "256_ObjectCategories/001.ak47/001_0001.jpg": jpeg(33)}}, 1, 0, 33),
    "pets": (datasets.OxfordIIITPet, {"target_types": ("category", "binary-category")}, {
        "annotations.tar.gz": {"annotations/trainval.txt": PETS.encode()},
        "images.tar.gz": {"images/Abyssinian_1.jpg": jpeg(14),
                          "images/basset_hound_2.jpg": jpeg(15)}}, 2, (0, 0), 14),
    "imagenette": (datasets.Imagenette, {"size": "160px", "split": "val"}, {
        "imagenette2-160.tgz": {
            "imagenette2-160/val/n01440764/a.JPEG": jpeg(21),
            "imagenette2-160/val/n03888257/b.JPEG": jpeg(22)}}, 2, 0, 21),
    "digits of codes": (datasets.USPS, {"train": False}, {
        "usps.t.bz2": usps([[-1.0] * 255 + [1.0], [0.0] * 256])}, 2, 0, None),
    "house numbers": (datasets.SVHN, {"split": "test"}, {
        "test_32x32.mat": mat(X=SVHN_X, y=np.array([[10], [1], [2], [9]], np.uint8))}, 4, 0, None),
    "stl": (datasets.STL10, {"folds": 1}, {"stl10_binary.tar.gz": {
        "stl10_binary/train_X.bin": STL.tobytes(), "stl10_binary/train_y.bin": b"\x01\x0a\x02\x03",
        "stl10_binary/fold_indices.txt": b"0 1\n2 3 1\n",
        "stl10_binary/class_names.txt": b"airplane\nbird\n"}}, 3, 1, None),
    "semeion": (datasets.SEMEION, {}, {"semeion.data": SEMEION.encode()}, 2, 3, None),
    "voc": (datasets.VOCSegmentation, {"year": "2007", "image_set": "val"}, {
        "voc2007/VOCtrainval_06-Nov-2007.tar": {
            "VOCdevkit/VOC2007/ImageSets/Segmentation/val.txt": b"000007\n",
            "VOCdevkit/VOC2007/JPEGImages/000007.jpg": jpeg(44),
            "VOCdevkit/VOC2007/SegmentationClass/000007.png": jpeg(3, form="PNG")}}, 1, None, 44),
    "voc boxes": (datasets.VOCDetection, {"year": "2007", "image_set": "test"}, {
        "voc2007/VOCtest_06-Nov-2007.tar": {
            "VOCdevkit/VOC2007/ImageSets/Main/test.txt": b"000001\n",
            "VOCdevkit/VOC2007/JPEGImages/000001.jpg": jpeg(45),
            "VOCdevkit/VOC2007/Annotations/000001.xml": VOC_XML}}, 1,
        {"annotation": {"size": {"width": "8"}, "object": [{"name": "cat"}]}}, 45),
}


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of the server that shows it."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    folder = tmp_path / "published"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def publish(files: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write the files, archives packed; their checksums by name."""
    sums = {}
    for name, data in files.items():
        body = packed(name, data) if isinstance(data, dict) else data
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
        sums[name.rpartition("/")[2]] = hashlib.md5(body).hexdigest()
    return sums


def redirect(kind: Any, patch: pytest.MonkeyPatch, url: str, sums: dict[str, str]) -> None:
    """Let a data set fetch from this machine, with these checksums."""
    def there(address: str) -> tuple[str, str]:
        name = address.rpartition("/")[2]
        return url + name, sums.get(name, "0" * 32)

    if issubclass(kind, (datasets.VOCDetection, datasets.VOCSegmentation)):
        patch.setattr(scenes, "_VOC", url)
        patch.setattr(scenes, "_YEARS", {
            year: (name, sums.get(name.rpartition("/")[2], md5), inside)
            for year, (name, md5, inside) in scenes._YEARS.items()})
    elif hasattr(kind, "split_list"):
        patch.setattr(kind, "split_list", {
            split: (there(address)[0], name, there(address)[1])
            for split, (address, name, _) in kind.split_list.items()})
    elif hasattr(kind, "url"):
        address, md5 = there(kind.url)
        patch.setattr(kind, "url", address)
        patch.setattr(kind, "tgz_md5" if hasattr(kind, "tgz_md5") else "md5_checksum", md5)
    elif kind is not datasets.Imagenette:
        patch.setattr(kind, "archives", [there(address) for address, _ in kind.archives])


@pytest.mark.parametrize("name", CASES)
def test_a_data_set_is_fetched_and_read(name: str, published: tuple[Path, str], tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    kind, given, files, count, target, shade = CASES[name]
    folder, url = published
    sums = publish(files, folder)
    redirect(kind, monkeypatch, url, sums)
    if kind is datasets.Imagenette:  # its addresses are made when it is
        inside = tmp_path / "data"
        inside.mkdir()
        with tarfile.open(folder / "imagenette2-160.tgz") as archive:
            archive.extractall(inside, filter="data")
    with pytest.raises(RuntimeError, match="name the right folder"):
        kind(tmp_path / "none", **given, **({"download": False} if "download" not in given else {}))
    data = kind(tmp_path / "data", download=kind is not datasets.Imagenette, **given)
    assert len(data) == count
    picture, got = data[0]
    if isinstance(target, tuple) and isinstance(target[1], list):
        got = (got[0], got[1].tolist())
    if target is not None:
        assert got == target
    else:
        assert (got.mode, got.getpixel((0, 0))) == ("L", 3)
    if shade is not None:
        assert picture.mode == "RGB"
        assert abs(picture.getpixel((2, 2))[0] - shade) <= 2
    for path in folder.rglob("*"):  # the server has nothing left: nothing is fetched again
        if path.is_file():
            path.unlink()
    assert len(kind(tmp_path / "data", download=kind is not datasets.Imagenette, **given)) == count
    assert kind.__name__ in repr(data)


def test_pictures_in_arrays(published: tuple[Path, str], tmp_path: Path,
                            monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for name in ("digits of codes", "house numbers", "stl", "semeion"):
        kind, given, files, *_ = CASES[name]
        sums = publish(files, published[0])
        redirect(kind, monkeypatch, published[1], sums)
        made[name] = kind(tmp_path / name, download=True, **given)
    first = np.asarray(made["digits of codes"][0][0])
    assert (first[15, 15], first[0, 0], made["digits of codes"].data[1, 0, 0]) == (255, 0, 127)
    assert (np.asarray(made["house numbers"][1][0]) == SVHN_X[..., 1]).all()
    assert made["house numbers"].labels.tolist() == [0, 1, 2, 9]
    # the fold's first picture; its columns come first in the file
    assert (np.asarray(made["stl"][0][0]) == STL[2].transpose(2, 1, 0)).all()
    assert made["stl"].labels.tolist() == [1, 2, 9]
    assert np.asarray(made["semeion"][0][0])[0, :5].tolist() == [255, 255, 255, 0, 0]


def test_stl10_without_labels(tmp_path: Path) -> None:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    (folder / "unlabeled_X.bin").write_bytes(STL.tobytes())
    (folder / "train_X.bin").write_bytes(STL[:1].tobytes())
    (folder / "train_y.bin").write_bytes(b"\x03")
    assert datasets.STL10(tmp_path, "unlabeled")[0][1] is None
    assert datasets.STL10(tmp_path, "train+unlabeled").labels.tolist() == [2, -1, -1, -1, -1]
    with pytest.raises(ValueError, match="folds=10"):
        datasets.STL10(tmp_path, folds=10)


def test_imagenet_from_its_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"ILSVRC2012_ID": np.int32(i), "WNID": wnid, "words": words,
             "num_children": np.uint8(children)} for i, wnid, words, children in (
                 (1, "n02", "cat, house cat", 0), (2, "n01", "dog", 0), (3, "n9", "animal", 2))]
    sums = publish({
        "ILSVRC2012_devkit_t12.tar.gz": {
            "kit/data/meta.mat": mat(synsets=rows),
            "kit/data/ILSVRC2012_validation_ground_truth.txt": b"2\n1\n2\n"},
        "ILSVRC2012_img_train.tar": {
            "n01.tar": packed("n01.tar", {"n01_1.JPEG": jpeg(1)}),
            "n02.tar": packed("n02.tar", {"n02_1.JPEG": jpeg(2), "n02_2.JPEG": jpeg(3)})},
        "ILSVRC2012_img_val.tar": {f"ILSVRC2012_val_{i:08d}.JPEG": jpeg(i * 50) for i in (1, 2, 3)},
    }, tmp_path)
    with pytest.raises(RuntimeError, match="is missing or damaged: it must be downloaded by hand"):
        datasets.ImageNet(tmp_path)
    monkeypatch.setattr(imagenet, "ARCHIVES", {
        key: (name, sums[name]) for key, (name, _) in imagenet.ARCHIVES.items()})
    train = datasets.ImageNet(tmp_path)
    assert (train.wnids, train.classes) == (["n01", "n02"], [("dog",), ("cat", "house cat")])
    assert [label for _, label in train] == [0, 1, 1]
    val = datasets.ImageNet(tmp_path, "val")
    assert [(round(p.getpixel((0, 0))[0], -1), label) for p, label in val] == [
        (50, 0), (150, 0), (100, 1)]
    assert val.class_to_idx["house cat"] == 1
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []
    for name in sums:
        (tmp_path / name).unlink()
    assert len(datasets.ImageNet(tmp_path, "val")) == 3  # the archives are not needed any more


def test_coco(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(7))
    (tmp_path / "b.jpg").write_bytes(jpeg(200))
    (tmp_path / "marks.json").write_text(json.dumps({
        "images": [{"id": 9, "file_name": "b.jpg"}, {"id": 3, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 9, "bbox": [1, 2, 3, 4], "caption": "A cat."},
                        {"image_id": 9, "bbox": [0, 0, 1, 1], "caption": "Another."}]}))
    marked = datasets.CocoDetection(tmp_path, tmp_path / "marks.json")
    assert (len(marked), marked.ids) == (2, [3, 9])
    assert marked[0][1] == []
    assert [mark["bbox"] for mark in marked[1][1]] == [[1, 2, 3, 4], [0, 0, 1, 1]]
    told = datasets.CocoCaptions(tmp_path, tmp_path / "marks.json",
                                 target_transform=lambda lines: lines[:1])
    assert told[1][1] == ["A cat."]
    (tmp_path / "marks.json").write_text('{"images": [{"id": 1}], "annotations": []}')
    with pytest.raises(idx.DamagedFileError, match="holds no images and annotations"):
        datasets.CocoDetection(tmp_path, tmp_path / "marks.json")


def test_pets_with_outlines(tmp_path: Path) -> None:
    folder = tmp_path / "oxford-iiit-pet"
    (folder / "annotations" / "trimaps").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "annotations" / "test.txt").write_text(PETS)
    (folder / "annotations" / "trimaps" / "Abyssinian_1.png").write_bytes(jpeg(2, form="PNG"))
    (folder / "images" / "Abyssinian_1.jpg").write_bytes(jpeg(2))
    data = datasets.OxfordIIITPet(tmp_path, "test", "segmentation")
    assert data.classes == ["Abyssinian", "Basset Hound"]
    assert data[0][1].getpixel((0, 0)) == 2
    assert datasets.OxfordIIITPet(tmp_path, "test", [])[0][1] is None


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>')
    with pytest.raises(idx.DamagedFileError, match="declares entities: refused"):
        datasets.VOCDetection._read(None, str(path))  # type: ignore[arg-type]


MAT = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
       "text": "a word", "short": np.int16(-3), "single": np.float32(0.5),
       "cell": ["one", np.array([1, 2], np.int32)],
       "struct": {"x": np.float64(1), "y": "why"}}


@pytest.mark.parametrize("compressed", [True, False])
def test_matlab_files(compressed: bool, tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_bytes(mat(compressed, **MAT))
    got = read_mat(tmp_path / "x.mat")
    assert list(got) == list(MAT)
    for name in ("a", "b"):
        assert got[name].dtype == MAT[name].dtype
        np.testing.assert_array_equal(got[name], MAT[name])
    assert (got["text"], got["short"].item(), got["single"].item()) == ("a word", -3, 0.5)
    assert got["cell"][0] == "one"
    assert got["cell"][1].tolist() == [[1, 2]]
    assert (got["struct"]["x"].item(), got["struct"]["y"]) == (1.0, "why")


def test_matlab_files_of_another_library(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io", reason="scipy, the other library, is missing")
    for compressed in (True, False):
        scipy_io.savemat(tmp_path / "x.mat", {
            **MAT, "cell": np.array(["one", np.array([1, 2])], object),
            "flag": np.array([True, False])}, do_compression=compressed)
        got = read_mat(tmp_path / "x.mat")
        np.testing.assert_array_equal(got["b"], MAT["b"])
        assert (got["text"], got["cell"][0], got["struct"]["y"]) == ("a word", "one", "why")
        assert got["flag"].tolist() == [[1, 0]]
    (tmp_path / "y.mat").write_bytes(mat(**MAT))
    assert scipy_io.loadmat(tmp_path / "y.mat")["text"][0] == "a word"  # the tests' own writer


def test_matlab_files_that_lie(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    for data, says in ((b"\x89HDF\r\n\x1a\n" + bytes(200), "version 7.3"), (b"", "no MATLAB file"),
                       (bytes(300), "no MATLAB file")):
        path.write_bytes(data)
        with pytest.raises(idx.DamagedFileError, match=says):
            read_mat(path)
    path.write_bytes(mat(bomb=np.zeros(90_000_000, np.uint8)))
    with pytest.raises(idx.DamagedFileError, match="refused as a bomb"):
        read_mat(path)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes cut short, or with a few bits turned."""
    if rng.random() < 0.4:
        return data[:rng.randrange(len(data))]
    body = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(body)


READERS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "mat": ("x.mat", mat(False, **MAT), lambda root: read_mat(root / "x.mat")),
    "mat compressed": ("x.mat", mat(**MAT), lambda root: read_mat(root / "x.mat")),
    "usps": ("usps.bz2", usps([[0.25] * 256] * 3), datasets.USPS),
    "svhn": ("train_32x32.mat", mat(X=SVHN_X, y=np.ones((4, 1), np.uint8)), datasets.SVHN),
    "semeion": ("semeion.data", SEMEION.encode(),
                lambda root: datasets.SEMEION(root, download=False)),
    "stl": ("stl10_binary/test_X.bin", STL[:1].tobytes(),
            lambda root: datasets.STL10(root, "test")),
    "coco": ("marks.json", json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}],
                                       "annotations": [{"image_id": 1}]}).encode(),
             lambda root: datasets.CocoDetection(root, root / "marks.json")),
    "textures": ("dtd/dtd/labels/train1.txt", b"dotted/d1.jpg\nbanded/b1.jpg\n", datasets.DTD),
    "aircraft": ("fgvc-aircraft-2013b/data/images_variant_trainval.txt", b"0034309 A300\n",
                 datasets.FGVCAircraft),
    "food": ("food-101/meta/train.json", b'{"pie": ["pie/1"], "soup": []}', datasets.Food101),
    "signs": ("gtsrb/GT-final_test.csv", b"Filename;Width;ClassId\n00000.ppm;3;16\n",
              lambda root: datasets.GTSRB(root, "test")),
    "voc": ("x.xml", VOC_XML, lambda root: datasets.VOCDetection._read(  # type: ignore[arg-type]
        None, str(root / "x.xml"))),
}


@pytest.mark.parametrize("kind", READERS)
def test_damage_is_an_error_that_names_the_file_or_goes_unseen(kind: str, tmp_path: Path) -> None:
    """Whatever bits say, there is an answer or a clear error: no crash, no hang, no other error."""
    name, data, read = READERS[kind]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "stl":
        (path.parent / "test_y.bin").write_bytes(b"\x01")
    if kind == "aircraft":
        (path.parent / "variants.txt").write_text("A300\n")
    if kind == "signs":
        (tmp_path / "gtsrb" / "GTSRB" / "Final_Test" / "Images").mkdir(parents=True)
    path.write_bytes(data)
    read(tmp_path)
    rng = random.Random(kind)
    refused = 0
    for _ in range(60):
        path.write_bytes(damaged(data, rng))
        try:
            read(tmp_path)
        except idx.DamagedFileError as error:
            assert path.name in str(error)
            refused += 1
    assert refused or kind in ("textures", "aircraft")  # one letter for another is no damage there
