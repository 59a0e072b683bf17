"""Pictures: transforms one by one and in pipelines, and loading of image files.

The peer is torchvision with its transforms, where it is installed; without it the peer of a
pipeline is PyTorch's DataLoader over the same decoding by Pillow.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.libraries import present
from benchmarks.registry import case

COUNT = 64  # image files; 256 x 192, about 20 kB each


@functools.cache
def picture() -> Image.Image:
    """A smooth photograph-like picture of 500 x 375 pixels."""
    y, x = np.mgrid[0:375, 0:500]
    waves = [127 + 100 * np.sin(x / a + y / b) for a, b in ((31, 57), (43, 29), (71, 37))]
    noise = np.random.default_rng(0).normal(0, 8, (375, 500, 3))
    return Image.fromarray(np.clip(np.stack(waves, -1) + noise, 0, 255).astype(np.uint8))


@functools.cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of two classes of JPEG files, deleted at the end."""
    held = tempfile.TemporaryDirectory(prefix="facula-pictures-")
    for i in range(COUNT):
        path = Path(held.name, str(i % 2), f"{i}.jpg")
        path.parent.mkdir(exist_ok=True)
        picture().crop((i, i, 256 + i, 192 + i)).save(path, quality=90)
    return held


def transforms_of(library: Any) -> Any:
    """The library's transforms."""
    if library.name == "facula":
        return library.vision.transforms
    if not present("torchvision"):
        raise RuntimeError("torchvision is not installed")
    return __import__("torchvision.transforms", fromlist=["Compose"])


def _on_picture(name: str, make: Callable[[Any], Any], tensor: bool) -> None:
    def build(library: Any) -> Callable[[], Any]:
        transforms = transforms_of(library)
        change = make(transforms)
        source = picture() if not tensor else transforms.ToTensor()(picture())
        return lambda: change(source)
    case("pictures", name, devices=("cpu",))(build)


_on_picture("ToTensor", lambda t: t.ToTensor(), False)
_on_picture("Resize(256), PIL", lambda t: t.Resize(256), False)
_on_picture("Resize(256), tensor", lambda t: t.Resize(256, antialias=True), True)
_on_picture("Normalize", lambda t: t.Normalize((0.5,) * 3, (0.2,) * 3), True)
_on_picture("RandomResizedCrop(224), PIL", lambda t: t.RandomResizedCrop(224), False)
_on_picture("RandomResizedCrop(224), tensor",
            lambda t: t.RandomResizedCrop(224, antialias=True), True)
_on_picture("to train with", lambda t: t.Compose([
    t.RandomResizedCrop(224), t.RandomHorizontalFlip(), t.ToTensor(),
    t.Normalize((0.5,) * 3, (0.2,) * 3)]), False)


class Files:
    """The image files of a folder as arrays (3, 64, 64): one data set for every library."""

    def __init__(self, root: str) -> None:
        self.paths = sorted(Path(root).rglob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        with Image.open(self.paths[index]) as file:
            small = file.convert("RGB").resize((64, 64))
        array = np.asarray(small, np.float32).transpose(2, 0, 1) / np.float32(255)
        return np.ascontiguousarray(array), index % 2


def _loading(workers: int) -> None:
    def build(library: Any) -> Callable[[], Any]:
        loading = library.utils.data.DataLoader(
            Files(folder().name), batch_size=16, shuffle=True, num_workers=workers,
            persistent_workers=workers > 0)

        def epoch() -> None:
            for _ in loading:
                pass
        return epoch
    case("loading", f"{COUNT} image files, batches of 16, {workers} workers",
         devices=("cpu",))(build)


_loading(0)
_loading(2)


def _in_memory(workers: int) -> None:
    def build(library: Any) -> Callable[[], Any]:
        data = library.utils.data
        images, labels = library.tensor(4096, 3, 32, 32), library.labels(4096, 10)
        rows = [(images[i], labels[i]) for i in range(4096)]
        loading = data.DataLoader(rows, batch_size=128, shuffle=True, num_workers=workers,
                                  persistent_workers=workers > 0)

        def epoch() -> None:
            for _ in loading:
                pass
        return epoch
    case("loading", f"4096 samples of 3x32x32, batches of 128, {workers} workers",
         devices=("cpu",))(build)


_in_memory(0)
_in_memory(2)


@case("saving", "a state_dict of 200 MB: save and load", bytes=400e6, devices=("cpu",))
def saving(library: Any) -> Callable[[], Any]:
    held = tempfile.TemporaryDirectory(prefix="facula-saving-")
    path = Path(held.name, "state.pt")
    state = {f"layer{i}.weight": library.tensor(1000, 1000, seed=i) for i in range(50)}

    def run(keep: Any = held) -> None:
        library.save(state, path)
        library.load(path)
    return run
