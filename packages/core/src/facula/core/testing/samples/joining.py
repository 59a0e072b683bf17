"""Samples for joining, rearranging, padding, and views with a window or a diagonal."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("cat", "concat", "concatenate")
def cat(make: Maker) -> Iterator[Sample]:
    yield Sample([make(2, 3), make(1, 3)])
    yield Sample([make(2, 3), make(2, 0), make(2, 2)], -1)


@sample_inputs("stack")
def stack(make: Maker) -> Iterator[Sample]:
    yield Sample([make(2, 3), make(2, 3)])
    yield Sample([make(2), make(2), make(2)], -1)
    yield Sample([make(), make()])


@sample_inputs("flip")
def flip(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), (0,))
    yield Sample(make(2, 3, 4), (0, -1))


@sample_inputs("pad_constant")
def pad_constant(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), (1, 0), (0, 2), 0.5)
    yield Sample(make(5), (2,), (1,), 0)


@sample_inputs("diagonal")
def diagonal(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), 1)
    yield Sample(make(2, 4, 3), -1, 1, 2)


@sample_inputs("diagonal_put_zeros")
def diagonal_put_zeros(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3), (3, 4), 0, 0, 1)
    yield Sample(make(3), (3, 4), 1, 0, 1)


@sample_inputs("unfold")
def unfold(make: Maker) -> Iterator[Sample]:
    yield Sample(make(7), 0, 3, 2)
    yield Sample(make(2, 5), -1, 2, 1)


@sample_inputs("as_strided")
def as_strided(make: Maker) -> Iterator[Sample]:
    yield Sample(make(12), (3, 4), (4, 1))
    yield Sample(make(12), (2, 2), (3, 1), 2)
