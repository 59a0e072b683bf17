"""Samples for products of matrices."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("batched_matmul")
def batched_matmul(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(4, 5))
    yield Sample(make(2, 3, 4), make(2, 4, 5))
    yield Sample(make(2, 1, 3, 4), make(3, 4, 2))
    yield Sample(make(3, 0), make(0, 2))


@sample_inputs("matmul")
def matmul(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4), make(4))
    yield Sample(make(3, 4), make(4))
    yield Sample(make(4), make(2, 4, 5))
    yield Sample(make(2, 3, 4), make(4, 5))


@sample_inputs("mm")
def mm(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(4, 5))


@sample_inputs("bmm")
def bmm(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), make(2, 4, 5))
