"""Checkpoints that others published: the values that PyTorch reads from them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import facula.core as F
from facula.core.serialization import CheckpointError

SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def check(value: Any, expected: dict[str, Any], path: str) -> None:
    """Compare with what ``expected.json`` says about one object."""
    kind = expected["type"]
    if kind == "tensor":
        assert isinstance(value, F.Tensor), path
        assert value.dtype.name == expected["dtype"], path
        assert list(value.shape) == expected["shape"], path
        assert list(value.stride()) == expected["stride"], path
        array = value.numpy(force=True).astype(np.float64).ravel()
        if "values" in expected:
            want = [SPECIAL.get(v, v) if isinstance(v, str) else v for v in expected["values"]]
            np.testing.assert_array_equal(array, want, err_msg=path)
        else:
            first = expected["first"]
            np.testing.assert_array_equal(array[:len(first)], first, err_msg=path)
            assert array.sum() == pytest.approx(expected["sum"], rel=1e-6, abs=1e-6), path
    elif "items" in expected and kind in ("dict", "OrderedDict"):
        assert type(value).__name__ == kind, path
        assert list(value) == [name for name, _ in expected["items"]], path
        for name, part in expected["items"]:
            check(value[name], part, f"{path}.{name}")
    elif "items" in expected:
        assert type(value).__name__ == kind, path
        for i, (one, part) in enumerate(zip(value, expected["items"], strict=True)):
            check(one, part, f"{path}[{i}]")
    else:
        assert type(value).__name__ == kind, path
        assert value == expected["value"], path


def test_every_file_of_many_kinds(data_root: Path) -> None:
    folder = data_root / "checkpoint-formats"
    expected = json.loads((folder / "expected.json").read_text())
    assert len(expected) == 52
    for name, entry in expected.items():
        if entry["loads"]:
            check(F.load(folder / name), entry["content"], name)
        else:
            with pytest.raises(CheckpointError, match=name):
                F.load(folder / name)


@pytest.mark.parametrize(("name", "tensors", "elements"), [
    ("weights-cifar10/resnet20-12fca82f.th", 97, None),
    ("weights-imagenet/squeezenet1_1.pth", 52, 1_235_496),
    ("weights-mtcnn/onet.pt", 21, None), ("weights-mnist/mnist.pt", None, None),
    ("weights-crepe/crepe_tiny.pth", 44, None), ("weights-stories260k/stories260K.pt", None, None),
])
def test_weights(data_root: Path, name: str, tensors: int | None, elements: int | None) -> None:
    found = []

    def gather(value: Any) -> None:
        if isinstance(value, F.Tensor):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                gather(part)

    gather(F.load(data_root / name))
    assert found
    assert tensors is None or len(found) == tensors
    assert elements is None or sum(t.numel() for t in found) == elements
    assert all(np.isfinite(t.numpy(force=True).astype(np.float64)).all() for t in found)


def test_a_published_file_mapped_and_on_a_device(data_root: Path, device: str) -> None:
    path = data_root / "weights-imagenet" / "squeezenet1_1.pth"
    read, placed = F.load(path), F.load(path, map_location=device)
    mapped = F.load(path, mmap=True)
    for name, tensor in read.items():
        assert str(placed[name].device).startswith(device)
        np.testing.assert_array_equal(placed[name].cpu().numpy(), tensor.numpy())
        np.testing.assert_array_equal(mapped[name].numpy(), tensor.numpy())
