"""Samples for whole recurrent layers."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@sample_inputs("lstm_layer")
def lstm_layer(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2, 8), make(2, 2), make(2, 2), make(8, 2, low=-1, high=1))
    yield Sample(make(1, 3, 4), make(3, 1), make(3, 1), make(4, 1))


@sample_inputs("lstm_layer_grad")
def lstm_layer_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2, 2), make(3, 2, 2), make(2, 2), make(2, 2), make(8, 2),
                 make(3, 2, 2, low=-1, high=1), make(3, 2, 2), _logistic(make(3, 2, 8)))


@sample_inputs("gru_layer")
def gru_layer(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2, 6), make(2, 2), make(6, 2, low=-1, high=1), make(6))
    yield Sample(make(1, 3, 3), make(3, 1), make(3, 1), None)


@sample_inputs("gru_layer_grad")
def gru_layer_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2, 2), make(2, 2), make(6, 2), make(3, 2, 2, low=-1, high=1),
                 _logistic(make(3, 2, 8)))
