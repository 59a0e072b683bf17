"""Samples for sorting, counting, scans, softmax and statistics."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("sort_indices")
def sort_indices(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 5), 1, False)
    yield Sample(make.distinct(4, 3), 0, True)


@sample_inputs("sort", "argsort", "msort")
def sort(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 5))
    yield Sample(make.distinct(7))


@sample_inputs("topk_indices")
def topk_indices(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 6), 2, 1, True)
    yield Sample(make.distinct(5, 2), 3, 0, False)


@sample_inputs("topk")
def topk(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 6), 2)


@sample_inputs("kth_index")
def kth_index(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 6), 2, 1, False)
    yield Sample(make.distinct(5, 2), 5, 0, True)


@sample_inputs("median_index")
def median_index(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 6), 1, False, False)
    yield Sample(make.distinct(5, 2), 0, True, True)


@sample_inputs("mode_index")
def mode_index(make: Maker) -> Iterator[Sample]:
    yield Sample(np.array([[1.0, 2.0, 2.0, 3.0], [5.0, 5.0, 1.0, 5.0]]), 1, False)


@sample_inputs("unique_all")
def unique_all(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(9, high=4), None, False)
    yield Sample(make.index(9, high=3), None, True)


@sample_inputs("search_rows")
def search_rows(make: Maker) -> Iterator[Sample]:
    yield Sample(np.sort(make(7)), make(3, 2), False)
    yield Sample(np.sort(make(7)), make(5), True)


@sample_inputs("bincount")
def bincount(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(9, high=4))
    yield Sample(make.index(9, high=4), make(9), 6)


@sample_inputs("histogram_counts")
def histogram_counts(make: Maker) -> Iterator[Sample]:
    yield Sample(make(20), np.linspace(-3, 3, 6), None)
    yield Sample(make(20), np.linspace(-2, 2, 4), make(20))


@sample_inputs("cumsum", "cumprod", "logcumsumexp", "softmax", "log_softmax")
def along(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5), 0)
    yield Sample(make(3, 4), -1)
    yield Sample(make(2, 3, 4), 1)
    yield Sample(make(), 0)


@sample_inputs("cummax_indices", "cummin_indices", "cummax", "cummin")
def running_extreme(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(5), 0)
    yield Sample(make.distinct(3, 4), 1)


@sample_inputs("softmax_grad", "log_softmax_grad")
def softmax_grad(make: Maker) -> Iterator[Sample]:
    x = make(3, 4)
    e = np.exp(x)
    yield Sample(make(3, 4), e / e.sum(1, keepdims=True), 1)
    yield Sample(make(3, 4), e / e.sum(0, keepdims=True), 0)


@sample_inputs("nll_sums")
def nll_sums(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3), np.array([2, 0, 1, 1]), -100)
    yield Sample(make(4, 3), np.array([2, 0, -1, 1]), -1)
    yield Sample(make(2, 3, 2, 2), np.array([[[2, 0], [0, 1]], [[1, 1], [2, 0]]]), 0)
    yield Sample(make(5), np.array(3), -100)


@sample_inputs("nll_spread")
def nll_spread(make: Maker) -> Iterator[Sample]:
    yield Sample(make(), np.array([2, 0, -1, 1]), -1, (4, 3))
    yield Sample(make(), np.array([[1, 1, 0]]), -100, (1, 2, 3))


@sample_inputs("class_entropy")
def class_entropy(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3), np.array([2, 0, 1, 1]), -100, True)
    yield Sample(make(4, 3), np.array([2, 0, -1, 1]), -1, True)
    yield Sample(make(2, 3, 2, 2), np.array([[[2, 0], [0, 1]], [[1, 1], [2, 0]]]), 0, False)
    yield Sample(make(5), np.array(3), -100, True)


@sample_inputs("class_entropy_grad")
def class_entropy_grad(make: Maker) -> Iterator[Sample]:
    yield Sample(make(), make(4, 3), np.array([2, 0, -1, 1]), np.array(3.0), -1)
    yield Sample(make(), make(1, 2, 3), np.array([[1, 1, 0]]), None, -100)


@sample_inputs("var_mean")
def var_mean(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), 1)
    yield Sample(make(2, 3, 4), (0, 2), correction=0, keepdim=True)


def _spotted(make: Maker) -> np.ndarray:
    """Numbers with a NaN in two of four rows."""
    array = make.distinct(4, 5)
    array[1, 2] = array[3, 0] = np.nan
    return array


@sample_inputs("kthvalue")
def kthvalue(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4), 2)
    yield Sample(make.distinct(3, 4), 3, 0, True)
    yield Sample(make(), 1)


@sample_inputs("median", "nanmedian")
def median(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4))
    yield Sample(make.distinct(3, 4), 0)
    yield Sample(make.distinct(3, 5), -1, True)
    yield Sample(_spotted(make), 1)


@sample_inputs("mode")
def mode(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(4, 7, high=3))
    yield Sample(make.index(4, 7, high=3), 0, True)


@sample_inputs("quantile", "nanquantile")
def quantile(make: Maker) -> Iterator[Sample]:
    yield Sample(make.distinct(3, 4), 0.3)
    yield Sample(make.distinct(3, 5), np.array([0.0, 0.4, 1.0]), 1)
    for interpolation in ("lower", "higher", "midpoint", "nearest"):
        yield Sample(make.distinct(3, 5), 0.4, 0, True, interpolation=interpolation)
    yield Sample(_spotted(make), 0.4, 1)


@sample_inputs("unique", "unique_consecutive")
def unique(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(4, 3, high=3), return_inverse=True, return_counts=True)
    yield Sample(make.index(5, 2, high=2), return_counts=True, dim=0)
    yield Sample(make.index(0, high=3))


@sample_inputs("searchsorted")
def searchsorted(make: Maker) -> Iterator[Sample]:
    yield Sample(np.sort(make(5)), make(2, 3))
    yield Sample(np.sort(make(3, 5), 1), make(3, 2), right=True)
    yield Sample(np.array([1, 3, 3, 5]), np.array([3, 0, 9]), side="right", out_int32=True)


@sample_inputs("bucketize")
def bucketize(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3), np.sort(make(5)))


@sample_inputs("histc")
def histc(make: Maker) -> Iterator[Sample]:
    yield Sample(make(20), 5)
    yield Sample(make(20), 4, -1.0, 2.0)


@sample_inputs("histogram")
def histogram(make: Maker) -> Iterator[Sample]:
    yield Sample(make(20), 5, range=(-2.0, 2.0))
    yield Sample(make(20), np.sort(make(4)), density=True)
