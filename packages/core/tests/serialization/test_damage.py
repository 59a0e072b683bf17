"""Damaged, foreign and malicious files: one clear error each, and no code of theirs is run."""

from __future__ import annotations

import collections
import fractions
import functools
import importlib
import io
import operator
import os
import pickle
import random
import struct
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest

import facula.core as F
from facula.core import serialization as S
from facula.core.serialization import CheckpointError, UnsafeCheckpointError, zipread


@pytest.fixture(autouse=True)
def _declare_nothing():
    S.clear_safe_globals()
    yield
    S.clear_safe_globals()


def checkpoint() -> bytes:
    """A small file with some of everything."""
    file = io.BytesIO()
    base = F.arange(300.0).reshape(15, 20)
    F.save({"w": base, "t": base.t(), "b": F.ones(3, dtype=F.bfloat16), "n": [1, "two", 3.0],
            "o": collections.OrderedDict(x=F.tensor(True))}, file)
    return file.getvalue()


def legacy() -> bytes:
    """The same in the older format, written by hand."""
    file = io.BytesIO()
    for fact in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(fact, file, 2)
    file.write(tensor_pickle(b"q", location="cpu", view=b"N"))
    pickle.dump(["q"], file, 2)
    file.write(struct.pack("<q", 4) + np.arange(4, dtype="<f4").tobytes())
    return file.getvalue()


def tensor_pickle(key: bytes, numel: int = 4, size: int = 4, stride: int = 1, offset: int = 0,
                  location: str = "cpu", view: bytes = b"") -> bytes:
    """The pickle of one float tensor, byte by byte."""
    def text(value: bytes) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value

    def integer(value: int) -> bytes:
        return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)

    return (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + text(b"storage")
            + b"ctorch\nFloatStorage\n" + text(key) + text(location.encode()) + integer(numel)
            + view + b"tQ" + integer(offset) + integer(size) + b"\x85" + integer(stride)
            + b"\x85\x89ccollections\nOrderedDict\n)RtR.")


def archive(pickled: bytes, **members: bytes) -> io.BytesIO:
    """A zip file around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("a/data.pkl", pickled)
        for name, data in {"version": b"3\n", **members}.items():
            out.writestr(f"a/{name.replace('_', '/')}", data)
    return file


def test_the_hand_made_files_are_good() -> None:
    want = [0, 1, 2, 3]
    data = np.arange(4, dtype="<f4").tobytes()
    assert F.load(archive(tensor_pickle(b"0"), data_0=data)).tolist() == want
    assert F.load(io.BytesIO(legacy())).tolist() == want


@pytest.mark.parametrize(("data", "text"), [
    (b"", "it is empty"), (b"abc", "begins with b'abc'"),
    (b"PK\3\4" + b"x" * 100, "end is missing or damaged"),
    (b"\x89HDF\r\n\x1a\n123", "HDF5"), (b"\x93NUMPY123", r"numpy\.load"),
    (b"<!DOCTYPE html><html>", "a web page"), (b"version https://git-lfs.github.com", "git lfs"),
    (b"\x1f\x8b123", "gzip"), (struct.pack("<Q", 20) + b'{"a":{}}', "safetensors"),
    (pickle.dumps({"a": 1}), "a pickle, but not a checkpoint"),
    (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(5, 2), "has version 5"),
])
def test_files_of_other_kinds(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "some.pt"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"load: .*some\.pt: .*{text}"):
        F.load(path)


def test_other_archives(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones(2))
    with pytest.raises(CheckpointError, match=r"not a checkpoint: there is no data\.pkl"):
        F.load(tmp_path / "a.npz")
    with pytest.raises(CheckpointError, match="TorchScript"):
        F.load(archive(tensor_pickle(b"0"), **{"constants.pkl": b"x"}))
    tar = tmp_path / "a.tar"
    import tarfile
    with tarfile.open(tar, "w") as out:
        out.add(tmp_path / "a.npz", "a.npz")
    with pytest.raises(CheckpointError, match="tar archive, but not a checkpoint"):
        F.load(tar)


@pytest.mark.parametrize(("changes", "text"), [
    ({"numel": 5}, "16 bytes where the tensors need 20"),
    ({"size": 5}, "does not fit its storage of 4"), ({"offset": 1}, "does not fit"),
    ({"stride": 2}, "does not fit"), ({"stride": -1}, "not negative"),
    ({"size": -4}, "not negative"), ({"offset": -1}, "not negative"),
    ({"size": 1 << 62, "stride": 0}, "."), ({"key": b"7"}, "its part data/7 is missing"),
    ({"key": b"../../etc/passwd"}, "is missing"), ({"numel": -4}, "damaged"),
    ({"numel": 1 << 61}, "where the tensors need"),
])
def test_numbers_that_lie(changes, text: str) -> None:
    file = archive(tensor_pickle(changes.pop("key", b"0"), **changes), data_0=bytes(16))
    with pytest.raises(CheckpointError, match=text):
        F.load(file)


def test_legacy_numbers_that_lie() -> None:
    good = legacy()
    lies = good.replace(struct.pack("<q", 4) + np.arange(4, dtype="<f4").tobytes(),
                        struct.pack("<q", 1 << 60) + bytes(16))
    with pytest.raises(CheckpointError, match="elements where the tensors need 4"):
        F.load(io.BytesIO(lies))
    huge = good.replace(b"\x8a\x09" + (4).to_bytes(9, "little"),
                        b"\x8a\x09" + (1 << 50).to_bytes(9, "little"), 1)
    with pytest.raises(CheckpointError, match="more bytes than the file has"):
        F.load(io.BytesIO(huge))


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that grow a thousandfold, or say that they do; the limit is made smaller here."""
    monkeypatch.setattr(zipread, "BOMB_BYTES", 1 << 20)
    for n, kept in ((8 << 20, "data/0"), (8 << 20, "data.pkl")):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("a/data.pkl", tensor_pickle(b"0", numel=n // 4) + bytes(
                n if kept == "data.pkl" else 0))
            out.writestr("a/data/0", bytes(n))
        with pytest.raises(CheckpointError, match="compressed parts grow to more than"):
            F.load(file)


