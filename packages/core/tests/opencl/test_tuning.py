"""The table of tiles: levels, the user's file with its damages, the search."""

import dataclasses
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

from facula import core
from facula.core.backends.opencl import probe, search, tuning
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.runtime import Runtime


@pytest.fixture
def home(backend, tmp_path, monkeypatch):
    """An empty folder for the user's file; afterwards the tables are read anew."""
    monkeypatch.setenv("FACULA_HOME", str(tmp_path))
    monkeypatch.setattr(tuning._Tables, "user", None)
    return tmp_path


def _store(home, content):
    (home / "tuning.json").write_text(content if isinstance(content, str) else json.dumps(content))
    tuning._Tables.user = None


def test_the_shipped_table_has_every_class(backend):
    for kind, vector in (("cpu", 64), ("cpu", 32), ("gpu", 16), ("nvidia", 16)):
        device = dataclasses.replace(probe.device(0), kind=kind, vector_bytes=vector)
        found = tuning.choice(device, "gemm", "float32", "large")
        assert set(found) >= ({"rows", "mc"} if kind == "cpu" else {"tm", "tn", "tk"})


def test_the_more_special_entry_wins(home):
    device = probe.device(0)
    shipped = tuning.choice(device, "gemm", "float32")
    for dtype, bucket, nc in (("*", "*", 32), ("*", "large", 64), ("float32", "large", 256)):
        tuning.write(device, "gemm", dtype, bucket, {"nc": nc})
    assert tuning.choice(device, "gemm", "float64")["nc"] == 32
    assert tuning.choice(device, "gemm", "float64", "large")["nc"] == 64
    assert tuning.choice(device, "gemm", "float32", "large")["nc"] == 256
    assert tuning.choice(device, "gemm", "float32", "large")["kc"] == shipped.get("kc", 256)
    tuning._Tables.user = None  # as the next process reads it
    assert tuning.choice(device, "gemm", "float32", "large")["nc"] == 256
    other = dataclasses.replace(device, name="another one")
    assert tuning.choice(other, "gemm", "float32") == shipped


@pytest.mark.parametrize("content", [
    "", "{", "[]", "null", '{"format": 1}', '{"format": 0, "devices": {}}',
    {"format": 1, "devices": {"d": {"gemm": {"*": {"*": {"rows": 7}}}}}},
    {"format": 1, "devices": {"d": {"gemm": {"*": {"*": {"rows": "6"}}}}}},
    {"format": 1, "devices": {"d": {"gemm": {"*": {"*": {"unknown": 6}}}}}},
    {"format": 1, "devices": {"d": {"gemm": 3}}}, {"format": 1, "devices": []},
], ids=str)
def test_a_damaged_file_is_ignored_and_written_anew(home, content):
    _store(home, content)
    device = probe.device(0)
    with pytest.warns(UserWarning, match="is ignored: .* writes it anew"):
        before = tuning.choice(device, "gemm", "float32")
    assert before
    tuning.write(device, "gemm", "*", "*", {"nc": 64})
    tuning._Tables.user = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tuning.choice(device, "gemm", "float32")["nc"] == 64


def test_products_are_right_with_every_candidate(backend, rng):
    device = probe.device(0)
    a, b = rng.standard_normal((2, 130, 130)).astype(np.float32)
    candidates = list(search._tiles(device))
    assert len(candidates) > 5
    for candidate in candidates[::7]:
        other = dataclasses.replace(device, overrides={"gemm": candidate})
        there = OpenCLBackend(Runtime(probe.binding(), other), "opencl:0")
        out = there.to_numpy(there.kernels["matmul"](there.from_numpy(a), there.from_numpy(b)))
        np.testing.assert_allclose(out, a.astype(np.float64) @ b, rtol=1e-4, atol=1e-4)


def test_tiles_of_gpus(backend, rng):
    device = dataclasses.replace(probe.device(0), kind="gpu", overrides={
        "gemm": {"tm": 128, "tn": 32, "tk": 8}})
    there = OpenCLBackend(Runtime(probe.binding(), device), "opencl:gpu")
    a, b = rng.standard_normal((2, 150, 150)).astype(np.float32)
    out = there.to_numpy(there.kernels["matmul"](there.from_numpy(a), there.from_numpy(b)))
    np.testing.assert_allclose(out, a.astype(np.float64) @ b, rtol=1e-4, atol=1e-4)


def test_a_search_keeps_what_is_faster(home, backend, monkeypatch):
    times = iter([5.0, 4.99, 2.0, *[3.0] * 100])
    monkeypatch.setattr(search, "_measure",
                        lambda backend, case: (next(times), np.ones((2, 2))))
    found = core.opencl.tune(0, 100.0, ("convolution",))
    if not backend.runtime.is_cpu:
        assert found == {}
        return
    (parameters,) = found.values()
    candidates = [c for c in search._bands(probe.device(0))
                  if c != {"padded_kib": 256, "places": 1024}]
    assert parameters == candidates[1]
    assert tuning.choice(probe.device(0), "convolution", "float32") == candidates[1]
    assert tuning.choice(probe.device(0), "convolution", "float64") != candidates[1]


def test_wrong_results_are_not_taken_however_fast(home, backend, monkeypatch):
    answers = iter([(5.0, np.ones(3))] + [(1.0, np.zeros(3))] * 100)
    monkeypatch.setattr(search, "_measure", lambda backend, case: next(answers))
    assert core.opencl.tune(0, 100.0, ("convolution",)) == {}
    assert not (home / "tuning.json").exists()


def test_the_command(home, backend):
    found = subprocess.run(
        [sys.executable, "-m", "facula.core", "tune", "--seconds", "0.5", "--operations", "gemm"],
        capture_output=True, text=True, check=True)
    assert "gemm float32" in found.stdout
    assert "takes" in found.stdout


def test_wrong_arguments(backend):
    for arguments, message in (({"operations": ["sort"]}, "not tuned"), ({"seconds": 0}, "above"),
                               ({"dtypes": ["int32"]}, "not a floating")):
        with pytest.raises(ValueError, match=message):
            core.opencl.tune(**arguments)
