"""Samples for attention in one kernel."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("attention")
def attention(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 1, 3, 2), make(2, 1, 4, 2), make(2, 1, 4, 3), None, False, 0.7)
    yield Sample(make(1, 2, 3, 2), make(1, 2, 3, 2), make(1, 2, 3, 2), None, True, 0.7)


@sample_inputs("attention_grad")
def attention_grad(make: Maker) -> Iterator[Sample]:
    query, key, value = make(2, 1, 3, 2), make(2, 1, 4, 2), make(2, 1, 4, 3)
    yield Sample(make(2, 1, 3, 3), query, key, value, None, make(2, 1, 3, 3),
                 np.log(np.exp(query @ key.swapaxes(-1, -2)).sum(-1)), False, 1.0)
