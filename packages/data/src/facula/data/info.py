"""What the code of a data set can ask about the worker process that it runs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerInfo:
    """The worker that is running.

    Attributes
    ----------
    id : int
        Its number, from 0.
    num_workers : int
        How many there are.
    seed : int
        The seed that its random numbers started from.
    dataset : Dataset
        This process's copy of the data set.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


class Current:
    """The one worker that this process is, or None."""

    info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Which worker of a loader this process is; None in the main process.

    Returns
    -------
    WorkerInfo or None

    Examples
    --------
    >>> from facula.data import DataLoader, IterableDataset, get_worker_info
    >>> class Shards(IterableDataset):
    ...     def __iter__(self):
    ...         worker = get_worker_info()
    ...         first, step = (worker.id, worker.num_workers) if worker else (0, 1)
    ...         return iter(range(first, 6, step))
    >>> list(DataLoader(Shards(), batch_size=3))
    [tensor([0, 1, 2]), tensor([3, 4, 5])]
    """
    return Current.info
