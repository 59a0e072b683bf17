"""Samples for random numbers that have derivatives."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("log_gamma_draw")
def log_gamma_draw(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.1, high=20.0), 1, 0)


@sample_inputs("log_gamma_draw_grad")
def log_gamma_draw_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.1, high=20.0), make(3, 4, low=-2.0, high=3.0))
