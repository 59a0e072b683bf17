"""Samples for special functions with a parameter that is no tensor."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("polygamma_of")
def polygamma_of(make: Maker) -> Iterator[Sample]:
    for n in (0, 1, 2, 5):
        yield Sample(make(3, 4, low=0.3, high=6.0), n)
    yield Sample(make(low=0.3), 1)


@sample_inputs("polygamma")
def polygamma(make: Maker) -> Iterator[Sample]:
    for n in (0, 1, 3):
        yield Sample(n, make(3, 4, low=0.3, high=6.0))


@sample_inputs("mvlgamma")
def mvlgamma(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=2.0, high=6.0), 3)
    yield Sample(make(5, low=0.3, high=6.0), 1)
