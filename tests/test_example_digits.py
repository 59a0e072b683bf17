"""The digits example: it learns, repeats itself, resumes exactly, tells mistakes in one line."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import facula
import monorepo

pytest.importorskip("matplotlib", reason="the example draws with matplotlib: facula[plot]")
pytest.importorskip("tqdm", reason="the example shows its progress with tqdm: facula[progress]")

SCRIPT = monorepo.ROOT / "examples" / "digits.py"
_SPEC = importlib.util.spec_from_file_location("digits_example", SCRIPT)
EXAMPLE = importlib.util.module_from_spec(_SPEC)
TINY = ["--limit", "96", "--device", "cpu"]


@pytest.fixture(scope="module", autouse=True)
def example() -> None:
    """Load the example once."""
    _SPEC.loader.exec_module(EXAMPLE)


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time: the fixture `trained` and `run_apart` still do it."""
    monkeypatch.setattr(EXAMPLE, "draw", lambda *arguments: None)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The example's main function in this process, which saves the start of another."""
    words, out, err = [str(a) for a in arguments], io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = EXAMPLE.main(words)
        except SystemExit as leaving:
            code = leaving.code
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def run_apart(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The example in a process of its own, as users run it."""
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, arguments)], cwd=cwd, text=True,
                          capture_output=True, timeout=600)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(done: subprocess.CompletedProcess[str], says: str) -> None:
    """Exit code 2, nothing but one line on stderr, which says so."""
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr
    assert done.stderr.startswith((f"{Path(sys.argv[0]).name}: ", "digits.py: "))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what two epochs on a few digits leave behind."""
    folder = tmp_path_factory.mktemp("trained")
    done = run(*TINY, "--epochs", 2, "--output", folder)
    assert done.returncode == 0, done.stderr
    assert "device    cpu" in done.stdout
    assert "epoch  2/2" in done.stdout
    return folder


def test_it_leaves_a_checkpoint_and_a_picture(trained: Path) -> None:
    assert sorted(files(trained)) == ["checkpoint.pt", "learnt.png"]
    assert (trained / "learnt.png").read_bytes().startswith(b"\x89PNG")
    state = facula.load(trained / "checkpoint.pt")
    assert state["epoch"] == 2
    assert len(state["history"]["losses"]) == 2 * 3


def same(a: Path, b: Path) -> None:
    """Both checkpoints hold the same losses and weights, bit for bit."""
    one, other = facula.load(a / "checkpoint.pt"), facula.load(b / "checkpoint.pt")
    assert one["history"] == other["history"]
    assert list(one["model"]) == list(other["model"])
    for name, value in one["model"].items():
        assert value.numpy().tobytes() == other["model"][name].numpy().tobytes(), name


def test_the_same_seed_gives_the_same_bits(trained: Path, tmp_path: Path) -> None:
    assert run(*TINY, "--epochs", 2, "--output", tmp_path).returncode == 0
    same(trained, tmp_path)


def test_resuming_equals_not_stopping(trained: Path, tmp_path: Path) -> None:
    assert run(*TINY, "--epochs", 1, "--output", tmp_path / "a").returncode == 0
    first = files(tmp_path / "a")
    done = run("--device", "cpu", "--resume", tmp_path / "a" / "checkpoint.pt", "--epochs", 2,
               "--output", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    same(trained, tmp_path / "b")
    assert files(tmp_path / "a") == first
    done = run("--device", "cpu", "--resume", tmp_path / "a" / "checkpoint.pt", "--epochs", 2)
    assert done.returncode == 0, done.stderr
    same(trained, tmp_path / "a")


def test_another_seed_gives_other_losses(trained: Path, tmp_path: Path) -> None:
    assert run(*TINY, "--epochs", 1, "--seed", 1, "--output", tmp_path).returncode == 0
    state = facula.load(tmp_path / "checkpoint.pt")
    before = facula.load(trained / "checkpoint.pt")
    assert state["history"]["losses"] != before["history"]["losses"][:3]


def test_runs_without_output_get_folders_of_their_own(tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run(*TINY, "--epochs", 1).returncode == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["digits", "digits-2"]


@pytest.mark.parametrize(("arguments", "says"), [
    (["--device", "banana"], "device: 'banana' is not a device: use 'cpu', 'opencl'"),
    (["--device", "opencl:99"], "opencl"),
    (["--dataset", "cats"], "argument --dataset: invalid choice: 'cats'"),
    (["--epochs", "0"], "'0' is not a whole number above 0"),
    (["--batch-size", "many"], "'many' is not a whole number above 0"),
    (["--lr", "fast"], "invalid rate value: 'fast'"),
    (["--lr", "-1"], "'-1' is not between 0 and 10"),
    (["--workers", "-1"], "argument --workers: invalid choice: -1"),
    (["--dataset", "mnist"], "--dataset mnist needs --data DIR"),
    (["--dataset", "mnist", "--data", "nowhere"], "nor in nowhere: name the right folder"),
    (["--resume", "none.pt"], "none.pt: there is no such checkpoint"),
    (["--output", os.devnull + "/x"], "can't be written to"),
])
def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                  says: str) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run("--epochs", 1, "--limit", 32, *arguments), says)
    assert files(tmp_path) == {}


def test_a_process_of_its_own(trained: Path, tmp_path: Path) -> None:
    done = run_apart(*TINY, "--epochs", 2, "--output", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar where there is no terminal
    same(trained, tmp_path / "out")
    refused(run_apart("--device", "banana", cwd=tmp_path), "device: 'banana' is not a device")


def test_nothing_is_overwritten(trained: Path) -> None:
    before = files(trained)
    refused(run(*TINY, "--output", trained), "is there already: continue it with --resume")
    checkpoint = trained / "checkpoint.pt"
    refused(run("--resume", checkpoint, "--epochs", 2), "has learnt for 2 epochs already")
    refused(run("--resume", checkpoint, "--seed", 5), "was trained with --seed 0, not 5")
    refused(run("--resume", checkpoint, "--dataset", "mnist"), "--dataset digits, not mnist")
    assert files(trained) == before


def test_checkpoints_that_are_none(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    facula.save({"weight": facula.zeros(3)}, path)
    refused(run("--resume", path), "but of another model")
    whole = (trained / "checkpoint.pt").read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    refused(run("--resume", path), "can't be read as a checkpoint")
    path.write_text("hello")
    refused(run("--resume", path), "can't be read as a checkpoint")
    state = facula.load(trained / "checkpoint.pt")
    state["model"]["classifier.0.weight"] = facula.zeros(3, 3)
    facula.save(state, path)
    refused(run("--resume", path, "--epochs", 9), "does not fit this network")
    assert list(files(tmp_path)) == ["checkpoint.pt"]


def test_resuming_a_photograph_network(data_root: Path) -> None:
    path = data_root / "weights-imagenet" / "squeezenet1_1.pth"
    refused(run("--resume", path), "squeezenet1_1.pth: is not a checkpoint of examples/digits.py")


def small_mnist(folder: Path) -> Path:
    """A data set of noise in MNIST's files."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 64), ("t10k", 48)):
        images = rng.integers(0, 256, (n, 28, 28), np.uint8).tobytes()
        head = struct.pack(">4B3I", 0, 0, 8, 3, n, 28, 28)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + images))
        labels = bytes(i % 10 for i in range(n))
        head = struct.pack(">4BI", 0, 0, 8, 1, n)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + labels))
    return folder


@pytest.mark.parametrize(("file", "keep", "says"), [
    ("train-images-idx3-ubyte.gz", 0.5, "truncated after"),
    ("t10k-labels-idx1-ubyte.gz", 0.5, "truncated after"),
    ("train-labels-idx1-ubyte.gz", 0.0, "the file is empty"),
])
def test_half_downloaded_data(tmp_path: Path, file: str, keep: float, says: str) -> None:
    data = small_mnist(tmp_path)
    whole = (data / file).read_bytes()
    (data / file).write_bytes(whole[:int(keep * len(whole))])
    done = run("--dataset", "fashion-mnist", "--data", data, "--output", tmp_path / "out")
    refused(done, says)
    assert str(data / file) in done.stderr
    assert not (tmp_path / "out").exists()


def test_another_data_set(tmp_path: Path) -> None:
    data = small_mnist(tmp_path)
    done = run("--dataset", "fashion-mnist", "--data", data, "--device", "cpu", "--epochs", 1,
               "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "fashion-mnist: 64 pictures to learn from, 48 held back" in done.stdout


@pytest.mark.slow
def test_digits_reach_98_percent_on_every_device(tmp_path: Path, device: str) -> None:
    done = run("--device", device, "--epochs", 4, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    state = facula.load(tmp_path / "checkpoint.pt", map_location="cpu")
    assert max(state["history"]["accuracy"]) >= 0.98


@pytest.mark.slow
def test_devices_begin_alike(tmp_path: Path) -> None:
    if not facula.opencl.is_available():
        pytest.skip("no OpenCL device: install facula-core[pocl], or a driver")
    losses = []
    for device in ("cpu", "opencl"):
        folder = tmp_path / device
        done = run("--device", device, "--epochs", 2, "--limit", 800, "--output", folder)
        assert done.returncode == 0, done.stderr
        state = facula.load(folder / "checkpoint.pt", map_location="cpu")
        losses.append(np.array(state["history"]["losses"][:50]))
    assert len(losses[0]) == 50
    assert np.abs(losses[0] - losses[1]).max() <= 1e-3
