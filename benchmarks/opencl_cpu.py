"""An OpenCL device that is a CPU, beside NumPy, PyTorch and the cpu device: processor time, ratios.

    python -m benchmarks.opencl_cpu            # --rounds 12, --cases softmax GPT

All of a case take turns in one process and each keeps its best round. The time is that of all of
the process's threads, so that a busy machine and libraries with one thread count for little; set
OPENBLAS_NUM_THREADS=1. PyTorch has one thread.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library, present
from benchmarks.measure import nothing
from benchmarks.networks import NETWORKS, training

Candidates = dict[str, tuple[Callable[[], Any], Callable[[], None]]]
ROUND = 0.03  # seconds that one round lasts at least


def chain(a: Any, b: Any) -> Any:
    """Five elementwise operations."""
    return (a * 1.7 + b).tanh() * a - b


def numpy_chain(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The same in NumPy."""
    return np.tanh(a * np.float32(1.7) + b) * a - b


def operations() -> dict[str, tuple[tuple[tuple[int, ...], ...], Callable[..., Any], Any]]:
    """By name: the operands' shapes, the work on a library's tensors, and NumPy's (or None)."""
    found: dict[str, Any] = {}
    for n in (512, 1024, 2048):
        found[f"matmul {n}"] = ((n, n), (n, n)), lambda lib, a, b: a @ b, np.matmul
    found["chain of 5, 2048x2048"] = (((2048, 2048),) * 2,
                                      lambda lib, a, b: chain(a, b), numpy_chain)
    found["conv 3x3 64-64, 8x64x56x56"] = (
        ((8, 64, 56, 56), (64, 64, 3, 3)),
        lambda lib, x, w: lib.nn.functional.conv2d(x, w, padding=1), None)
    found["softmax 2048x1000"] = ((2048, 1000),), lambda lib, x: x.softmax(-1), None
    found["layer norm 4096x768"] = (
        ((4096, 768), (768,), (768,)),
        lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (768,), w, b), None)
    return found


def adam(library: Library, count: int = 100) -> Callable[[], Any]:
    """A step over many parameters of 128x128."""
    parameters = [library.tensor(128, 128, grad=True, seed=i) for i in range(count)]
    for i, p in enumerate(parameters):
        p.grad = library.tensor(128, 128, seed=count + i)
    return library.optim.Adam(parameters, lr=1e-3).step


def cases(libraries: list[Library]) -> dict[str, Callable[[], Candidates]]:
    """What to measure: by name, a function that makes the candidates."""
    found: dict[str, Callable[[], Candidates]] = {}
    for name, (shapes, work, peer) in operations().items():
        def make(shapes: Any = shapes, work: Any = work, peer: Any = peer) -> Candidates:
            out: Candidates = {}
            for lib in libraries:
                given = [lib.tensor(*shape, seed=i) for i, shape in enumerate(shapes)]
                out[lib.label] = lib.forced(partial(work, lib, *given)), lib.wait
            if peer is not None:
                arrays = [np.random.default_rng(i).uniform(-1, 1, shape).astype(np.float32)
                          for i, shape in enumerate(shapes)]
                out["numpy"] = partial(peer, *arrays), nothing
            return out
        found[name] = make
    steps: dict[str, Callable[[Library], Callable[[], Any]]] = {
        "Adam, 100 parameters of 128x128": adam}
    steps |= {f"{name}, Adam": partial(training, name=name) for name in NETWORKS}
    for name, step in steps.items():
        def make_step(step: Any = step) -> Candidates:
            return {lib.label: (step(lib), lib.wait) for lib in libraries}
        found[name] = make_step
    return found


def seconds(candidates: Candidates, rounds: int) -> dict[str, float]:
    """Processor time of one call of each, in its best round."""
    def spent(function: Callable[[], Any], wait: Callable[[], None], count: int) -> float:
        wait()
        start = time.process_time()
        for _ in range(count):
            function()
        wait()
        return time.process_time() - start
    counts = {}
    for name, candidate in candidates.items():
        for _ in range(5):  # kernels are compiled, and fused chains have come often enough
            spent(*candidate, 2)
        counts[name] = max(1, round(ROUND / max(spent(*candidate, 2) / 2, 1e-6)))
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, candidate in candidates.items():
            best[name] = min(best[name], spent(*candidate, counts[name]) / counts[name])
    return best


def launches(step: Callable[[], Any]) -> int:
    """How many kernels one call launches, after some that compile them."""
    opencl = importlib.import_module("facula.core.backends.opencl")
    heard: list[str] = []
    for _ in range(12):
        step()
    opencl.listen(lambda event, what: heard.append(what))
    try:
        step()
    finally:
        opencl.listen(None)
    return sum(not what.startswith("copy") for what in heard)


def main(argv: list[str] | None = None) -> None:
    """One line per case, then the numbers of launches."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="*", default=[""], metavar="PART")
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args(argv)
    device, host = Library("facula", "opencl"), Library("facula", "cpu")
    host.label = "cpu"
    peers = [device, host]
    if present("torch"):
        importlib.import_module("torch").set_num_threads(1)
        peers.append(Library("torch", "cpu"))
    print(f"{device.module.opencl.get_device_name()}; milliseconds, and the device's over each")
    print(f"{'case':42s} {'opencl':>9s} {'cpu':>16s} {'torch':>16s} {'numpy':>16s}")
    for name, make in cases(peers).items():
        if not any(part in name for part in options.cases):
            continue
        best = seconds(make(), options.rounds)
        own = best.pop(device.label)
        rest = [f"{1e3 * best[p]:9.2f} {own / best[p]:6.2f}" if p in best else " " * 16
                for p in ("cpu", "torch", "numpy")]
        print(f"{name:42s} {1e3 * own:9.2f} {' '.join(rest)}".rstrip(), flush=True)
    print("launches:", launches(training(device, next(iter(NETWORKS)))), "for an MLP's step,",
          launches(adam(device)), "for Adam over 100 parameters")


if __name__ == "__main__":
    main()
