"""Reductions over all subsets of axes, of views too, and their accuracy."""

import itertools

import numpy as np
import pytest

from facula.core import dtypes
from facula.core.operation import Reduce

SHAPES = [(), (5,), (3, 4, 5), (2, 70, 33), (3, 30, 8, 2), (0, 3), (3, 0, 2), (4, 40000),
          (40000, 3)]


@pytest.fixture(scope="module")
def reduction(backend, declare):
    kernels = {}

    def get(name, fold, input=dtypes.float32, result=None):
        key = (name, input, result)
        if key not in kernels:
            kernels[key] = backend.reduction(declare(name, fold, family="reduction"), input,
                                             result or input, result or input)
        return kernels[key]
    return get


def views(x, data):
    yield x, data
    if x.ndim > 1:
        back = tuple(range(x.ndim))[::-1]
        swap = (1, 0, *range(2, x.ndim))
        yield x.transpose(back), data.transpose(back)
        yield x.transpose(swap), data.transpose(swap)
        yield x[:, ::2], data[:, ::2]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_subset_of_axes(backend, reduction, rng, shape):
    total = reduction("sum", Reduce())
    largest = reduction("amax", Reduce("input", "MAX(a, b)", "TYPE_MIN"))
    array = rng.random(shape).astype(np.float32)
    for x, data in views(array, backend.from_numpy(array)):
        for count in range(x.ndim + 1):
            for dims in itertools.combinations(range(x.ndim), count):
                for keepdim in (False, True):
                    out = backend.to_numpy(total(data, dims, keepdim))
                    expected = x.astype(np.float64).sum(dims, keepdims=keepdim)
                    assert out.shape == expected.shape
                    np.testing.assert_allclose(out, expected, rtol=1e-6)
                    if all(x.shape[d] for d in dims):
                        np.testing.assert_array_equal(
                            backend.to_numpy(largest(data, dims, keepdim)),
                            x.max(dims, keepdims=keepdim))


def test_an_empty_fold_is_the_identity(backend, reduction):
    x = backend.from_numpy(np.zeros((3, 0), np.float32))
    out = reduction("prod", Reduce("input", "a * b", "1"))(x, (1,), False)
    np.testing.assert_array_equal(backend.to_numpy(out), [1, 1, 1])


@pytest.mark.parametrize("n", [1000, 100_003, 3_000_000])
def test_float32_sums_are_as_accurate_as_pairwise_ones(backend, reduction, rng, n):
    x = rng.random(n).astype(np.float32)
    out = float(backend.to_numpy(reduction("sum", Reduce())(backend.from_numpy(x), (0,), False)))
    assert out == pytest.approx(x.astype(np.float64).sum(), rel=1e-6)


def test_results_repeat_bit_for_bit(backend, reduction, rng):
    x = backend.from_numpy(rng.standard_normal(1_000_000).astype(np.float32))
    kernel = reduction("sum", Reduce())
    first = backend.to_numpy(kernel(x, (0,), False))
    for _ in range(5):
        assert backend.to_numpy(kernel(x, (0,), False)) == first


@pytest.mark.parametrize(("input", "result"), [
    (dtypes.int32, dtypes.int64), (dtypes.uint8, dtypes.int64), (dtypes.bool_, dtypes.int64),
    (dtypes.float64, dtypes.float64), (dtypes.float16, dtypes.float16)], ids=lambda d: d.name)
def test_types(backend, reduction, rng, input, result):
    x = rng.integers(0, 2 if input is dtypes.bool_ else 100, (40, 50)).astype(input.numpy)
    out = backend.to_numpy(reduction("sum", Reduce(), input, result)(
        backend.from_numpy(x), (0,), False))
    assert out.dtype == result.numpy
    np.testing.assert_array_equal(out.astype(np.float64), x.astype(np.float64).sum(0).astype(
        result.numpy).astype(np.float64))


def test_any_and_all_and_mean(backend, reduction):
    x = np.array([[True, False], [True, True]])
    data = backend.from_numpy(x)
    some = reduction("any", Reduce("input", "a || b", "0"), dtypes.bool_)
    every = reduction("all", Reduce("input", "a && b", "1"), dtypes.bool_)
    np.testing.assert_array_equal(backend.to_numpy(some(data, (1,), False)), x.any(1))
    np.testing.assert_array_equal(backend.to_numpy(every(data, (0,), False)), x.all(0))
    mean = reduction("mean", Reduce(finish="a / count"))
    f = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(backend.to_numpy(mean(backend.from_numpy(f), (0, 1), False)), 5.5)
