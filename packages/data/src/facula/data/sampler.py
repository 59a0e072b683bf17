"""Samplers: in which order, and how often, the indices of a data set are visited."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from facula.core import Tensor
from facula.data.seeding import integers, permutation, weighted

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """What gives the indices of the samples (or of whole batches) of one epoch.

    A subclass defines ``__iter__``, and ``__len__`` for ``len(loader)``.

    Examples
    --------
    >>> from facula.data import DataLoader, Sampler
    >>> class Backwards(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return reversed(range(len(self.data)))
    ...     def __len__(self):
    ...         return len(self.data)
    >>> list(DataLoader([1, 2, 3], batch_size=3, sampler=Backwards([1, 2, 3])))
    [tensor([3, 2, 1])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"Sampler: {type(self).__name__} has no __iter__: define it")


class SequentialSampler(Sampler[int]):
    """The indices in order.

    Parameters
    ----------
    data_source : Dataset
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The indices in random order, with or without replacement.

    Parameters
    ----------
    data_source : Dataset
    replacement : bool
        Draw each index independently, so that some come several times.
    num_samples : int, optional
        How many to draw; the length of the data set if not given. Without replacement, more than
        that means several permutations one after the other.
    generator : Generator, optional
        Where the randomness comes from; the default generator if not given.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type, or ``num_samples`` is not positive.

    Examples
    --------
    >>> from facula.data import RandomSampler
    >>> sorted(RandomSampler(range(4)))
    [0, 1, 2, 3]
    """

    def __init__(self, data_source: Any, replacement: bool = False,
                 num_samples: int | None = None, generator: Any = None) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be a bool, but is {replacement!r}")
        if num_samples is not None:
            _check_count("RandomSampler", num_samples)
        elif len(data_source) == 0:
            raise ValueError("RandomSampler: the data set is empty, so num_samples would be 0: it "
                             "should be positive")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has; without an argument, as long as the data set is now."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, count = len(self.data_source), self.num_samples
        if self.replacement:
            if n == 0 and count:
                raise ValueError("RandomSampler: the data set is empty: there is nothing to draw")
            return iter(integers(n, count, self.generator))
        order: list[int] = []
        while len(order) < count and n:
            order += permutation(n, self.generator)
        return iter(order[:count])

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Some indices in random order, without replacement.

    Parameters
    ----------
    indices : sequence of int
    generator : Generator, optional
        Where the randomness comes from; the default generator if not given.

    Examples
    --------
    >>> from facula.data import SubsetRandomSampler
    >>> sorted(SubsetRandomSampler([4, 7, 9]))
    [4, 7, 9]
    """

    def __init__(self, indices: Sequence[Any], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        indices = self.indices
        return iter([indices[i] for i in permutation(len(indices), self.generator)])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given probabilities.

    Parameters
    ----------
    weights : sequence of float
        One per sample; they need not add up to 1.
    num_samples : int
        How many to draw.
    replacement : bool
        Without replacement an index is drawn at most once.
    generator : Generator, optional
        Where the randomness comes from; the default generator if not given.

    Raises
    ------
    TypeError, ValueError
        If a weight is negative or not finite, none is positive, or without replacement fewer
        than ``num_samples`` are.

    Examples
    --------
    >>> from facula.data import WeightedRandomSampler
    >>> sorted(WeightedRandomSampler([0.0, 0.9, 0.1], 2, replacement=False))
    [1, 2]
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True,
                 generator: Any = None) -> None:
        _check_count("WeightedRandomSampler", num_samples)
        if not isinstance(replacement, bool):
            raise TypeError(f"WeightedRandomSampler: replacement must be a bool, but is "
                            f"{replacement!r}")
        array = np.asarray(weights.tolist() if isinstance(weights, Tensor) else weights,
                           dtype=np.float64)
        if array.ndim != 1:
            raise ValueError(f"WeightedRandomSampler: weights have {array.ndim} dimensions: "
                             "give one number per sample")
        if not np.isfinite(array).all() or (array < 0).any() or not (array > 0).any():
            raise ValueError("WeightedRandomSampler: weights must be finite and not negative, "
                             "and one must be positive")
        positive = int((array > 0).sum())
        if not replacement and num_samples > positive:
            raise ValueError(f"WeightedRandomSampler: num_samples={num_samples} can't be drawn "
                             f"without replacement: {positive} weights are positive")
        self.weights = array
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        return iter(weighted(self.weights, self.num_samples, self.replacement, self.generator))

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices that another sampler gives.

    Parameters
    ----------
    sampler : Sampler or iterable
    batch_size : int
    drop_last : bool
        Leave out a last list that is shorter.

    Raises
    ------
    ValueError
        If ``batch_size`` is not positive.

    Examples
    --------
    >>> from facula.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _check_count("BatchSampler", batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be a bool, but is {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices, n = iter(self.sampler), self.batch_size
        while batch := list(itertools.islice(indices, n)):
            if len(batch) == n or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def _check_count(who: str, value: Any, name: str = "num_samples") -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(f"{who}: {name} must be a positive int, but is {value!r}")