def test_every_truncation() -> None:
    for data in (checkpoint(), legacy()):
        for n in [*range(0, len(data), 7), len(data) - 1]:
            with pytest.raises(CheckpointError):
                F.load(io.BytesIO(data[:n]))


def test_bit_flips() -> None:
    """No flip crashes, hangs or asks for much memory; what loads is of the right kinds."""
    rng = random.Random(0)
    refused = 0
    originals = (checkpoint(), legacy())
    for i in range(600):
        data = bytearray(originals[i % 2])
        for _ in range(rng.choice((1, 1, 4))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            F.load(io.BytesIO(bytes(data)))
        except CheckpointError:
            refused += 1
    assert refused > 200


def test_flips_in_tensors_are_noticed() -> None:
    good = bytearray(checkpoint())
    at = good.index(np.arange(300, dtype="<f4").tobytes()) + 500
    good[at] ^= 1
    with pytest.raises(CheckpointError, match="checksum is wrong"):
        F.load(io.BytesIO(bytes(good)))


def test_random_pickles() -> None:
    """The pickle machine takes any bytes without harm."""
    rng = random.Random(1)
    codes = b"()NtQRbcu}]aesq\x00h\x00\x81\x85\x86\x87.K\x01X\x01\x00\x00\x00a2"
    for _ in range(3000):
        body = bytes(rng.choice(codes) for _ in range(rng.randrange(40)))
        try:
            F.load(archive(b"\x80\x02" + body + b"."))
        except CheckpointError:
            continue


# Code


class Runs:
    """Pickles as a call."""

    def __init__(self, function, *args) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that exists after code has run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "trap"


@pytest.mark.parametrize("function", [
    os.system, eval, exec, subprocess.call, importlib.import_module, open, getattr, pickle.loads,
    operator.attrgetter("system"), functools.partial(os.system), print, compile,
], ids=lambda value: getattr(value, "__name__", "partial"))
@pytest.mark.parametrize("wrap", [lambda data: archive(data), lambda data: io.BytesIO(
    pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + data),
    lambda data: io.BytesIO(data)], ids=["zip", "legacy", "bare"])
def test_nothing_runs(trap: Path, function, wrap) -> None:
    pickled = pickle.dumps({"x": Runs(function, f"touch {trap}")}, 2)
    with pytest.raises(CheckpointError) as caught:
        F.load(wrap(pickled))
    assert not trap.exists()
    assert isinstance(caught.value, (UnsafeCheckpointError, pickle.UnpicklingError))


@pytest.mark.parametrize("pickled", [
    b"\x80\x02ctorch\nfloat32\n}(X\x08\x00\x00\x00itemsizeK\x63u\x86b.",   # state into a dtype
    b"\x80\x02ctorch\nfloat32\nN}X\x08\x00\x00\x00itemsizeK\x63s\x86b.",
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__K\x01sb.",
    b"\x80\x02ccollections\nOrderedDict\nN}X\x04\x00\x00\x00keysK\x01s\x86b.",
    b"\x80\x02X\x01\x00\x00\x00a)R.", b"\x80\x02]}b.", b"\x80\x02K\x01)\x81.",
    b"\x80\x02cbuiltins\nlist\n(K\x01tR.", b"\x80\x02cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.",
    b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.", b"\x80\x02ctorch\nTensor\n)\x81.",
    b"\x80\x02cbuiltins\nset\n(J\xff\xff\xff\x7ftR.", b"\x80\x02cfacula.core\nload\n)R.",
    b"\x80\x02ccollections\ndefaultdict\n(cbuiltins\nset\ntR)R.",
    b"\x80\x02cnumpy\ndtype\n(X\x01\x00\x00\x00OtR.",
    b"\x80\x02c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00zlibtR.",
], ids=range(16))
def test_tricks(pickled: bytes) -> None:
    with pytest.raises(CheckpointError):
        F.load(archive(pickled))
    assert F.float32.itemsize == 4


