"""Cases that need a process of their own: the time to import, what training and graphs hold."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benchmarks.libraries import present
from benchmarks.networks import NETWORKS

ROUNDS = 5
IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
TRAIN = """
import facula as f, gc, resource, sys
device = sys.argv[1]
def run():
    w1 = f.zeros(64, 32, device=device).requires_grad_()
    w2 = f.ones(32, 1, device=device).requires_grad_()
    x = f.ones(128, 64, device=device)
    step = f.optim.Adam([w1, w2])
    for _ in range(5):
        step.zero_grad()
        ((x @ w1).tanh() @ w2).sum().backward()
        step.step()
    return w1.sum().item()
def kilobytes():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024
for _ in range(20):
    run()
before = kilobytes()
for _ in range(100):
    run()
print(kilobytes() - before, before)
"""


def _output(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["failed"])[-1])
    return done.stdout


def rows(device: str) -> list[dict[str, Any]]:
    """Import times, interleaved, best of some; growth of memory over 100 training runs."""
    names = [n for n in ("facula", "torch", "numpy") if present(n)]
    best = dict.fromkeys(names, float("inf"))
    for _ in range(ROUNDS):
        for name in names:
            best[name] = min(best[name], float(_output("-c", IMPORT.format(name))))
    out: list[dict[str, Any]] = [{"group": "process", "name": "import", "seconds": best,
                                  "failures": {}, "bytes": 0, "flops": 0}]
    try:
        grown, held = map(int, _output("-c", TRAIN, device).split())
        text = f"{grown} kB more after 100 training runs of 5 steps ({held // 1024} MB held)"
    except (RuntimeError, ValueError) as error:
        text = str(error)
    out.append({"group": "process", "name": "memory", "text": text})
    for network in NETWORKS:
        peaks = {n: int(_peak(n, device, network)) / 1024 for n in names if n != "numpy"}
        text = ", ".join(f"{n} {peak:.1f} MB" for n, peak in peaks.items())
        if "torch" in peaks:
            text += f" ({peaks['facula'] / peaks['torch']:.2f}x)"
        out.append({"group": "process", "name": f"peak of {network}", "text": text})
    for name in (n for n in names if n != "numpy"):
        seconds, left = _peak(name, device, "release").split()
        text = f"{float(seconds):.2f} s, {left} objects left to the garbage collector"
        out.append({"group": "process", "name": f"freeing a million nodes, {name}", "text": text})
    return out


def _peak(name: str, device: str, what: str) -> str:
    own = device if name == "facula" else "cpu"
    return _output("-m", "benchmarks.peak", name, own, what)
