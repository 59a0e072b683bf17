"""Timing: the candidates of a case take turns, and each keeps its best round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from benchmarks.libraries import Library
from benchmarks.registry import Case

ROUND = 0.01  # seconds that one round lasts at least
ROUNDS = 9
PATIENCE = 4.0  # seconds for one case, as far as rounds can be left out


def calls_per_round(function: Callable[[], Any], wait: Callable[[], None]) -> int:
    """How many calls fill a round."""
    n = 1
    while True:
        seconds = timed(function, wait, n)
        if seconds >= ROUND / 2:
            return max(1, round(n * ROUND / seconds))
        n *= 4 if seconds < ROUND / 10 else 2


class Clock:
    """What time means: the wall's, or the processor time of the one thread that works."""

    now: Callable[[], float] = staticmethod(time.perf_counter)


def timed(function: Callable[[], Any], wait: Callable[[], None], n: int) -> float:
    """Seconds for n calls, the device's work included."""
    now = Clock.now
    wait()
    start = now()
    for _ in range(n):
        function()
    wait()
    return now() - start


def nothing() -> None:
    """NumPy's way to wait."""


def run(case: Case, libraries: list[Library]) -> dict[str, Any]:
    """Seconds per call by library, and why a library has none."""
    candidates: dict[str, tuple[Callable[[], Any], Callable[[], None]]] = {}
    failures: dict[str, str] = {}
    for library in libraries:
        try:
            function = library.forced(case.build(library))
            function()
            candidates[library.name] = function, library.wait
        except Exception as error:  # a case that a library can't do yet is a line of the report
            failures[library.name] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
    if case.numpy is not None:
        function = case.numpy()
        function()
        candidates["numpy"] = function, nothing
    counts = {name: calls_per_round(*candidate) for name, candidate in candidates.items()}
    best = dict.fromkeys(candidates, float("inf"))
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        for turn in range(ROUNDS):
            for name, (function, wait) in candidates.items():
                best[name] = min(best[name], timed(function, wait, counts[name]) / counts[name])
            if turn >= 2 and time.perf_counter() - start > PATIENCE:
                break
    finally:
        gc.enable()
    return {"group": case.group, "name": case.name, "seconds": best, "failures": failures,
            "bytes": case.bytes, "flops": case.flops}
