"""Samples for indexing, masks, gathering and scattering."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("nonzero_positions")
def nonzero_positions(make: Maker) -> Iterator[Sample]:
    yield Sample(make.mask(3, 4))
    yield Sample(make.index(6, high=2))
    yield Sample(make.mask(0, 2))


@sample_inputs("masked_fill")
def masked_fill(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.mask(3, 4), make())
    yield Sample(make(2, 3, 4), make.mask(3, 1), make())
    yield Sample(make(), make.mask(), make())


@sample_inputs("basic_index")
def basic_index(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), (1,))
    yield Sample(make(3, 4), (slice(0, 3, 2), -1))
    yield Sample(make(2, 3, 4), (Ellipsis, slice(1, None), None))
    yield Sample(make(3, 0), (0,))


@sample_inputs("basic_index_put_zeros")
def basic_index_put_zeros(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4), (3, 4), (1,))
    yield Sample(make(2), (3, 4), (slice(0, 3, 2), -1))


def _keys(make: Maker) -> Iterator[tuple[tuple[int, ...], tuple[np.ndarray | None, ...],
                                         tuple[int, ...]]]:
    """(shape, one index or None per dimension, shape of the result)."""
    yield (5,), (make.index(3, high=5),), (3,)
    yield (3, 4), (make.index(2, 3, high=3), None), (2, 3, 4)
    yield (3, 4, 5), (None, make.index(6, high=4), make.index(6, high=5)), (3, 6)
    yield (3, 4, 5), (make.index(2, high=3), None, make.index(2, high=5)), (2, 4)


@sample_inputs("advanced_index")
def advanced_index(make: Maker) -> Iterator[Sample]:
    for shape, indices, _ in _keys(make):
        yield Sample(make(*shape), indices)


@sample_inputs("advanced_index_put")
def advanced_index_put(make: Maker) -> Iterator[Sample]:
    for shape, indices, result in _keys(make):
        yield Sample(make(*shape), indices, make(*result), True)
    yield Sample(make(5), (np.array([0, 3, 1]),), make(3), False)
    yield Sample(make(4, 5), (np.array([2, 0]), None), make(2, 5), False)


@sample_inputs("gather")
def gather(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, make.index(3, 2, high=4))
    yield Sample(make(3, 4), 0, make.index(5, 4, high=3))
    yield Sample(make(2, 3, 4), -2, make.index(1, 3, 4, high=3))


def _distinct(make: Maker, rows: int, columns: int, high: int) -> np.ndarray:
    """Indices that name no place twice along the first dimension."""
    return np.stack([make.rng.permutation(high)[:rows] for _ in range(columns)], 1)


@sample_inputs("scatter")
def scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5, 3), 0, _distinct(make, 2, 3, 5), make(2, 3))
    yield Sample(make(5, 3), 0, _distinct(make, 4, 2, 5), make(4, 2))


@sample_inputs("scatter_add")
def scatter_add(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, make.index(3, 2, high=4), make(3, 2))
    yield Sample(make(3, 4), 0, make.index(6, 4, high=3), make(6, 4))


@sample_inputs("scatter_fold")
def scatter_fold(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.5), 0, make.index(5, 4, high=3), make.distinct(5, 4), "amax")
    yield Sample(make(3, 4, low=0.5), 0, _distinct(make, 2, 4, 3), make(2, 4, low=0.5), "prod")


@sample_inputs("index_select")
def index_select(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 0, make.index(5, high=3))
    yield Sample(make(2, 3, 4), -1, make.index(2, high=4))


@sample_inputs("index_add")
def index_add(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 0, make.index(5, high=3), make(5, 4))
    yield Sample(make(2, 3), 1, make.index(4, high=3), make(2, 4))
