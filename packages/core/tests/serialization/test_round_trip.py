"""What is saved comes back: values, dtypes, strides, sharing, containers, places."""

from __future__ import annotations

import collections
import io
import os
import stat
import struct
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import facula.core as F
from facula.core import dtypes
from facula.core.serialization import CheckpointError


def again(value, **options):
    """The value, saved and loaded."""
    file = io.BytesIO()
    F.save(value, file)
    return F.load(file, **options)


def same(a, b) -> None:
    """The same tensor in all that a file keeps."""
    assert a.dtype is b.dtype
    assert a.shape == b.shape
    np.testing.assert_array_equal(a.detach().cpu().numpy(), b.detach().cpu().numpy())


@pytest.mark.parametrize("d", dtypes.ALL, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_dtypes_and_shapes(d, shape) -> None:
    rng = np.random.default_rng(1)
    tensor = F.tensor(np.asarray(rng.random(shape) * 100)).to(d)
    same(again(tensor), tensor)


@pytest.mark.parametrize("make", [
    lambda t: t.t(), lambda t: t[1], lambda t: t[:, 2], lambda t: t[::2, 1::2], lambda t: t[2:],
    lambda t: t[:1].expand(5, 4), lambda t: t.reshape(4, 3).t(), lambda t: t[1, 1],
    lambda t: t.unsqueeze(1),
], ids=range(9))
def test_views_keep_strides(make, device: str) -> None:
    view = make(F.arange(12).reshape(3, 4).to(device))
    loaded = again(view)
    same(loaded, view)
    assert loaded.stride() == view.stride()


def test_sharing(device: str) -> None:
    base = F.arange(12.0, device=device).reshape(3, 4)
    value = {"base": base, "row": base[1], "columns": base[:, 1:3], "t": base.t(), "same": base,
             "other": base.clone()}
    loaded = again(value)
    assert loaded["same"] is loaded["base"]
    loaded["base"][1, 2] = 77.0
    assert loaded["row"][2].item() == 77
    assert loaded["columns"][1, 1].item() == 77
    assert loaded["t"][2, 1].item() == 77
    assert loaded["other"][1, 2].item() == 6
    assert base[1, 2].item() == 6


def test_only_what_is_covered_is_written() -> None:
    big = F.zeros(1_000_000)
    file = io.BytesIO()
    F.save([big[10:20], big[15:25], big[500:501], big.reshape(1000, 1000)[0, 700:710]], file)
    assert len(file.getvalue()) < 4000
    a, b, *_ = F.load(file)
    a[7] = 1.0
    assert b[2].item() == 1.0


def test_the_same_memory_as_two_dtypes_is_saved_twice() -> None:
    array = np.arange(4, dtype=np.int32)
    a, b = again([F.from_numpy(array), F.from_numpy(array.view(np.float32))])
    assert a.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(b.numpy(), array.view(np.float32))


def test_arrays_that_the_format_cannot_describe_are_copied() -> None:
    array = np.arange(12, dtype=np.float32)
    records = np.zeros(3, dtype=[("a", np.int8), ("b", np.float32)])
    records["b"] = [1, 2, 3]
    for odd in (array[::-1], array[::-2], records["b"]):
        loaded = again(F.from_numpy(odd))
        np.testing.assert_array_equal(loaded.numpy(), odd)


def test_containers_and_values() -> None:
    value = {
        "none": None, "int": 10 ** 30, "negative": -5, "float": 0.1, "inf": float("inf"),
        "complex": 1 + 2j, "str": "né\n\ud800", "bytes": bytes(range(256)), "empty": b"",
        "bytearray": bytearray(b"ab"), "tuple": (1, (2, [3, {}])), "set": {1, 2},
        "frozenset": frozenset({3}), "bool": [True, False], "slice": slice(1, None, 2),
        "ordered": collections.OrderedDict(b=1, a=2), "counter": collections.Counter("aab"),
        "default": collections.defaultdict(list, x=[1]), "size": F.zeros(2, 3).shape,
        "dtype": F.bfloat16, "bool_dtype": F.bool, "device": F.device("opencl", 1),
        "numpy": np.float32(1.5), "array": np.arange(6).reshape(2, 3).T, 3: "int key",
        ("a", 1): "tuple key",
    }
    loaded = again(value)
    assert list(loaded) == list(value)
    for key, want in value.items():
        assert type(loaded[key]) is type(want), key
        np.testing.assert_array_equal(loaded[key], want) if key == "array" else None
        assert key == "array" or loaded[key] == want, key
    assert loaded["default"]["new"] == []
    assert list(loaded["ordered"]) == ["b", "a"]


def test_references_and_cycles() -> None:
    shared = [1]
    value = {"a": shared, "b": shared}
    value["self"] = value
    loaded = again(value)
    assert loaded["a"] is loaded["b"]
    assert loaded["self"] is loaded


def test_attributes_of_an_ordered_dict() -> None:
    state = collections.OrderedDict(w=F.ones(1))
    state._metadata = {"": {"version": 2}}
    assert again(state)._metadata == {"": {"version": 2}}


def test_random_state_resumes() -> None:
    generator = F.Generator().manual_seed(3)
    F.rand(5, generator=generator)
    state = again({"rng": generator.get_state()})
    want = F.rand(4, generator=generator).tolist()
    other = F.Generator()
    other.set_state(state["rng"])
    assert F.rand(4, generator=other).tolist() == want


def test_places(device: str) -> None:
    saved = {"x": F.arange(4.0, device=device), "c": F.ones(2)}
    file = io.BytesIO()
    F.save(saved, file)
    home = F.load(file)
    assert home["x"].device == saved["x"].device
    assert str(home["c"].device) == "cpu"
    assert str(F.load(file, map_location="cpu")["x"].device) == "cpu"
    assert F.load(file, map_location={"cpu": device})["c"].device == saved["x"].device
    assert F.load(file, map_location=lambda storage, place: device)["c"].device == home["x"].device
    seen = []

    def to_cpu(storage, place):
        seen.append((storage.nbytes(), len(storage), place))
        return storage.cpu()

    assert str(F.load(file, map_location=to_cpu)["x"].device) == "cpu"
    assert sorted(seen, key=str) == sorted(
        [(16, 4, str(saved["x"].device)), (8, 2, "cpu")], key=str)
    assert F.load(file, map_location=lambda storage, place: None)["x"].device == home["x"].device
    with pytest.raises(ValueError, match="not a device"):
        F.load(file, map_location="nowhere")


def test_a_device_that_is_not_here() -> None:
    file = io.BytesIO()
    F.save(F.ones(3), file)
    data = rewritten(file.getvalue(), {"data.pkl": lambda old: old.replace(
        b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")})
    assert str(F.load(io.BytesIO(data)).device) == "cpu"
    data = rewritten(file.getvalue(), {"data.pkl": lambda old: old.replace(
        b"X\x03\x00\x00\x00cpu", b"X\x0a\x00\x00\x00opencl:987")})
    with pytest.warns(RuntimeWarning, match="opencl:987, which this machine does not have"):
        assert F.load(io.BytesIO(data)).tolist() == [1, 1, 1]


def rewritten(data: bytes, changes) -> bytes:
    """A zip file with some members changed (compressed, which is as good)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            change = changes.get(info.filename.split("/", 1)[1])
            new.writestr(info.filename, change(content) if change else content)
    return out.getvalue()


def test_other_byte_order() -> None:
    file = io.BytesIO()
    F.save({"x": F.tensor([1.5, -2.0]), "c": F.tensor([1 + 2j])}, file)
    data = rewritten(file.getvalue(), {
        "byteorder": lambda old: b"big",
        "data/0": lambda old: np.frombuffer(old, "<f4").astype(">f4").tobytes(),
        "data/1": lambda old: np.frombuffer(old, "<f4").astype(">f4").tobytes()})
    loaded = F.load(io.BytesIO(data))
    assert loaded["x"].tolist() == [1.5, -2.0]
    assert loaded["c"].tolist() == [1 + 2j]


def test_the_zip_file_is_in_order() -> None:
    file = io.BytesIO()
    F.save({str(i): F.ones(i) for i in range(20)}, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            lengths = struct.unpack("<HH", file.read(4))
            assert (info.header_offset + 30 + sum(lengths)) % 64 == 0


def test_compressed_again_by_hand() -> None:
    file = io.BytesIO()
    F.save({"x": F.ones(1000)}, file)
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    assert F.load(out)["x"].sum().item() == 1000


# Files


def test_paths_and_permissions(tmp_path: Path) -> None:
    for path in (tmp_path / "a.pt", str(tmp_path / "b.pt"), os.fsencode(tmp_path / "c.pt")):
        F.save({"x": F.ones(2)}, path)
        assert F.load(path)["x"].tolist() == [1, 1]
    path = tmp_path / "a.pt"
    path.chmod(0o640)
    F.save(F.zeros(1), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pt", "b.pt", "c.pt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    F.save(F.zeros(1), tmp_path / "real.pt")
    (tmp_path / "link.pt").symlink_to("real.pt")
    F.save(F.ones(1), tmp_path / "link.pt")
    assert (tmp_path / "link.pt").is_symlink()
    assert F.load(tmp_path / "real.pt").item() == 1


class _Explosive:
    def __reduce__(self):
        raise ValueError("can't be pickled")


def test_an_error_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pt"
    F.save(F.ones(3), path)
    with pytest.raises(ValueError, match="can't be pickled"):
        F.save([F.zeros(3), _Explosive()], path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        F.save(F.zeros(3), path)
    assert F.load(path).tolist() == [1, 1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_a_full_disk(tmp_path: Path) -> None:
    """A real limit on the size of files stands for the disk."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.pt"
    F.save(F.ones(3), path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            F.save(F.zeros(1_000_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert F.load(path).tolist() == [1, 1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_a_missing_folder_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        F.save(F.ones(1), tmp_path / "none" / "a.pt")
    with pytest.raises(FileNotFoundError):
        F.load(tmp_path / "none.pt")
    with pytest.raises(IsADirectoryError):
        F.load(tmp_path)


def test_a_stream_that_cannot_seek() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source, os.fdopen(write, "wb") as sink:
        def run() -> None:
            with sink:
                F.save({"x": F.arange(100_000)}, sink)

        thread = threading.Thread(target=run)
        thread.start()
        loaded = F.load(source)
        thread.join()
    assert loaded["x"].sum().item() == 99_999 * 50_000


def test_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    F.save({"x": F.arange(10.0), "y": F.ones(3)}, path)
    before = path.read_bytes()
    loaded = F.load(path, mmap=True)
    loaded["x"][0] = 5.0
    assert loaded["x"].sum().item() == 50
    assert path.read_bytes() == before
    F.save({"only": loaded["y"]}, tmp_path / "b.pt")
    assert (tmp_path / "b.pt").stat().st_size < 2000
    with pytest.raises(ValueError, match="mmap=True needs a path"):
        F.load(io.BytesIO(before), mmap=True)


def test_trusting_runs_what_pickle_runs() -> None:
    import fractions

    value = {"f": fractions.Fraction(1, 3), "x": F.ones(2), "d": F.float16}
    with pytest.raises(CheckpointError, match=r"fractions\.Fraction"):
        again(value)
    loaded = again(value, weights_only=False)
    assert loaded["f"] == fractions.Fraction(1, 3)
    assert loaded["x"].tolist() == [1, 1]
    assert loaded["d"] is F.float16
