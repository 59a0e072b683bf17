"""Who uses the cores: BLAS inside one product, or our threads with one BLAS thread each.

Both at once fight for the cores: a 3x3 convolution of 32x64x28x28 takes 22 ms so, 16 ms with BLAS
held to one thread inside our pool (two cores). The switch costs about 20 us. It is threadpoolctl's;
where that is not installed, BLAS keeps the cores and the batch is computed in one piece.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from facula.core.backends.cpu.threads import get_num_threads, run_all, spans


class _Limit:
    """The process-wide switch; it counts its users, for threads of the caller may overlap."""

    lock = threading.Lock()
    users = 0
    controller: Any = None
    missing = False
    active: Any = None


def _can_limit() -> bool:
    if _Limit.controller is None and not _Limit.missing:
        try:
            import threadpoolctl  # here: importing it takes as long as a tenth of NumPy

            _Limit.controller = threadpoolctl.ThreadpoolController()
        except ImportError:
            _Limit.missing = True
    return not _Limit.missing


def _hold() -> None:
    with _Limit.lock:
        if _Limit.users == 0:
            _Limit.active = _Limit.controller.limit(limits=1, user_api="blas")
        _Limit.users += 1


def _release() -> None:
    with _Limit.lock:
        _Limit.users -= 1
        if _Limit.users == 0:
            _Limit.active.restore_original_limits()
            _Limit.active = None


def over_batch(part: Callable[[slice], Any], count: int, work: float) -> list[Any]:
    """``part`` over slices of ``range(count)``: on all threads where ``work`` pays for it.

    ``work`` is the number of multiplications; inside the threads BLAS has one thread each.
    """
    threads = get_num_threads()
    if threads == 1 or count < 2 or work < 4e7 or not _can_limit():
        return [part(slice(0, count))]
    _hold()
    try:
        return run_all(part, spans(count, threads))
    finally:
        _release()
