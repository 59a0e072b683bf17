"""A thread pool over blocks of large arrays: NumPy releases the GIL inside its loops.

Below about 256k elements the hand-over costs more than it gives (measured on two cores).
"""

from __future__ import annotations

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
    """``[function(x) for x in items]`` over the threads; in order; errors are raised here."""
    if _Pool.threads == 1 or len(items) < 2 or getattr(_Pool.inside, "yes", False):
        return [function(x) for x in items]
    if _Pool.owner != os.getpid():
        from concurrent.futures import ThreadPoolExecutor  # 8 ms that not every program needs

        _Pool.executor = ThreadPoolExecutor(_Pool.threads, "facula-cpu", _mark)
        _Pool.owner = os.getpid()
    assert _Pool.executor is not None
    return list(_Pool.executor.map(function, items))


def _mark() -> None:
    _Pool.inside.yes = True


def spans(n: int, parts: int) -> list[slice]:
    """``range(n)`` cut into at most ``parts`` nearly equal slices."""
    step = -(-n // max(1, min(parts, n)))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]
