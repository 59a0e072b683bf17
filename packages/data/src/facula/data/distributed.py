"""The sampler for several processes that train together: each one gets its share of the indices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from facula.core import Generator
from facula.data.sampler import Sampler
from facula.data.seeding import permutation


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index from ``rank`` on, of an order that all processes share.

    Parameters
    ----------
    dataset : Dataset
    num_replicas : int
        How many processes there are.
    rank : int
        The number of this one, from 0.
    shuffle : bool
        A random order, the same in all processes, new in each epoch: call :meth:`set_epoch`.
    seed : int
        The same in all processes.
    drop_last : bool
        Shorten the data set to a multiple of ``num_replicas``; otherwise the first indices
        are repeated until it is one.

    Raises
    ------
    ValueError
        If ``num_replicas`` or ``rank`` is missing or does not fit.

    Examples
    --------
    >>> from facula.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(self, dataset: Any, num_replicas: int | None = None, rank: int | None = None,
                 shuffle: bool = True, seed: int = 0, drop_last: bool = False) -> None:
        if num_replicas is None or rank is None:
            raise ValueError(f"DistributedSampler: num_replicas={num_replicas}, rank={rank}: give "
                             "both, as there is no process group to ask")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"DistributedSampler: rank={rank} must lie between 0 and "
                             f"num_replicas - 1 = {num_replicas - 1}")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last

    @property
    def num_samples(self) -> int:
        """How many indices each process gets."""
        n = len(self.dataset)
        return n // self.num_replicas if self.drop_last else -(-n // self.num_replicas)

    @property
    def total_size(self) -> int:
        """How many indices all processes get together."""
        return self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        order = permutation(n, Generator().manual_seed(self.seed + self.epoch)) \
            if self.shuffle else list(range(n))
        while n and len(order) < self.total_size:
            order += order[:self.total_size - len(order)]
        return iter(order[self.rank:self.total_size:self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next: with ``shuffle``, each has its own order.

        Parameters
        ----------
        epoch : int
        """
        self.epoch = epoch
