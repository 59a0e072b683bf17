"""safetensors files: both directions, a published file, and headers that lie."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import facula.core as F
from facula.core.serialization import CheckpointError, load_file, save_file

library = pytest.importorskip("safetensors.numpy", reason="the extra `safetensors` has it")


def test_round_trip(tmp_path: Path, device: str) -> None:
    names = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32")
    tensors = {d: F.arange(6, device=device).to(getattr(F, d)).reshape(2, 3).t() for d in names}
    tensors |= {"scalar": F.tensor(2.5), "empty": F.zeros(0, 3), "c": F.tensor([1 + 2j])}
    path = tmp_path / "a.safetensors"
    save_file(tensors, path, {"made by": "a test"})
    loaded = load_file(path, device)
    assert set(loaded) == set(tensors)
    for name, tensor in tensors.items():
        assert loaded[name].dtype is tensor.dtype
        assert str(loaded[name].device).startswith(device)
        np.testing.assert_array_equal(loaded[name].cpu().numpy(), tensor.cpu().numpy())
    head = path.read_bytes()
    n = struct.unpack("<Q", head[:8])[0]
    assert json.loads(head[8:8 + n])["__metadata__"] == {"made by": "a test"}


def test_the_library_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    save_file({"x": F.arange(3.0)}, tmp_path / "a")
    assert library.load_file(tmp_path / "a")["x"].tolist() == [0, 1, 2]
    library.save_file({"y": np.ones((2, 2), np.int16)}, tmp_path / "b")
    assert load_file(tmp_path / "b")["y"].tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", [
    "weights-mnist/mnist.safetensors", "weights-silero-vad/silero_vad_16k.safetensors",
    "checkpoint-formats/multi_layer.safetensors"])
def test_published_files(data_root: Path, name: str) -> None:
    tensors, arrays = load_file(data_root / name), library.load_file(data_root / name)
    assert set(tensors) == set(arrays)
    for key, array in arrays.items():
        np.testing.assert_array_equal(tensors[key].numpy(), array)


@pytest.mark.parametrize("data", [
    b"", b"abc", b"\xff" * 100, struct.pack("<Q", 1 << 40) + b"{}",
    struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 100) + b"{}",
    *(struct.pack("<Q", len(h)) + h + bytes(16) for h in (
        b'{"a":{"dtype":"F32","shape":[100],"data_offsets":[0,400]}}',
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}',
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}',
        b'{"a":{"dtype":"F99","shape":[4],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,16]}}')),
], ids=range(11))
def test_lies(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"load_file: .*bad\.safetensors"):
        load_file(path)


def test_what_does_not_fit(tmp_path: Path) -> None:
    for value in (1, F.zeros(1, dtype=F.complex128)):
        with pytest.raises(TypeError, match="save_file: 'x'"):
            save_file({"x": value}, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"facula-core\[safetensors\]"):
        load_file(tmp_path / "a")
