"""Samples for joining families, repetitions, flips, rolls, triangles and padding."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("hstack", "vstack", "row_stack", "dstack", "column_stack")
def stacks(make: Maker) -> Iterator[Sample]:
    yield Sample((make(3), make(3)))
    yield Sample((make(2, 3), make(2, 3)))
    yield Sample((make(), make()))


@sample_inputs("block_diag", "cartesian_prod")
def several(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2), make(3))
    yield Sample(make(1), make(2), make(2))


@sample_inputs("meshgrid")
def meshgrid(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2), make(3), indexing="ij")
    yield Sample(make(2), make(), make(3), indexing="xy")


@sample_inputs("combinations")
def combinations(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4))
    yield Sample(make(4), 3, True)


@sample_inputs("repeat")
def repeat(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3), 2, 1)
    yield Sample(make(2, 3), 3, 1, 2)
    yield Sample(make(), 3)
    yield Sample(make(2), 0)


@sample_inputs("tile")
def tile(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3), (2,))
    yield Sample(make(3), (2, 2))


@sample_inputs("repeat_interleave")
def repeat_interleave(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3), 2)
    yield Sample(make(2, 3), 2, 1)
    yield Sample(make(2, 3), np.array([2, 0]), 0)


@sample_inputs("fliplr", "flipud")
def flips(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3))


@sample_inputs("roll")
def roll(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3), 2)
    yield Sample(make(2, 3), (1, -2), (0, 1))
    yield Sample(make(0, 3), 1, 0)


@sample_inputs("rot90")
def rot90(make: Maker) -> Iterator[Sample]:
    for k in range(-1, 4):
        yield Sample(make(2, 3), k)
    yield Sample(make(2, 3, 4), 1, (1, 2))


@sample_inputs("tril", "triu")
def triangles(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(2, 4, 3), 1)
    yield Sample(make(3, 3), -2)


@sample_inputs("pad")
def pad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), (1, 2))
    yield Sample(make(3, 4), (1, -2, -1, 3), value=2.0)
    for mode in ("reflect", "replicate", "circular"):
        yield Sample(make(1, 2, 3, 4), (1, 2, 2, 1), mode=mode)


@sample_inputs("diff")
def diff(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), 2, 0, make(1, 4))
