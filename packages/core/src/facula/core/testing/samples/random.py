"""Samples for what draws from given uniform numbers."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("multinomial_draw")
def multinomial_draw(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 5, low=0.1), make(2, 3, low=0.0, high=1.0), 3, True)


@sample_inputs("poisson_draw")
def poisson_draw(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.5, high=9.0), 1, 0)


@sample_inputs("keep_scaled")
def keep_scaled(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.0, high=1.0), 0.5, 2.0)


@sample_inputs("binomial_draw")
def binomial_draw(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(3, 4, high=9) + 0.0, make(3, 4, low=0.0, high=1.0), 1, 0)
