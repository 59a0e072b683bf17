"""Samples for reductions that are not made by the family's rule."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("amax", "amin")
def extremes(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4))
    yield Sample(make.distinct(3, 4), 0)
    yield Sample(make.distinct(2, 3, 4), (0, 2), True)
    yield Sample(make(), 0)


@sample_inputs("argmax", "argmin")
def index_of_extreme(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4))
    yield Sample(make.distinct(3, 4), 1)
    yield Sample(make.distinct(2, 3, 4), -2, True)
    yield Sample(make(), 0)


@sample_inputs("max_dim", "min_dim")
def extreme_and_index(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4), 1)
    yield Sample(make.distinct(2, 3, 4), 1, True)
    yield Sample(make(), 0)
