"""Datasets: with a length and items, or only to be iterated over, and their mixtures."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from facula.core import Tensor
from facula.data.seeding import permutation

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A data set that gives a sample for a key, usually an index.

    A subclass defines ``__getitem__`` and, for most samplers and for ``len(loader)``, ``__len__``.
    It may define ``__getitems__(indices)``, which returns the samples of a batch at once.

    Examples
    --------
    >>> from facula.data import Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return index * index
    >>> Squares()[3]
    9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"Dataset: {type(self).__name__} has no __getitem__: define it, "
                                  "or derive from IterableDataset and define __iter__")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """A data set that can only be read from the front: a stream, a log, a query.

    A subclass defines ``__iter__``. With several workers each one iterates over the whole data
    set, so ``__iter__`` has to divide the work with :func:`facula.data.get_worker_info`.

    Examples
    --------
    >>> from facula.data import DataLoader, IterableDataset
    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 2, 1])
    >>> list(DataLoader(Countdown(), batch_size=2))
    [tensor([3, 2]), tensor([1])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"IterableDataset: {type(self).__name__} has no __iter__: "
                                  "define it")

    def __add__(self, other: Dataset[Any]) -> ChainDataset[Any]:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples that are the rows of one or several tensors.

    Parameters
    ----------
    *tensors : Tensor
        They have the same size in the first dimension.

    Raises
    ------
    ValueError
        If the sizes differ.

    Examples
    --------
    >>> import facula
    >>> from facula.data import TensorDataset
    >>> data = TensorDataset(facula.zeros(3, 2), facula.tensor([5, 6, 7]))
    >>> len(data), data[1]
    (3, (tensor([0., 0.]), tensor(6)))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        sizes = [tuple(t.shape)[:1] for t in tensors]
        if not tensors or () in sizes or len(set(sizes)) > 1:
            shapes = ", ".join(str(tuple(t.shape)) for t in tensors) or "none"
            raise ValueError(f"TensorDataset: the tensors differ in their first size: shapes "
                             f"{shapes}: give one or more tensors with as many rows each")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([t[index] for t in self.tensors])  # type: ignore[index]

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Data sets side by side: a sample is the tuple, or the dict, of theirs at the same index.

    Parameters
    ----------
    *args : Dataset
        Samples become tuples.
    **kwargs : Dataset
        Samples become dicts; give either kind, not both.

    Raises
    ------
    ValueError
        If there is none, both kinds are given, or the lengths differ.

    Examples
    --------
    >>> from facula.data import StackDataset
    >>> StackDataset(image=["a", "b"], text=["c", "d"])[1]
    {'image': 'b', 'text': 'd'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: give data sets as arguments or by keyword: "
                             f"{len(args)} and {len(kwargs)} are given: use one of the two kinds")
        self.datasets = args or kwargs
        lengths = [len(d) for d in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"StackDataset: the lengths differ: {lengths}: they must be equal")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: d[index] for name, d in self.datasets.items()}
        return tuple([d[index] for d in self.datasets])

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        if isinstance(self.datasets, dict):
            columns = [get_items(d, indices) for d in self.datasets.values()]
            return [dict(zip(self.datasets, row, strict=True))
                    for row in zip(*columns, strict=True)]
        return list(zip(*[get_items(d, indices) for d in self.datasets], strict=True))

    def __len__(self) -> int:
        first = next(iter(self.datasets.values())) if isinstance(self.datasets, dict) \
            else self.datasets[0]
        return len(first)


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        With lengths; for streams see :class:`ChainDataset`.

    Raises
    ------
    ValueError
        If there is none, or one is an IterableDataset.

    Examples
    --------
    >>> from facula.data import ConcatDataset
    >>> both = ConcatDataset([[1, 2, 3], [4, 5]])
    >>> len(both), both[3], both[-1]
    (5, 4, 5)
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: there are no data sets: give at least one")
        for d in self.datasets:
            if isinstance(d, IterableDataset):
                raise ValueError(f"ConcatDataset: {type(d).__name__} is an IterableDataset, which "
                                 "has no indices: use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))

    def __getitem__(self, index: int) -> T_co:
        length = self.cumulative_sizes[-1]
        if not -length <= index < length:
            raise IndexError(f"ConcatDataset: index {index} is out of range: the length is "
                             f"{length}: use {-length} to {length - 1}")
        index %= length
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[T_co]):
    """Iterable data sets one after the other.

    Parameters
    ----------
    datasets : iterable of IterableDataset

    Raises
    ------
    TypeError
        While iterating, if one is not iterable.

    Examples
    --------
    >>> from facula.data import ChainDataset
    >>> list(ChainDataset([range(2), range(3)]))
    [0, 1, 0, 1, 2]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for d in self.datasets:
            if not hasattr(d, "__iter__"):
                raise TypeError(f"ChainDataset: {type(d).__name__} can't be iterated over: use "
                                "ConcatDataset for data sets with indices")
            yield from d

    def __len__(self) -> int:
        return sum(len(d) for d in self.datasets)


class Subset(Dataset[T_co]):
    """The samples of a data set at some indices.

    Parameters
    ----------
    dataset : Dataset
    indices : sequence of int

    Examples
    --------
    >>> from facula.data import Subset
    >>> list(Subset(["a", "b", "c"], [2, 0]))
    ['c', 'a']
    """

    dataset: Any
    indices: Sequence[Any]

    def __init__(self, dataset: Any, indices: Sequence[Any]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        if type(self).__getitem__ is not Subset.__getitem__:  # a subclass changes the samples
            return [self[i] for i in indices]
        return get_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def get_items(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """The samples of a batch: by ``__getitems__`` where the data set has it, else one by one."""
    many = getattr(dataset, "__getitems__", None)
    if many is None:
        return [dataset[i] for i in indices]
    items = many(indices)
    if len(items) != len(indices):
        raise ValueError(f"{type(dataset).__name__}.__getitems__: {len(indices)} indices gave "
                         f"{len(items)} samples: return one sample per index")
    return items


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Divide a data set at random into subsets without common samples.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int or float
        The sizes of the parts, which add up to the whole; or fractions that add up to 1: what is
        left after rounding down goes one by one to the parts from the first on.
    generator : Generator, optional
        Where the randomness comes from; the default generator if not given.

    Returns
    -------
    list of Subset

    Raises
    ------
    ValueError
        If the lengths do not add up.

    Examples
    --------
    >>> from facula.data import random_split
    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    sizes: list[int] = []
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 + 1e-9 and max(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"random_split: fraction {i} is {fraction}: it must lie between "
                                 "0 and 1")
            sizes.append(math.floor(total * fraction))
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
    else:
        sizes = [int(n) for n in lengths]
        if list(lengths) != sizes or min(sizes, default=0) < 0:
            raise ValueError(f"random_split: lengths {list(lengths)} are neither whole numbers "
                             "nor fractions that add up to 1")
    if sum(sizes) != total:
        raise ValueError(f"random_split: lengths {list(lengths)} add up to {sum(sizes)}, but the "
                         f"data set has {total} samples: they must be equal")
    order = permutation(total, generator)
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - n:end]) for n, end in zip(sizes, ends, strict=True)]
