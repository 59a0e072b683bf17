"""The other examples: each learns something small, leaves its files, tells mistakes in one line."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import io
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import facula

pytest.importorskip("matplotlib", reason="the examples draw with matplotlib: facula[plot]")
pytest.importorskip("tqdm", reason="the examples show their progress with tqdm: facula[progress]")

WORDS = "the cat sat on the mat and the dog sat on the log. "


def run(module: Any, *arguments: object) -> tuple[int, str, str]:
    """The main function of an example: exit code, output, errors."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = module.main([str(a) for a in arguments])
        except SystemExit as leaving:
            code = leaving.code
    return code, out.getvalue(), err.getvalue()


def example(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("model", ["gpt", "lstm"])
def test_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    module = example("characters")
    for name, less in {"STEPS": 20, "HELD_BACK": 5, "WRITTEN": 20}.items():
        monkeypatch.setattr(module, name, less)
    text = tmp_path / "text.txt"
    text.write_text(WORDS * 60)
    code, out, err = run(module, "--data", text, "--model", model, "--epochs", 2, "--device", "cpu",
                         "--batch-size", 4, "--output", tmp_path / "out")
    assert code == 0, err
    state = facula.load(tmp_path / "out" / "checkpoint.pt")
    assert len(state["losses"]) == 40
    assert state["held_back"][-1] < 0.9 * np.log(len(set(WORDS)))  # less than by chance
    assert (tmp_path / "out" / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert set(out.splitlines()[-2]) <= set(WORDS)


def mnist_files(folder: Path) -> Path:
    """A data set of two shapes in MNIST's files."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 256), ("t10k", 80)):
        images = np.zeros((n, 28, 28), np.uint8)
        kinds = rng.integers(0, 2, n)
        images[kinds == 0, 5:10], images[kinds == 1, :, 12:18] = 255, 255
        head = struct.pack(">4B3I", 0, 0, 8, 3, n, 28, 28)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(head + images.tobytes()))
        head = struct.pack(">4BI", 0, 0, 8, 1, n)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(head + kinds.astype(np.uint8).tobytes()))
    return folder


def test_vae(tmp_path: Path) -> None:
    code, _, err = run(example("vae"), "--data", mnist_files(tmp_path), "--epochs", 8,
                       "--batch-size", 32, "--device", "cpu", "--output", tmp_path / "out")
    assert code == 0, err
    state = facula.load(tmp_path / "out" / "checkpoint.pt")
    assert len(state["losses"]) == 64
    assert state["held_back"][-1] < 0.5 * state["held_back"][0]
    assert (tmp_path / "out" / "pictures.png").read_bytes()[:4] == b"\x89PNG"


def tones(folder: Path) -> Path:
    """Recordings of a tone per digit."""
    for digit in range(10):
        for number in range(3, 9):
            seconds = np.arange(4000) / 8000
            wave_ = np.sin(2 * np.pi * (200 + 300 * digit) * seconds + number)
            with wave.open(str(folder / f"{digit}_nobody_{number}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes((8000 * wave_).astype("<i2").tobytes())
    return folder


def test_speech(tmp_path: Path) -> None:
    code, out, err = run(example("speech"), "--data", tones(tmp_path), "--epochs", 6,
                         "--batch-size", 8, "--device", "cpu", "--output", tmp_path / "out")
    assert code == 0, err
    assert "40 recordings to learn from, 20 held back" in out
    state = facula.load(tmp_path / "out" / "checkpoint.pt")
    assert state["held_back"][-1] < 0.5 * np.log(10)
    assert (tmp_path / "out" / "heard.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(("name", "arguments", "says"), [
    ("characters", ["--data", "none.txt"], "can't be read as text"),
    ("characters", ["--data", "short.txt"], "has 5 characters, which is too short"),
    ("vae", ["--data", "nowhere"], "nowhere"),
    ("speech", ["--data", "."], "has no recordings named like"),
    ("speech", ["--data", "broken"], "can't be read as a WAV file"),
])
def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: list[str],
                  says: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("short.txt").write_text("short")
    Path("broken").mkdir()
    Path("broken", "1_nobody_1.wav").write_bytes(b"RIFF")
    before = sorted(tmp_path.rglob("*"))
    code, _, err = run(example(name), "--device", "cpu", *arguments)
    assert code == 2
    assert says in err
    assert len(err.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
