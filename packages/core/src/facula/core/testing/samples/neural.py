"""Samples for the layers' work: products, normalisation, convolution, pooling."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("linear")
def linear(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(5, 4), make(5))
    yield Sample(make(2, 3, 4), make(5, 4), None)
    yield Sample(make(4), make(2, 4), make(2))


@sample_inputs("batch_norm_train")
def batch_norm_train(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3, 5), make(3), make(3), 1e-5)
    yield Sample(make(6, 2), None, None, 1e-3)


@sample_inputs("batch_norm_train_grad")
def batch_norm_train_grad(make: Maker) -> Iterator[Sample]:
    x = make(4, 3, 5)
    yield Sample(make(4, 3, 5), x, make(3), x.mean((0, 2)), x.var((0, 2)), 1e-5)


@sample_inputs("layer_norm_rows")
def layer_norm_rows(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 6), make(6), make(6), 1e-5)
    yield Sample(make(3, 5), None, None, 1e-5)


@sample_inputs("layer_norm_rows_grad")
def layer_norm_rows_grad(make: Maker) -> Iterator[Sample]:
    x = make(4, 6)
    factor = 1 / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    yield Sample(make(4, 6), x, make(6), x.mean(1, keepdims=True), factor)


def _convolutions() -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...],
                                      tuple[int, ...], tuple[int, ...], int, tuple[int, ...]]]:
    """(input, weight, stride, padding, dilation, groups, output spatial sizes)."""
    yield (2, 3, 8), (4, 3, 3), (1,), (0,), (1,), 1, (6,)
    yield (2, 3, 7, 6), (4, 3, 3, 3), (1, 1), (1, 1), (1, 1), 1, (7, 6)
    yield (1, 4, 8, 7), (6, 2, 3, 2), (2, 1), (1, 0), (2, 1), 2, (3, 6)
    yield (2, 4, 5, 5), (4, 1, 3, 3), (1, 1), (1, 1), (1, 1), 4, (5, 5)
    yield (2, 3, 4, 4), (5, 3, 1, 1), (1, 1), (0, 0), (1, 1), 1, (4, 4)
    yield (1, 2, 4, 5, 4), (3, 2, 2, 3, 2), (1, 2, 1), (0, 1, 0), (1, 1, 1), 1, (3, 3, 3)


@sample_inputs("convolution")
def convolution(make: Maker) -> Iterator[Sample]:
    for i, (x, w, stride, padding, dilation, groups, _) in enumerate(_convolutions()):
        bias = make(w[0]) if i % 2 else None
        yield Sample(make(*x), make(*w), bias, stride, padding, dilation, groups)


@sample_inputs("convolution_input_grad")
def convolution_input_grad(make: Maker) -> Iterator[Sample]:
    for x, w, stride, padding, dilation, groups, out in _convolutions():
        yield Sample(make(x[0], w[0], *out), make(*w), x, stride, padding, dilation, groups)


@sample_inputs("convolution_weight_grad")
def convolution_weight_grad(make: Maker) -> Iterator[Sample]:
    for x, w, stride, padding, dilation, groups, out in _convolutions():
        yield Sample(make(x[0], w[0], *out), make(*x), w, stride, padding, dilation, groups)


@sample_inputs("max_pool")
def max_pool(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(2, 3, 6, 6), (2, 2), (2, 2), (0, 0), (1, 1), False)
    yield Sample(make.distinct(1, 2, 7, 5), (3, 2), (2, 1), (1, 1), (1, 2), True)
    yield Sample(make.distinct(2, 2, 9), (3,), (2,), (1,), (1,), False)


def _positions() -> np.ndarray:
    """One flat position in each 2x2 window of 4x4 pictures."""
    return np.broadcast_to(np.array([[0, 3], [9, 14]]), (2, 3, 2, 2)).copy()


@sample_inputs("max_pool_grad")
def max_pool_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 2, 2), _positions(), (2, 3, 4, 4))


@sample_inputs("max_pool_pick")
def max_pool_pick(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4, 4), _positions())


@sample_inputs("avg_pool")
def avg_pool(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 6, 6), (2, 2), (2, 2), (0, 0), False, True, None)
    yield Sample(make(1, 2, 7, 5), (3, 2), (2, 1), (1, 1), True, False, None)
    yield Sample(make(2, 2, 9), (3,), (2,), (1,), False, True, 2)


@sample_inputs("avg_pool_grad")
def avg_pool_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 3, 3), (2, 3, 6, 6), (2, 2), (2, 2), (0, 0), False, True, None)
    yield Sample(make(2, 2, 5), (2, 2, 9), (3,), (2,), (1,), False, False, None)
