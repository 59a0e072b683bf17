"""Memory of training steps at their peak, and how a large graph is freed, each in its process."""

from __future__ import annotations

import gc
import re
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.libraries import Library
from benchmarks.networks import training

PROCESS = Path("/proc/self")
STEPS = 3
LARGE = 1 << 20


def _memory(what: str) -> int:
    """Kilobytes that the process holds (VmRSS) or held at most (VmHWM); Linux tells."""
    found = re.search(rf"{what}:\s+(\d+) kB", (PROCESS / "status").read_text())
    if found is None:
        raise RuntimeError(f"peak: {what} isn't in {PROCESS / 'status'}")
    return int(found[1])


def _warm(library: Any) -> None:
    """A step of a tiny network, for what a library loads and compiles the first time."""
    nn = library.nn
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))
    optimiser = library.optim.Adam(model.to(library.device).parameters())
    loss = nn.functional.cross_entropy(model(library.tensor(2, 1, 4, 4)), library.labels(2, 2))
    loss.backward()
    optimiser.step()
    library.wait()


def steps(library: Any, name: str) -> int:
    """Kilobytes that training steps need at most, beyond the process before the network."""
    _warm(library)
    before = _memory("VmRSS")
    (PROCESS / "clear_refs").write_text("5")  # the highest mark starts anew
    step = training(library, name)
    for _ in range(STEPS):
        step()
    library.wait()
    return _memory("VmHWM") - before


def release(library: Any) -> tuple[float, int]:
    """Of a graph with a million nodes: seconds to free it by reference count alone, and how many
    objects were left to the garbage collector."""
    x = library.tensor(1, grad=True)
    (x * 1).sum().backward()
    gc.collect()
    gc.disable()
    y = x
    for _ in range(LARGE):
        y = y * 1
    start = time.perf_counter()
    del y
    return time.perf_counter() - start, gc.collect()


def main() -> None:
    """``python -m benchmarks.peak LIBRARY DEVICE (NETWORK | release)``: one line of numbers."""
    name, device, what = sys.argv[1:]
    library = Library(name, device)
    print(*(release(library) if what == "release" else (steps(library, what),)))


if __name__ == "__main__":
    main()
