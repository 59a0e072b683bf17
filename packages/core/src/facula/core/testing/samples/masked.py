"""Samples for selection by condition."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("where")
def where(make: Maker) -> Iterator[Sample]:
    yield Sample(make.mask(3, 4), make(3, 4), make(3, 4))
    yield Sample(make.mask(3, 1), make(4), make(2, 1, 1))
    yield Sample(make.mask(3, 4), make(3, 4), 0.5)
    yield Sample(make.mask(), 1.0, make(0, 2))


@sample_inputs("nonzero", "argwhere")
def nonzero(make: Maker) -> Iterator[Sample]:
    yield Sample(make.mask(3, 4))
    yield Sample(make.mask(0, 2))
    yield Sample(make())


@sample_inputs("masked_select")
def masked_select(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.mask(3, 4))
    yield Sample(make(3, 1), make.mask(4))
    yield Sample(make(2, 3, 4), make.mask(3, 4))
