"""Samples for the wider families of gathering and scattering."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("scatter_reduce")
def scatter_reduce(make: Maker) -> Iterator[Sample]:
    for reduce in ("sum", "mean", "amax", "amin", "prod"):
        yield Sample(make(3, 4, low=0.5), 0, make.index(5, 4, high=3), make.distinct(5, 4) + 0.03,
                     reduce)
    yield Sample(make(3, 4, low=0.5), 1, make.index(3, 2, high=4), make(3, 2, low=0.5), "mean",
                 include_self=False)
    yield Sample(make(4), 0, make.index(3, high=4), make.distinct(3), "amax", include_self=False)


@sample_inputs("index_reduce")
def index_reduce(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.5), 0, make.index(5, high=3), make(5, 4, low=0.5), "prod")
    yield Sample(make(3, 4), 1, make.index(2, high=4), make(3, 2), "mean", include_self=False)


@sample_inputs("index_copy")
def index_copy(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, np.array([2, 0]), make(3, 2))
    yield Sample(make(5), 0, np.array([4]), make(1))


@sample_inputs("index_fill")
def index_fill(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, np.array([2, 0]), 1.5)
    yield Sample(make(3, 4), 0, np.array([1]), make())


@sample_inputs("take")
def take(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.index(2, 3, high=12))
    yield Sample(make(6), np.array([-1, 0, 3]))


@sample_inputs("take_along_dim")
def take_along_dim(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.index(3, 2, high=4), 1)
    yield Sample(make(3, 1), make.index(2, 5, high=3), 0)
    yield Sample(make(3, 4), make.index(5, high=12))


@sample_inputs("put")
def put(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), np.array([5, 0, 11]), make(3))
    yield Sample(make(3, 4), np.array([5, 5]), make(2), True)


@sample_inputs("index_put")
def index_put(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), (np.array([0, 2]), np.array([1, 3])), make(2))
    yield Sample(make(3, 4), (np.array([0, 0]),), make(2, 4), True)
    yield Sample(make(3, 4), (np.array([2]),), make())
