"""A thread pool over blocks of large arrays: NumPy releases the GIL inside its loops.

Below about 256k elements the hand-over costs more than it gives (measured on two cores).
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

LARGE = 1 << 18
BLOCK = 1 << 16


def _default_threads() -> int:
    """OMP_NUM_THREADS where it is a number, else the processors this process may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pool:
    """One executor per process, made on first use and again in a forked child."""

    threads = _default_threads()
    executor: ThreadPoolExecutor | None = None
    owner = 0
    inside = threading.local()


def get_num_threads() -> int:
    """How many threads the CPU backend uses for large elementwise work and convolutions."""
    return _Pool.threads


def set_num_threads(n: int) -> None:
    """Choose the number of threads of the CPU backend.

    Raises
    ------
    ValueError
        If ``n`` is not positive.
    """
    if n < 1:
        raise ValueError(f"set_num_threads: {n} is not positive: give 1 or more")
    if n != _Pool.threads:
        _Pool.threads, _Pool.owner = n, 0


def run_all(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """``[function(x) for x in items]`` over the threads; in order; errors are raised here.

    The calling thread takes items too, and does not wait for helpers that have not begun when
    none is left: on a busy machine they may come late.
    """
    n = len(items)
    if _Pool.threads == 1 or n < 2 or getattr(_Pool.inside, "yes", False):
        return [function(x) for x in items]
    if _Pool.owner != os.getpid():
        from concurrent.futures import ThreadPoolExecutor  # 8 ms that not every program needs

        _Pool.executor = ThreadPoolExecutor(_Pool.threads - 1, "facula-cpu", _mark)
        _Pool.owner = os.getpid()
    assert _Pool.executor is not None
    results: list[Any] = [None] * n
    take = itertools.count().__next__

    def work() -> None:
        while (i := take()) < n:
            results[i] = function(items[i])

    helpers = [_Pool.executor.submit(work) for _ in range(min(_Pool.threads, n) - 1)]
    _Pool.inside.yes = True
    try:
        work()
    finally:
        _Pool.inside.yes = False
        late = [h for h in helpers if not h.cancel()]
        errors = [h.exception() for h in late]  # waits for those that work
    for error in errors:
        if error is not None:
            raise error
    return results


def _mark() -> None:
    _Pool.inside.yes = True


def spans(n: int, parts: int) -> list[slice]:
    """``range(n)`` cut into at most ``parts`` nearly equal slices."""
    step = -(-n // max(1, min(parts, n)))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]
