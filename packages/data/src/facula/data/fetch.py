"""From indices to a batch: the same in this process and in a worker."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from facula.core import Tensor, tensor
from facula.data.collate import default_collate
from facula.data.dataset import TensorDataset, get_items

Fetch = Callable[[Any], Any]


class Exhausted(Exception):
    """The iterable data set has no more samples."""


class Stopped(BaseException):
    """The worker shall end; raised between two samples."""


class _Watched:
    """A data set that asks before each sample whether the worker shall go on."""

    def __init__(self, dataset: Any, stop: threading.Event) -> None:
        self.dataset = dataset
        self.stop = stop

    def __getitem__(self, index: Any) -> Any:
        if self.stop.is_set():
            raise Stopped
        return self.dataset[index]


def map_fetcher(dataset: Any, batched: bool, collate_fn: Callable[[Any], Any],
                stop: threading.Event | None = None) -> Fetch:
    """``fetch(indices)`` of a data set with indices, or ``fetch(index)`` without batches."""
    if not batched:
        return lambda index: collate_fn(dataset[index])
    if collate_fn is default_collate and _rows_suffice(dataset):
        return lambda indices: _rows(dataset.tensors, indices)
    if hasattr(dataset, "__getitems__"):
        return lambda indices: collate_fn(get_items(dataset, indices))
    samples = dataset if stop is None else _Watched(dataset, stop)
    return lambda indices: collate_fn([samples[i] for i in indices])


def _rows_suffice(dataset: Any) -> bool:
    """Whether a batch is what indexing the tensors with a list gives: no code of users between."""
    return type(dataset) is TensorDataset and not any(t.requires_grad for t in dataset.tensors)


def _rows(tensors: Sequence[Tensor], indices: Sequence[int]) -> list[Tensor]:
    rows = tensor(indices)
    return [t[rows] for t in tensors]  # type: ignore[index]


def iterable_fetcher(dataset: Any, batched: bool, collate_fn: Callable[[Any], Any],
                     drop_last: bool) -> Fetch:
    """``fetch(batch_size)`` of an iterable data set; :class:`Exhausted` at its end."""
    samples: Iterator[Any] = iter(dataset)

    def one(_: Any) -> Any:
        for sample in samples:
            return collate_fn(sample)
        raise Exhausted

    def many(batch_size: int) -> Any:
        batch = list(itertools.islice(samples, batch_size))
        if not batch or (drop_last and len(batch) < batch_size):
            raise Exhausted
        return collate_fn(batch)

    return many if batched else one
