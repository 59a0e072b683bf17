"""PyTorch's `torch.multiprocessing`: Python's `multiprocessing`, all of it, and `spawn`.

Tensors are pickled when they are sent; see :meth:`facula.Tensor.share_memory_` for what processes
that are forked later share.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing import *
from typing import Any

__all__ = ["get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn",
           "start_processes"]

_STRATEGIES = {"file_descriptor", "file_system"}
_chosen = ["file_descriptor"]


def get_all_sharing_strategies() -> set[str]:
    """PyTorch's words for ways to share memory; here they mean the same."""
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """What :func:`set_sharing_strategy` was told."""
    return _chosen[0]


def set_sharing_strategy(new_strategy: str) -> None:
    """Remembered only.

    Raises
    ------
    ValueError
        If it is none of :func:`get_all_sharing_strategies`.
    """
    if new_strategy not in _STRATEGIES:
        raise ValueError(f"set_sharing_strategy: {new_strategy!r} must be one of "
                         f"{sorted(_STRATEGIES)}")
    _chosen[0] = new_strategy


class _Processes:
    """Processes that were started together."""

    def __init__(self, processes: Sequence[Any]) -> None:
        self.processes = list(processes)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for all, or ``timeout`` seconds for each; whether all are done.

        Raises
        ------
        RuntimeError
            If one of them failed; the others are ended.
        """
        for process in self.processes:
            process.join(timeout)
            if process.exitcode:
                for other in self.processes:
                    other.terminate()
                raise RuntimeError(f"spawn: process {self.processes.index(process)} ended with "
                                   f"exit code {process.exitcode}: its error stands above")
        return all(p.exitcode == 0 for p in self.processes)


def start_processes(fn: Callable[..., Any], args: Sequence[Any] = (), nprocs: int = 1,
                    join: bool = True, daemon: bool = False,
                    start_method: str = "spawn") -> _Processes | None:
    """Call ``fn(i, *args)`` in processes number i = 0 to ``nprocs - 1``.

    Parameters
    ----------
    fn : callable
        Of a module's top level, to be found by a new interpreter.
    args : sequence
    nprocs : int
    join : bool
        Wait for all of them; else return them, and their ``join()`` waits.
    daemon : bool
        End them with this process.
    start_method : str
        ``"spawn"``, ``"fork"`` or ``"forkserver"``.

    Returns
    -------
    object or None

    Raises
    ------
    RuntimeError
        If one of them failed.
    """
    context: Any = multiprocessing.get_context(start_method)
    started = _Processes([context.Process(target=fn, args=(i, *args), daemon=daemon)
                          for i in range(nprocs)])
    for process in started.processes:
        process.start()
    if not join:
        return started
    started.join()
    return None


def spawn(fn: Callable[..., Any], args: Sequence[Any] = (), nprocs: int = 1, join: bool = True,
          daemon: bool = False, start_method: str = "spawn") -> _Processes | None:
    """The same as :func:`start_processes`."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
