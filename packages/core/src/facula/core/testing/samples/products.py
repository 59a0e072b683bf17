"""Samples for products written over matmul."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs

_SHAPES = {
    "addmm": ((4,), (2, 3), (3, 4)), "addmv": ((2,), (2, 3), (3,)), "addr": ((2, 3), (2,), (3,)),
    "baddbmm": ((2, 2, 4), (2, 2, 3), (2, 3, 4)), "addbmm": ((2, 4), (5, 2, 3), (5, 3, 4)),
    "dot": ((4,), (4,)), "mv": ((2, 3), (3,)), "outer": ((2,), (3,)), "inner": ((2, 3), (4, 3)),
    "kron": ((2, 3), (3, 2)), "trace": ((3, 4),), "tensordot": ((2, 3, 4), (3, 4, 5)),
    "addcmul": ((3, 4), (4,), (3, 1)), "lerp": ((3, 4), (4,), (3, 1)),
}


def _give(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    @sample_inputs(name)
    def samples(make: Maker) -> Iterator[Sample]:
        yield Sample(*[make(*shape) for shape in shapes])


for _name, _shapes in _SHAPES.items():
    _give(_name, _shapes)


@sample_inputs("einsum")
def einsum(make: Maker) -> Iterator[Sample]:
    yield Sample("bij,bjk->bik", make(2, 3, 4), make(2, 4, 5))
    yield Sample("ii->i", make(3, 3))
    yield Sample("...ij,kj->...ik", make(2, 3, 4), make(5, 4))
    yield Sample("bn,anm,bm->ba", make(2, 5), make(3, 5, 4), make(2, 4))
    yield Sample("ij", make(2, 3))


@sample_inputs("clamp", "clip")
def clamp(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), -1.0, 1.0)
    yield Sample(make(3, 4), min=0.5)
    yield Sample(make(3, 4), make(4), make(3, 1))
