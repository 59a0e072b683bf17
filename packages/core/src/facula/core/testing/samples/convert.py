"""Samples for conversions and copies."""

from collections.abc import Iterator

from facula.core import dtypes
from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("cast")
def cast(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), dtypes.float64)
    yield Sample(make(3, 4), dtypes.float32)
    yield Sample(make(3, 4, low=0.0), dtypes.int64)
    yield Sample(make.index(5, high=9), dtypes.float64)


@sample_inputs("transfer")
def transfer(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), "cpu")


@sample_inputs("copy")
def copy(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(4))
    yield Sample(make(3, 4), make())
    yield Sample(make(2, 0), make(1))
