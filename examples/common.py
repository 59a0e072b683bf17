"""What the examples share: options, devices, folders, curves, mistakes told in one line."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import facula


class UserError(Exception):
    """What the user can put right: told in one line, without a traceback."""


def start(name: str, read: Callable[[Any], Any], run: Callable[[Any], None],
          arguments: list[str] | None) -> int:
    """Read the options and run; the exit code, after one line about what went wrong."""
    options = read(arguments)
    try:
        run(options)
    except UserError as error:
        print(f"{name}:", *str(error).split(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted; the last full epoch is saved", file=sys.stderr)
        return 130
    return 0


# ---------------------------------------------------------------------------- options and device


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: {message}\n")


def count(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def rate(text: str) -> float:
    """A learning rate, for argparse."""
    if not 0 < float(text) < 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 10")
    return float(text)


def add_options(parser: argparse.ArgumentParser, epochs: int, batch_size: int, lr: float) -> None:
    """The options that every training has."""
    parser.add_argument("--device", default="auto", help="auto, cpu, opencl, opencl:1, ...")
    parser.add_argument("--epochs", type=count, default=epochs, help="default: %(default)s")
    parser.add_argument("--batch-size", type=count, default=batch_size, help="default: %(default)s")
    parser.add_argument("--lr", type=rate, default=lr, help="learning rate; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: a new one in runs/")


def choose_device(name: str) -> facula.device:
    """The named device; for `auto` an OpenCL GPU if there is one, else the CPU by NumPy."""
    if name == "auto":
        gpus = [i for i in range(facula.opencl.device_count())
                if facula.opencl.get_device_properties(i).kind == "gpu"]
        name = f"opencl:{gpus[0]}" if gpus else "cpu"
    try:
        device = facula.zeros(1, device=name).device
    except (RuntimeError, ValueError) as error:
        raise UserError(error) from None
    driver = (f"OpenCL: {facula.opencl.get_device_name(device)}" if device.type == "opencl"
              else f"NumPy, {facula.get_num_threads()} threads")
    print(f"device    {device} ({driver})")
    return device


# ----------------------------------------------------------------------------- folders and files


def prepare_output(folder: Path, resumed: Path | None) -> Path:
    """Make sure that the folder can be written to, and holds no other training's checkpoint."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"--output {folder}: can't be written to: {error.strerror}") from None
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists() and not (resumed and resumed.samefile(checkpoint)):
        raise UserError(f"{checkpoint} is there already: continue it with --resume, or choose "
                        "another --output")
    return checkpoint


def free_folder(name: str) -> Path:
    """runs/NAME, or runs/NAME-2, -3, ... if that holds a checkpoint."""
    folder, number = Path("runs", name), 1
    while (folder / "checkpoint.pt").exists():
        number += 1
        folder = Path("runs", f"{name}-{number}")
    return folder


def load_checkpoint(path: Path, program: str) -> dict[str, Any]:
    """What a training of the program left."""
    try:
        state = facula.load(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such checkpoint") from None
    except Exception as error:  # whatever a damaged file leads to
        raise UserError(f"{path}: can't be read as a checkpoint: {error}") from None
    if not isinstance(state, dict) or state.get("program") != program:
        raise UserError(f"{path}: is not a checkpoint of {program}, but of another model")
    return state


# ------------------------------------------------------------------------------------- pictures


def draw_curve(axes: Any, losses: list[float], points: dict[str, list[float]], unit: str) -> None:
    """The loss of each step, smoothed too, and other losses at the end of each epoch."""
    steps, epochs = np.arange(1, len(losses) + 1), max(map(len, points.values()))
    steps = steps * epochs / len(losses)
    window = max(1, len(losses) // 50)
    axes.plot(steps, losses, color="#9ecae1", linewidth=0.6)
    axes.plot(steps[window - 1:], np.convolve(losses, np.ones(window) / window, "valid"),
              color="#08519c", label="training")
    for (name, values), color in zip(points.items(), ("#d94801", "#238b45"), strict=False):
        axes.plot(range(1, epochs + 1), values, "o-", color=color, markersize=4, label=name)
    axes.set(xlabel="epoch", ylabel=f"loss, {unit}", xlim=(0, 1.03 * epochs))
    axes.legend(frameon=False)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
