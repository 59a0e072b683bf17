"""Samples for extremes in their three forms, deviations, norms and partial sums."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("max", "min")
def extremes(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4))
    yield Sample(make.distinct(3, 4), 1)
    yield Sample(make.distinct(3, 4), -2, True)
    yield Sample(make.distinct(3, 4), make(4))


@sample_inputs("aminmax")
def aminmax(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4))
    yield Sample(make.distinct(3, 4), dim=1, keepdim=True)


@sample_inputs("var", "std", "std_mean")
def deviations(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), 1)
    yield Sample(make(2, 3, 4), (0, 2), correction=0, keepdim=True)
    yield Sample(make(3, 4), False)
    yield Sample(make(3, 4), 0, True, True)


@sample_inputs("nansum", "nanmean")
def nansum(make: Maker) -> Iterator[Sample]:
    array = make(3, 4)
    array[0, 1] = array[2, 2] = np.nan
    yield Sample(array)
    yield Sample(array, 1, True)


@sample_inputs("count_nonzero")
def count_nonzero(make: Maker) -> Iterator[Sample]:
    yield Sample(make.mask(3, 4))
    yield Sample(make.index(3, 4, high=2), 1)


@sample_inputs("sum_to_size")
def sum_to_size(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), (3, 1))
    yield Sample(make(2, 3), (2, 3))


@sample_inputs("logsumexp")
def logsumexp(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1)
    yield Sample(make(2, 3, 4), (0, -1), True)
    yield Sample(make(), 0)
