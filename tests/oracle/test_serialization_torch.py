"""Checkpoints in both directions: PyTorch opens ours, we open PyTorch's, with equal values."""

from __future__ import annotations

import collections
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

import facula
from facula.core import dtypes

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")


def array(value) -> np.ndarray:
    """The elements of a tensor of either library."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return (value.float() if value.dtype is torch.bfloat16 else value).numpy()
    value = value.detach().cpu()
    return (value.float() if value.dtype is facula.bfloat16 else value).numpy()


def same(ours, theirs) -> None:
    """Equal in structure, dtype, shape, strides and values."""
    if isinstance(theirs, torch.Tensor):
        assert ours.dtype.name == str(theirs.dtype).removeprefix("torch.")
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert not theirs.numel() or tuple(ours.stride()) == theirs.stride()
        assert ours.requires_grad == theirs.requires_grad
        np.testing.assert_array_equal(array(ours), array(theirs))
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)) and not isinstance(theirs, torch.Size):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(theirs, (torch.dtype, torch.device, torch.Size)):
        assert str(ours).replace("facula", "torch") == str(theirs)
    else:
        assert ours == theirs


def contents(library) -> dict:
    """The same objects made by either library."""
    L = library
    base = L.arange(12, dtype=L.float32).reshape(3, 4)
    value = {d.name: L.tensor([0, 1, 1]).to(getattr(L, d.name)) for d in dtypes.ALL}
    value |= {
        "base": base, "row": base[1], "column": base[:, 2], "t": base.t(), "step": base[:, ::2],
        "expanded": L.ones(1, 3).expand(4, 3), "scalar": L.tensor(2.5), "empty": L.zeros(0, 3),
        "grad": L.ones(2, requires_grad=True), "dtype": L.float16, "bool": L.bool,
        "size": base.shape, "device": L.device("cpu"), "int": 10 ** 20, "float": 0.1, "none": None,
        "text": "né", "bytes": b"\x00\xff", "set": {1, 2}, "tuple": (1, [2, {"x": 3}]),
        "ordered": collections.OrderedDict(b=1, a=2), "bytearray": bytearray(b"ab"),
        "counter": collections.Counter("aab"), "complex": 1 + 2j,
    }
    return value


def test_pytorch_opens_ours(device: str) -> None:
    file = io.BytesIO()
    facula.save(contents(facula), file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)
    same(contents(facula), loaded)
    loaded["base"][1, 2] = 77
    for part in (loaded["row"][2], loaded["column"][1], loaded["t"][2, 1], loaded["step"][1, 1]):
        assert part == 77
    file = io.BytesIO()
    facula.save({"x": facula.arange(4, device=device)[1:]}, file)
    file.seek(0)
    assert torch.load(file, weights_only=True)["x"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("zip_format", [True, False])
def test_we_open_pytorchs(zip_format: bool) -> None:
    file = io.BytesIO()
    torch.save(contents(torch), file, _use_new_zipfile_serialization=zip_format)
    loaded = facula.load(file)
    same(loaded, contents(torch))
    loaded["base"][1, 2] = 77.0
    for part in (loaded["row"][2], loaded["column"][1], loaded["t"][2, 1], loaded["step"][1, 1]):
        assert part.item() == 77


@pytest.mark.parametrize("zip_format", [True, False])
def test_places_in_pytorchs_files(zip_format: bool, device: str) -> None:
    file = io.BytesIO()
    base = torch.arange(6.0).reshape(2, 3)
    torch.save([base, base[1]], file, _use_new_zipfile_serialization=zip_format)
    whole, row = facula.load(file, map_location=device)
    assert str(whole.device).startswith(device)
    whole[1, 0] = 9.0
    assert row[0].item() == 9


def test_modules_and_optimisers() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    value = {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
             "rng": torch.get_rng_state(), "parameters": list(model.parameters())}
    file = io.BytesIO()
    torch.save(value, file)
    loaded = facula.load(file)
    same(loaded, value)
    assert loaded["model"]._metadata == model.state_dict()._metadata
    back = io.BytesIO()
    facula.save(loaded, back)
    back.seek(0)
    model.load_state_dict(torch.load(back, weights_only=True)["model"])


def test_our_modules_in_pytorch() -> None:
    nn = pytest.importorskip("facula.nn")
    if not hasattr(nn, "Linear"):
        pytest.skip("facula.nn has no Linear yet")
    ours, other = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    file = io.BytesIO()
    facula.save({"state": ours.state_dict(), "parameters": list(ours.parameters())}, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)
    other.load_state_dict(loaded["state"])
    np.testing.assert_array_equal(other.weight.detach().numpy(), ours.weight.detach().numpy())
    assert all(isinstance(p, torch.nn.Parameter) for p in loaded["parameters"])
    assert all(isinstance(p, nn.Parameter) for p in facula.load(file)["parameters"])


def test_the_oldest_format(tmp_path: Path) -> None:
    """A tar file made by hand after what PyTorch's reader of that format expects."""
    numbers = np.arange(6, dtype="<f4")
    storages, tensors, obj = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pickle.dump(1, storages, 2)
    pickle.dump((7, "cpu", torch.FloatStorage), storages, 2)
    storages.write(struct.pack("<q", 6) + numbers.tobytes())
    pickle.dump([], storages, 2)
    pickle.dump(2, tensors, 2)
    for key, shape, stride, offset in ((1, (2, 3), (3, 1), 0), (2, (2,), (3,), 1)):
        pickle.dump((key, 7, torch.FloatTensor), tensors, 2)
        n = len(shape)
        tensors.write(struct.pack(f"<ii{2 * n + 1}q", n, 0, *shape, *stride, offset))

    class Refers(pickle.Pickler):
        def persistent_id(self, value):
            return value.key if isinstance(value, Key) else None

    class Key:
        def __init__(self, key: str) -> None:
            self.key = key

    Refers(obj, 2).dump({"whole": Key("1"), "column": Key("2")})
    path = tmp_path / "old.pt"
    with tarfile.open(path, mode="w", format=tarfile.PAX_FORMAT) as out:
        for name, part in (("storages", storages), ("tensors", tensors), ("pickle", obj)):
            info = tarfile.TarInfo(name)
            info.size = len(part.getvalue())
            part.seek(0)
            out.addfile(info, part)
    theirs = torch.load(path, weights_only=False)
    ours = facula.load(path)
    same(ours, theirs)
    ours["whole"][0, 1] = 50.0
    assert ours["column"][0].item() == 50


def test_dtypes_that_facula_lacks_are_named() -> None:
    for name in ("float8_e5m2", "float8_e4m3fn"):
        file = io.BytesIO()
        torch.save(torch.zeros(2).to(getattr(torch, name)), file)
        with pytest.raises(RuntimeError, match=name):
            facula.load(file)
    file = io.BytesIO()
    torch.save(torch.eye(2).to_sparse(), file)
    with pytest.raises(RuntimeError, match="facula does not have"):
        facula.load(file)