@pytest.mark.parametrize("value", [
    eval, exec, compile, open, getattr, setattr, __import__, print, input, os.system, os.popen,
    subprocess.Popen, subprocess.run, importlib.import_module, pickle.loads, pickle.Unpickler,
    sys.exit, functools.partial, functools.reduce, operator.methodcaller, types.FunctionType,
    io.FileIO, type, np.load, [].append,
], ids=lambda value: getattr(value, "__name__", "partial"))
def test_what_can_never_be_declared_safe(value) -> None:
    with pytest.raises(ValueError, match="can't be declared safe"):
        S.add_safe_globals([value])
    assert S.get_safe_globals() == []


def test_names_cannot_smuggle() -> None:
    with pytest.raises(ValueError, match="can't be declared safe"):
        S.add_safe_globals([(eval, "harmless.name")])
    with pytest.raises(ValueError, match="can't be declared safe"):
        S.add_safe_globals([(fractions.Fraction, "os.system")])
    with pytest.raises(TypeError, match="not a class or function"):
        S.add_safe_globals(["fractions.Fraction"])


class Point:
    """A class of a user's."""

    def __init__(self, x: int) -> None:
        self.x = x


def test_declaring_a_class() -> None:
    file = io.BytesIO()
    F.save({"p": Point(3), "f": fractions.Fraction(1, 2)}, file)
    with pytest.raises(UnsafeCheckpointError, match=r"Point.*add_safe_globals\(\[Point\]\)"):
        F.load(file)
    with S.safe_globals([Point, fractions.Fraction]):
        loaded = F.load(file)
        assert loaded["p"].x == 3
        assert loaded["f"] == fractions.Fraction(1, 2)
        assert S.get_safe_globals() == [Point, fractions.Fraction]
    assert S.get_safe_globals() == []
    S.add_safe_globals([Point])
    with pytest.raises(UnsafeCheckpointError, match="Fraction"):
        F.load(file)
    S.clear_safe_globals()
    with pytest.raises(UnsafeCheckpointError, match="Point"):
        F.load(file)


def test_declaring_under_another_name() -> None:
    pickled = b"\x80\x02cold.place\nPoint\n)\x81}X\x01\x00\x00\x00xK\x05sb."
    with S.safe_globals([(Point, "old.place.Point")]):
        assert F.load(archive(pickled)).x == 5


def test_whole_modules_and_other_tensors() -> None:
    for name, text in (("torch.nn.modules.linear\nLinear", "whole module"),
                       ("torch._utils\n_rebuild_sparse_tensor", "facula does not have"),
                       ("torch\nfloat8_e4m3fn", "float8_e4m3fn"),
                       ("torch\nQInt8Storage", "QInt8Storage")):
        with pytest.raises(CheckpointError, match=text):
            F.load(archive(b"\x80\x02c" + name.encode() + b"\n."))


def test_protocols_of_other_writers() -> None:
    value = {"a": [1, 2.5, -3, 1 << 40, True, None, "é"], "t": (1, 2, 3, 4), "b": b"x" * 300,
             "s": {1, 2}, "f": frozenset({1}), "big": 1 << 3000, "n": [[], {}, ()]}
    for protocol in range(6):
        assert F.load(archive(pickle.dumps(value, protocol))) == value
