"""Samplers: every index as often as promised, in an order that the seed decides."""

from __future__ import annotations

from collections import Counter

import pytest

import facula.core as F
from facula.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def generator(seed: int = 0) -> F.Generator:
    return F.Generator().manual_seed(seed)


def test_sequential() -> None:
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert len(SequentialSampler("abc")) == 3


def test_random() -> None:
    sampler = RandomSampler(range(100), generator=generator())
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert list(RandomSampler(range(100), generator=generator())) == first
    F.manual_seed(5)
    a = list(RandomSampler(range(100)))
    F.manual_seed(5)
    assert list(RandomSampler(range(100))) == a


def test_random_more_or_fewer() -> None:
    drawn = list(RandomSampler(range(4), num_samples=10, generator=generator()))
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == [0, 1, 2, 3]
    assert len(drawn) == len(RandomSampler(range(4), num_samples=10)) == 10
    assert len(set(RandomSampler(range(9), num_samples=3))) == 3
    many = Counter(RandomSampler(range(4), True, 4000, generator()))
    assert set(many) == {0, 1, 2, 3}
    assert all(800 < n < 1200 for n in many.values())  # 7 standard deviations of 27
    with pytest.raises(ValueError, match="empty, so num_samples would be 0"):
        RandomSampler([])


def test_subset_random() -> None:
    sampler = SubsetRandomSampler([5, 7, 9, 11], generator())
    assert sorted(sampler) == [5, 7, 9, 11]
    assert len(sampler) == 4


def test_weighted() -> None:
    drawn = Counter(WeightedRandomSampler([1, 0, 3], 4000, generator=generator()))
    assert set(drawn) == {0, 2}
    assert 850 < drawn[0] < 1150
    assert sorted(WeightedRandomSampler([1, 0, 3, 2], 3, False, generator())) == [0, 2, 3]
    assert len(WeightedRandomSampler(F.ones(3), 7)) == 7
    first = Counter(next(iter(WeightedRandomSampler([1, 3], 2, False, generator(i))))
                    for i in range(1000))
    assert 680 < first[1] < 820  # 750 expected


@pytest.mark.parametrize(("weights", "n", "replacement"), [
    ([1, -1], 1, True), ([0, 0], 1, True), ([float("nan")], 1, True), ([[1, 2]], 1, True),
    ([1, 0], 2, False), ([1], 0, True), ([1], 1.5, True), ([1], True, True),
])
def test_weighted_refuses(weights, n, replacement) -> None:
    with pytest.raises(ValueError, match="WeightedRandomSampler"):
        WeightedRandomSampler(weights, n, replacement)


def test_batch() -> None:
    assert list(BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert [len(BatchSampler(range(5), 2, drop)) for drop in (False, True)] == [3, 2]
    for size in (0, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="BatchSampler: batch_size"):
            BatchSampler(range(5), size, False)
    with pytest.raises(ValueError, match="drop_last"):
        BatchSampler(range(5), 2, 1)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_distributed(n: int, drop_last: bool, shuffle: bool) -> None:
    shares = []
    for rank in range(4):
        sampler = DistributedSampler(range(n), 4, rank, shuffle, seed=3, drop_last=drop_last)
        sampler.set_epoch(2)
        shares.append(list(sampler))
        assert len(shares[-1]) == len(sampler)
    drawn = Counter(i for s in shares for i in s)
    assert len({len(s) for s in shares}) == 1
    if drop_last:
        assert set(drawn.values()) <= {1}
        assert sum(drawn.values()) == n // 4 * 4
    else:
        assert set(drawn) == set(range(n))


def test_distributed_epochs_and_errors() -> None:
    sampler = DistributedSampler(range(50), 2, 0)
    a = list(sampler)
    assert list(sampler) == a
    sampler.set_epoch(1)
    assert list(sampler) != a
    for replicas, rank in ((None, 0), (2, None), (2, 2), (2, -1)):
        with pytest.raises(ValueError, match="DistributedSampler"):
            DistributedSampler(range(5), replicas, rank)


def test_missing_iter_says_so() -> None:
    with pytest.raises(NotImplementedError, match="has no __iter__"):
        iter(Sampler())
    for count in (0, -1, 2.5):
        with pytest.raises(ValueError, match="RandomSampler: num_samples"):
            RandomSampler([1], num_samples=count)
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler([1], replacement=1)
