"""Samples for views, shapes, joining and splitting."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("view_as_shape")
def view_as_shape(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 6), (3, 4))
    yield Sample(make(), (1, 1))
    yield Sample(make(0, 3), (0,))


@sample_inputs("reshape", "view")
def reshape(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 6), 3, -1)
    yield Sample(make(2, 3, 4), (4, 6))
    yield Sample(make(1), ())
    yield Sample(make(0, 3), 3, 0)


@sample_inputs("flatten")
def flatten(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))
    yield Sample(make(2, 3, 4), 1)
    yield Sample(make())


@sample_inputs("permute")
def permute(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), (2, 0, 1))
    yield Sample(make(2, 3), (-1, 0))
    yield Sample(make(), ())


@sample_inputs("transpose")
def transpose(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), 0, -1)
    yield Sample(make(5), 0, 0)


@sample_inputs("t", "transpose_all")
def t(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(make(4))


@sample_inputs("matrix_transpose")
def matrix_transpose(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))


@sample_inputs("expand", "broadcast_to")
def expand(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 1), (2, 3, 4))
    yield Sample(make(), (2, 2))
    yield Sample(make(1, 4), (-1, 4))


@sample_inputs("expand_as")
def expand_as(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 1), make(2, 3, 4))


@sample_inputs("unsqueeze")
def unsqueeze(make: Maker) -> Iterator[Sample]:
    for dim in (0, 1, -1):
        yield Sample(make(2, 3), dim)
    yield Sample(make(), 0)


@sample_inputs("squeeze")
def squeeze(make: Maker) -> Iterator[Sample]:
    yield Sample(make(1, 3, 1))
    yield Sample(make(1, 3, 1), 0)
    yield Sample(make(1, 3, 1), 1)


@sample_inputs("clone", "contiguous")
def clone(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(make())
    yield Sample(make(0, 2))
