"""Samples for parts, splittings, diagonals and other orders of the dimensions."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("ravel")
def ravel(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(make())
    yield Sample(make(0, 3))


@sample_inputs("view_as", "reshape_as")
def view_as(make: Maker) -> Iterator[Sample]:
    yield Sample(make(6), make(2, 3))


@sample_inputs("unflatten")
def unflatten(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 6), 1, (2, -1))
    yield Sample(make(6, 0), -2, (3, 2))


@sample_inputs("select")
def select(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, -1)
    yield Sample(make(3), 0, 2)


@sample_inputs("narrow")
def narrow(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1, 1, 2)
    yield Sample(make(3, 4), 0, -2, 1)
    yield Sample(make(3), 0, 3, 0)


@sample_inputs("split")
def split(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5, 2), 2)
    yield Sample(make(2, 5), [1, 0, 4], 1)
    yield Sample(make(0, 2), 3)


@sample_inputs("chunk")
def chunk(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5, 2), 3)
    yield Sample(make(2, 7), 4, -1)
    yield Sample(make(0), 2)


@sample_inputs("tensor_split")
def tensor_split(make: Maker) -> Iterator[Sample]:
    yield Sample(make(7, 2), 3)
    yield Sample(make(2, 7), (1, 4), 1)
    yield Sample(make(3), (2, 9))


@sample_inputs("hsplit")
def hsplit(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 6), 3)
    yield Sample(make(6), (1, 4))


@sample_inputs("vsplit")
def vsplit(make: Maker) -> Iterator[Sample]:
    yield Sample(make(6, 2), 3)


@sample_inputs("dsplit")
def dsplit(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 1, 6), (1, 5))


@sample_inputs("unbind")
def unbind(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 2), -1)


@sample_inputs("movedim", "moveaxis")
def movedim(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), 0, -1)
    yield Sample(make(2, 3, 4), (0, 2), (1, 0))


@sample_inputs("swapaxes", "swapdims")
def swapaxes(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), 0, -1)


@sample_inputs("atleast_1d", "atleast_2d", "atleast_3d")
def at_least(make: Maker) -> Iterator[Sample]:
    for shape in ((), (2,), (2, 3), (2, 3, 4)):
        yield Sample(make(*shape))
    yield Sample(make(), make(2))


@sample_inputs("broadcast_tensors")
def broadcast_tensors(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 1), make(4), make())


@sample_inputs("diag_embed")
def diag_embed(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3))
    yield Sample(make(2, 3), 1, 0, 2)
    yield Sample(make(2, 3), -1, 2, 0)


@sample_inputs("diag")
def diag(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3), 1)
    yield Sample(make(3, 4), -1)
    yield Sample(make(3, 4), 9)


@sample_inputs("diagflat")
def diagflat(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 2), 1)
