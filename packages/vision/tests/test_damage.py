"""Pictures, archives and data sets with bits turned or ends cut off: an answer or a clear error.

Two hundred damaged copies of each kind; with the checkpoints' own (in core) they are some
thousands. Nothing may crash, hang, write outside its folder, or leave half a file.
"""

import bz2
import gzip
import io
import lzma
import pickle
import random
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facula import core
from facula.vision import datasets
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.utils import ArchiveError, extract_archive
from facula.vision.io import decode_image

COPIES = 200


def damaged(data: bytes, name: str) -> Iterator[bytes]:
    """Copies with a few bits turned, or cut short."""
    rng = random.Random(name)
    for _ in range(COPIES):
        if rng.random() < 0.3:
            yield data[:rng.randrange(len(data))]
            continue
        body = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        yield bytes(body)


def picture(form: str, **options: object) -> bytes:
    y, x = np.mgrid[0:24, 0:32]
    array = np.stack([x * 8, y * 10, (x + y) * 4], -1).astype(np.uint8)
    held = io.BytesIO()
    Image.fromarray(array).save(held, form, **options)
    return held.getvalue()


@pytest.mark.parametrize(("form", "options"), [
    ("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("GIF", {}),
    ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"})],
    ids=lambda v: v if isinstance(v, str) else "".join(v))
def test_pictures(form: str, options: dict) -> None:
    whole = picture(form, **options)
    assert decode_image(core.tensor(np.frombuffer(whole, np.uint8))).shape == (3, 24, 32)
    refused = 0
    for data in damaged(whole, form):
        if not data:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's own, about metadata
                out = decode_image(core.tensor(np.frombuffer(data, np.uint8)))
        except RuntimeError as error:
            assert "decode_image" in str(error)
            refused += 1
        else:
            assert out.ndim == 3
            assert out.numel() < 1 << 28
    assert refused > COPIES // 20


def archive(kind: str) -> bytes:
    files = {"inner/a.txt": bytes(range(256)) * 4, "b.txt": b"facula" * 100}
    held = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files.items():
                made.writestr(name, data)
    elif kind.startswith("tar"):
        with tarfile.open(fileobj=held, mode="w:" + kind[4:]) as made:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                made.addfile(member, io.BytesIO(data))
    else:
        return {"gz": gzip, "xz": lzma, "bz2": bz2}[kind].compress(files["inner/a.txt"])
    return held.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2", "gz", "xz", "bz2"])
def test_archives(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"archive.{kind}"
    for i, data in enumerate(damaged(archive(kind), kind)):
        path.write_bytes(data)
        out = tmp_path / f"out{i}"
        try:
            extract_archive(path, out / "x" if kind in ("gz", "xz", "bz2") else out)
        except ArchiveError as error:
            assert path.name in str(error)
            assert not out.exists() or list(out.iterdir()) == []  # nothing half-written
    inside = {p.name for p in tmp_path.iterdir()}
    assert inside <= {path.name, *(f"out{i}" for i in range(COPIES))}


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape
                                                      ) + array.tobytes()


def mnist(root: Path) -> tuple[Path, Callable[[], object]]:
    rng = np.random.default_rng(0)
    (root / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(5, dtype=np.uint8)))
    path = root / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(rng.integers(0, 99, (5, 28, 28), np.uint8))))
    return path, lambda: datasets.MNIST(root)


def cifar(root: Path) -> tuple[Path, Callable[[], object]]:
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    batch = pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [3, 1]}, protocol=2)
    (folder / "test_batch").write_bytes(batch)
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcd")}, protocol=2))
    return folder / "test_batch", lambda: datasets.CIFAR10(root, train=False)


@pytest.mark.parametrize("make", [mnist, cifar])
def test_data_sets(make: Callable[[Path], tuple[Path, Callable[[], object]]],
                   tmp_path: Path) -> None:
    path, read = make(tmp_path)
    read()
    refused = 0
    for data in damaged(path.read_bytes(), path.name):
        path.write_bytes(data)
        try:
            read()
        except DamagedFileError as error:
            assert path.name in str(error)
            refused += 1
    assert refused > COPIES // 20
    assert list(path.parent.glob(".*")) == []
