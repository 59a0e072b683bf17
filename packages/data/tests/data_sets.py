"""Data sets of the tests, at the top of a module so that every start method can send them."""

from __future__ import annotations

import faulthandler
import os
import random
import signal
import time
from typing import Any

import numpy as np

import facula.core as F
from facula.data import Dataset, IterableDataset, get_worker_info


class Squares(Dataset):
    """(index, its square as a row of ``width`` floats); ``delay`` seconds each."""

    def __init__(self, n: int, width: int = 3, delay: float = 0.0) -> None:
        self.n, self.width, self.delay = n, width, delay

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        if self.delay:
            time.sleep(self.delay)
        return index, F.from_numpy(np.full(self.width, float(index) ** 2, np.float32))


class Noise(Squares):
    """Random numbers of all three libraries."""

    def __getitem__(self, index: int) -> Any:
        return index, F.rand(2), np.random.rand(), random.random()  # noqa: NPY002


class Failing(Squares):
    """Raises ``error`` at index 5."""

    def __init__(self, n: int, error: BaseException) -> None:
        super().__init__(n)
        self.error = error

    def __getitem__(self, index: int) -> Any:
        if index == 5:
            raise self.error
        return super().__getitem__(index)


class Dying(Squares):
    """At index 5 the worker is killed by a signal, or ends."""

    def __init__(self, n: int, how: Any) -> None:
        super().__init__(n)
        self.how = how

    def __getitem__(self, index: int) -> Any:
        if index == 5:
            if self.how == "exit":
                os._exit(3)
            faulthandler.disable()  # pytest's, which would print where the signal struck
            os.kill(os.getpid(), self.how)
            signal.pause()
        return super().__getitem__(index)


class Stream(IterableDataset):
    """The numbers below n, each from one worker."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Any:
        info = get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        return iter(range(first, self.n, step))

    def __len__(self) -> int:
        return self.n


class Everywhere(Dataset):
    """What a worker knows of itself."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        info = get_worker_info()
        return (os.getpid(), info.id, info.num_workers, info.seed, F.initial_seed(),
                len(info.dataset))


class Broken(Exception):
    """An exception whose constructor takes two arguments."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code


def die_at_start(worker: int) -> None:
    """A worker_init_fn that fails."""
    raise ValueError(f"no start for {worker}")


def no_large_files(worker: int) -> None:
    """A worker_init_fn after which the system gives no shared memory of more than 64 KiB."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))


def own_random(worker: int) -> None:
    """A worker_init_fn that seeds NumPy itself."""
    np.random.seed(worker)  # noqa: NPY002


def as_list(samples: list[Any]) -> list[Any]:
    """A collate_fn."""
    return list(samples)


def arrays(samples: list[Any]) -> Any:
    """A collate_fn with NumPy arrays, a bfloat16 tensor and other things."""
    indices = np.array([s[0] for s in samples])
    return {"numpy": np.repeat(indices, 3000), "half": F.ones(5000, dtype=F.bfloat16),
            "empty": F.zeros(0, 3), "text": "x" * 10, "flag": F.tensor(True)}
