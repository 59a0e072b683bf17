"""The data sets read what is right, and name what is wrong."""

import gzip
import hashlib
import json
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from facula.data import DataLoader
from facula.vision import datasets, transforms
from facula.vision.datasets.idx import DamagedFileError, read_idx


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    """An array in the IDX format."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with a tiny MNIST: five pictures to train, three to test."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 5), ("t10k", 3)):
        images = rng.integers(0, 256, (n, 28, 28), np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        labels = np.arange(n, dtype=np.uint8)
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    return tmp_path


def test_digits_are_split_once_and_for_all() -> None:
    train, test = datasets.Digits(train=True), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1438, 359)
    assert np.bincount(test.targets.numpy()).min() >= 34
    digest = hashlib.sha256(test.data.numpy().tobytes() + test.targets.numpy().tobytes())
    assert digest.hexdigest()[:16] == "8a69ca347683745d"
    assert train.data.numpy().max() == 255
    assert "Split: Test" in repr(test)
    assert train.class_to_idx["7"] == 7


def test_digits_are_the_originals(data_root: Path) -> None:
    with gzip.open(data_root / "tabular" / "digits.csv.gz", "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
    both = [datasets.Digits(train=t) for t in (True, False)]
    ours = sorted(tuple(p.reshape(-1)) + (t,) for d in both
                  for p, t in zip(d.data.tolist(), d.targets.tolist(), strict=True)
                  for p in [np.array(p)])
    want = sorted(tuple(row[:64] * 255 // 16) + (row[64],) for row in rows)
    assert ours == want


def test_the_licence_lies_beside_the_digits() -> None:
    text = (Path(datasets.__file__).parent / "optdigits" / "LICENSE").read_text()
    assert "Alpaydin" in text
    assert "Creative Commons Attribution 4.0 International" in text


@pytest.mark.parametrize(("name", "kind"), [("mnist", datasets.MNIST),
                                            ("fashion-mnist", datasets.FashionMNIST)])
def test_the_real_files(data_root: Path, name: str, kind: type) -> None:
    test = kind(data_root / name, train=False)
    assert test.data.shape == (10000, 28, 28)
    assert np.bincount(test.targets.numpy()).tolist() == (
        [1000] * 10 if name == "fashion-mnist" else
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    picture, label = test[0]
    assert (picture.mode, picture.size) == ("L", (28, 28))
    assert test.classes[label] == ("Ankle boot" if name == "fashion-mnist" else "7 - seven")
    assert len(kind(data_root / name)) == 60000


def test_layouts(small: Path, tmp_path: Path) -> None:
    want = datasets.MNIST(small).data.numpy()
    raw = tmp_path / "elsewhere" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in small.glob("*.gz"):
        (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    assert (datasets.MNIST(tmp_path / "elsewhere").data.numpy() == want).all()
    with pytest.raises(RuntimeError, match=r"FashionMNIST: train-images-idx3-ubyte\(.gz\) is neit"):
        datasets.FashionMNIST(tmp_path / "elsewhere")


def test_in_a_loader(small: Path) -> None:
    data = datasets.MNIST(small, transform=transforms.ToTensor(), target_transform=lambda t: -t)
    [(pictures, labels)] = DataLoader(data, batch_size=5)
    assert pictures.shape == (5, 1, 28, 28)
    assert labels.tolist() == [0, -1, -2, -3, -4]
    assert (pictures * 255).round().to(data.data.dtype).squeeze(1).equal(data.data)


def damaged(data: bytes, how: str) -> bytes:
    plain = gzip.decompress(data)
    return {
        "truncated": data[:-9],
        "half": data[:len(data) // 2],
        "empty": b"",
        "web page": b"<!DOCTYPE html><html>404</html>",
        "flipped": data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 0x55])
        + data[len(data) // 2 + 1:],
        "not gzip": b"PK\3\4" + data,
        "no idx": gzip.compress(b"12345678" + plain),
        "too short": gzip.compress(plain[:-1]),
        "too long": gzip.compress(plain + b"x"),
        "short header": gzip.compress(plain[:6]),
        "lying header": gzip.compress(plain[:4] + b"\xff" * 12 + plain[16:]),
        "labels instead": gzip.compress(idx(np.arange(5, dtype=np.uint8))),
    }[how]


SAYS = {"truncated": "truncated after", "half": "truncated after", "empty": "is empty",
        "web page": "web page instead of a compressed file", "flipped": "damaged|truncated|holds",
        "not gzip": "is not a compressed file: it begins with bytes 50 4b 03 04",
        "no idx": "is not an IDX file: it begins with bytes 31 32 33 34",
        "too short": "holds only", "too long": "holds more", "short header": "within its header",
        "lying header": "claims", "labels instead": "not pictures"}


@pytest.mark.parametrize("how", SAYS)
def test_damage_is_named_with_the_file_and_a_way_out(small: Path, how: str) -> None:
    path = small / "train-images-idx3-ubyte.gz"
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.raises(DamagedFileError, match=SAYS[how]) as caught:
        datasets.MNIST(small)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith("delete the file and download or copy it again")
    assert "\n" not in message


def test_labels_that_do_not_fit(small: Path) -> None:
    path = small / "train-labels-idx1-ubyte.gz"
    for labels, says in ((np.arange(4), "shape \\(4,\\) for 5 pictures"),
                         (np.full(5, 10), "the label 10, but there are 10 classes")):
        path.write_bytes(gzip.compress(idx(labels.astype(np.uint8))))
        with pytest.raises(DamagedFileError, match=says):
            datasets.MNIST(small)


def test_every_truncation_is_an_error(small: Path, tmp_path: Path) -> None:
    data = (small / "train-images-idx3-ubyte.gz").read_bytes()
    path = tmp_path / "cut.gz"
    for size in range(0, len(data), 97):
        path.write_bytes(data[:size])
        with pytest.raises(DamagedFileError):
            read_idx(path)


def test_idx_of_every_type(tmp_path: Path) -> None:
    for kind, dtype in ((8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"),
                        (14, ">f8")):
        array = np.arange(6).astype(dtype).reshape(2, 3)
        (tmp_path / "x").write_bytes(idx(array, kind))
        assert (read_idx(tmp_path / "x").numpy() == array).all()


def test_emnist_and_qmnist(small: Path, tmp_path: Path) -> None:
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("images-idx3", "labels-idx1"):
        shutil.copy(small / f"train-{part}-ubyte.gz", raw / f"emnist-letters-train-{part}-ubyte.gz")
    assert len(datasets.EMNIST(tmp_path, "letters").classes) == 27
    assert len(datasets.EMNIST(tmp_path, "letters")) == 5
    with pytest.raises(ValueError, match="split: unknown value 'all'"):
        datasets.EMNIST(tmp_path, "all")
    images = (small / "train-images-idx3-ubyte.gz").read_bytes()
    (tmp_path / "qmnist-train-images-idx3-ubyte.gz").write_bytes(images)
    labels = np.arange(40).reshape(5, 8).astype(">i4")
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(gzip.compress(idx(labels, 12)))
    assert datasets.QMNIST(tmp_path)[1][1] == 8
    assert datasets.QMNIST(tmp_path, compat=False)[1][1].tolist() == list(range(8, 16))


def test_image_folder(data_root: Path) -> None:
    data = datasets.ImageFolder(data_root / "imagefolder")
    expected = json.loads((data_root / "imagefolder" / "expected.json").read_text())
    assert data.classes == ["a", "b"]
    assert data.targets == [0, 0, 0, 1, 1, 1, 1]
    for (path, _), (picture, _) in zip(data.samples, data, strict=True):
        want = expected[str(Path(path).relative_to(data_root / "imagefolder"))]
        got = hashlib.sha256(np.asarray(picture).tobytes()).hexdigest()
        assert got == want["decoded_sha256"]


def test_image_folder_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folders in"):
        datasets.ImageFolder(tmp_path)
    (tmp_path / "cats").mkdir()
    with pytest.raises(FileNotFoundError, match="no files for class 'cats'"):
        datasets.ImageFolder(tmp_path)
    (tmp_path / "cats" / "tom.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(OSError, match=r"can't read .*tom\.png as a picture"):
        datasets.ImageFolder(tmp_path)[0]


def test_fake_data_repeats_itself() -> None:
    first, second = (datasets.FakeData(3, (3, 4, 5)) for _ in range(2))
    assert np.asarray(first[1][0]).tolist() == np.asarray(second[1][0]).tolist()
    assert first[1][1] == second[1][1]
    with pytest.raises(IndexError):
        first[3]


def test_transforms_and_transform_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="transforms is given together with"):
        datasets.VisionDataset(transforms=lambda p, t: (p, t), transform=lambda p: p)


def test_data_sets_travel_to_workers() -> None:
    digits = pickle.loads(pickle.dumps(datasets.Digits(False, transforms.ToTensor())))
    assert digits[3][0].equal(datasets.Digits(False, transforms.ToTensor())[3][0])


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    """A folder with a tiny CIFAR-10, as Python 2 would have pickled it."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in (*datasets.CIFAR10.train_list, "test_batch"):
        batch = {"data": rng.integers(0, 256, (4, 3072), np.uint8), "labels": [3, 1, 2, 0]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcd")}, protocol=2))
    return tmp_path


def test_cifar(cifar: Path) -> None:
    data = datasets.CIFAR10(cifar)
    assert (len(data), data.classes, data.targets[:4]) == (20, ["a", "b", "c", "d"], [3, 1, 2, 0])
    picture, label = data[0]
    assert (picture.mode, picture.size, label) == ("RGB", (32, 32), 3)
    raw = pickle.loads((cifar / "cifar-10-batches-py" / "data_batch_1").read_bytes())["data"][0]
    assert (np.asarray(picture)[:, :, 2].ravel() == raw[2048:]).all()
    assert len(datasets.CIFAR10(cifar, train=False)) == 4


class Evil:
    """What a malicious pickle does when it is loaded."""

    def __reduce__(self) -> tuple:
        return print, ("it runs",)


def test_cifar_runs_no_code_and_names_damage(cifar: Path, capsys) -> None:
    path = cifar / "cifar-10-batches-py" / "data_batch_1"
    whole = path.read_bytes()
    for data in (pickle.dumps({"data": Evil()}), whole[:len(whole) // 2], b"", b"hello",
                 pickle.dumps([1]), pickle.dumps({"data": np.zeros((2, 5), np.uint8)})):
        path.write_bytes(data)
        with pytest.raises(DamagedFileError, match="data_batch_1: "):
            datasets.CIFAR10(cifar)
    assert capsys.readouterr().out == ""
