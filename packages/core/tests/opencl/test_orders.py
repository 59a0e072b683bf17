"""Sorting, running combinations and counting on the device, also by the variants for GPUs."""

import dataclasses

import numpy as np
import pytest

from facula.core.backends import cpu
from facula.core.backends.opencl import probe
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.runtime import Runtime

TYPES = ["float32", "float16", "int64", "uint8", "bool"]
LINES = [((300,), 0), ((3, 41, 2), 1), ((2, 2500), 1), ((1500, 3), 0), ((200, 7), 1), ((1,), 0),
         ((0, 3), 0), ((3, 0), 0)]


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def device(backend, request):
    """The device, and the same taken for a GPU."""
    if request.param == "cpu":
        return backend
    gpu = dataclasses.replace(probe.device(0), kind="gpu")
    return OpenCLBackend(Runtime(probe.binding(), gpu), "opencl:gpu")


def numbers(rng, shape, dtype):
    """Many equal ones, both zeros, infinities and NaN, the smallest and the largest."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        odd = [np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-7, -2.5, 3.0]
    elif dtype.kind == "b":
        odd = [False, True]
    else:
        odd = [np.iinfo(dtype).min, np.iinfo(dtype).max, 1, 2, 3]
    x = rng.choice(np.array(odd, dtype), shape)
    return np.where(rng.random(shape) < 0.5, x, rng.standard_normal(shape).astype(dtype))


def run(device, name, *arguments):
    given = [device.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arguments]
    result = device.kernels[name](*given)
    return [device.to_numpy(r) for r in (result if isinstance(result, tuple) else (result,))]


def stable_order(x, dim, descending):
    """By the definition: each element's rank is how many stand before it."""
    moved = np.moveaxis(x, dim, -1)
    order = np.empty(moved.shape, np.int64)
    for line in np.ndindex(moved.shape[:-1]):
        values = moved[line].tolist()
        order[line] = sorted(range(len(values)), key=lambda i: (
            (values[i] == values[i]) if descending else (values[i] != values[i]),
            (-values[i] if descending else values[i]) if values[i] == values[i] else 0))
    return np.moveaxis(order, -1, dim)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("shape", "dim"), LINES, ids=str)
def test_sorting_is_stable_with_nan_last(device, rng, shape, dim, dtype):
    x = numbers(rng, shape, dtype)
    for descending in (False, True):
        values, where = run(device, "sort_indices", x, dim, descending)
        expected = stable_order(x, dim, descending)
        np.testing.assert_array_equal(where, expected)
        np.testing.assert_array_equal(values, np.take_along_axis(x, expected, dim))
        for count in (shape[dim] // 2, shape[dim] // 9):
            values, where = run(device, "topk_indices", x, count, dim, descending)
            first = expected.take(range(count), dim)
            np.testing.assert_array_equal(where, first)
            np.testing.assert_array_equal(values, np.take_along_axis(x, first, dim))


def test_long_lines_are_merged_from_blocks(backend, rng):
    x = rng.integers(0, 1000, 150001).astype(np.float32)
    values, where = run(backend, "sort_indices", x, 0, False)
    np.testing.assert_array_equal(where, np.argsort(x, kind="stable"))
    np.testing.assert_array_equal(values, np.sort(x))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("shape", "dim"), LINES[:5], ids=str)
def test_ranks_equal_the_cpu_kernels(device, rng, shape, dim, dtype):
    x = numbers(rng, shape, dtype)
    for name, rest in (("median_index", (False, False)), ("median_index", (True, True)),
                       ("mode_index", (False,)), ("max_dim", (False,)), ("min_dim", (True,)),
                       ("argmax", (True,)), ("argmin", (False,))):
        expected = cpu.BACKEND.kernels[name](x, dim, *rest)
        for ours, theirs in zip(run(device, name, x, dim, *rest),
                                expected if isinstance(expected, tuple) else (expected,),
                                strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
    (where,) = run(device, "argmax", x, None, False)
    assert where == np.argmax(x)
    values, _ = run(device, "kth_index", x, (shape[dim] + 1) // 2, dim, True)
    np.testing.assert_array_equal(values, np.sort(x, dim).take([(shape[dim] - 1) // 2], dim))


@pytest.mark.parametrize("shape", [(70001,), (3, 40000), (1, 900, 3)], ids=str)
def test_few_long_lines_are_cut_into_chunks(device, rng, shape):
    x = numbers(rng, shape, np.float32)
    dim = x.shape.index(max(x.shape))
    np.testing.assert_array_equal(run(device, "argmin", x, dim, False)[0], np.argmin(x, dim))
    for name in ("cummax_indices", "cummin_indices"):
        for ours, theirs in zip(run(device, name, x, dim), cpu.BACKEND.kernels[name](x, dim),
                                strict=True):
            np.testing.assert_array_equal(ours, theirs)
    whole = rng.integers(-9, 9, shape)
    np.testing.assert_array_equal(run(device, "cumsum", whole, dim)[0], np.cumsum(whole, dim))
    y = rng.standard_normal(shape)
    (sums,) = run(device, "cumsum", y.astype(np.float32), dim)
    np.testing.assert_allclose(sums, np.cumsum(y, dim), rtol=1e-4, atol=1e-2)
    np.testing.assert_array_equal(sums, run(device, "cumsum", y.astype(np.float32), dim)[0])


@pytest.mark.parametrize(("shape", "dim"), [*LINES, ((), 0)], ids=str)
def test_running_combinations(device, rng, shape, dim):
    x = rng.uniform(-2, 2, shape)
    near = rng.uniform(0.99, 1.01, shape)
    for name, given, ufunc in (("cumsum", x, np.add), ("cumprod", near, np.multiply),
                               ("logcumsumexp", x, np.logaddexp)):
        expected = ufunc.accumulate(given, dim) if shape else given
        for dtype, tolerance in ((np.float32, 1e-4), (np.float64, 1e-10), (np.float16, 2e-2)):
            (ours,) = run(device, name, given.astype(dtype), dim)
            np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=10 * tolerance,
                                       err_msg=name)


@pytest.mark.parametrize("x", [[-np.inf] * 3 + [0.0, 1.0, np.inf, 2.0], [np.nan, 1.0],
                               [1.0, np.nan, 2.0], [-1000.0, -1000.0]], ids=str)
def test_logcumsumexp_of_what_is_not_finite(device, x):
    with np.errstate(invalid="ignore"):
        expected = np.logaddexp.accumulate(x)
    np.testing.assert_allclose(run(device, "logcumsumexp", np.array(x), 0)[0], expected)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(), (40000,), (17, 5, 300), (0, 3), (5,)], ids=str)
def test_places_of_what_is_not_zero(device, rng, shape, dtype):
    for share in (0.0, 0.3, 1.0):
        x = np.asarray(rng.random(shape) < share).astype(dtype)
        (places,) = run(device, "nonzero_positions", x)
        np.testing.assert_array_equal(places, np.argwhere(x).T)


@pytest.mark.parametrize("dtype", TYPES)
def test_unique_elements_and_sorted_look_ups(device, rng, dtype):
    x = numbers(rng, (40, 70), dtype)
    for consecutive in (False, True):
        values, inverse, counts = run(device, "unique_all", x, None, consecutive)
        expected = cpu.BACKEND.kernels["unique_all"](x, None, consecutive)
        np.testing.assert_array_equal(values, expected[0])
        np.testing.assert_array_equal(counts, expected[2])
        np.testing.assert_array_equal(values[inverse], x)
    line = np.sort(x[0])
    for side in ("left", "right"):
        (found,) = run(device, "search_rows", line, x, side == "right")
        np.testing.assert_array_equal(found, np.searchsorted(line, x, side))
    (found,) = run(device, "search_rows", np.sort(x, 1), x[:, 5:9], False)
    np.testing.assert_array_equal(found, [np.searchsorted(np.sort(row), row[5:9]) for row in x])


@pytest.mark.parametrize("n", [0, 9, 5000])
def test_counts(device, rng, n):
    x, weights = rng.integers(0, 50, n), rng.random(n)
    np.testing.assert_array_equal(run(device, "bincount", x, None, 3)[0], np.bincount(x, None, 3))
    (sums,) = run(device, "bincount", x, weights, 70)
    np.testing.assert_allclose(sums, np.bincount(x, weights, 70))
    values, edges = rng.standard_normal(n).astype(np.float32), np.linspace(-2, 2, 9, dtype="f")
    values[:3] = [2, -2, np.nan][:n]
    (counts,) = run(device, "histogram_counts", values, edges, None)
    np.testing.assert_array_equal(counts, np.histogram(values[values == values], edges)[0])
    with pytest.raises(RuntimeError, match="must not be negative"):
        run(device, "bincount", np.array([1, -1]), None, 0)


@pytest.mark.parametrize("shape", [(40,), (40, 3), (300, 5)], ids=str)
def test_many_writes_to_few_positions(device, rng, shape):
    x = rng.integers(-5, 5, shape)
    index = rng.integers(-shape[0], shape[0], 1000)
    source = rng.integers(-9, 9, (1000, *shape[1:]))
    expected = x.copy()
    np.add.at(expected, index, source)
    np.testing.assert_array_equal(run(device, "index_add", x, 0, index, source)[0], expected)
    expected = x.copy()
    for i, row in zip(index, source, strict=True):
        expected[i] = row
    to = device.kernels["advanced_index_put"](
        device.from_numpy(x), (device.from_numpy(index),), device.from_numpy(source), False)
    np.testing.assert_array_equal(device.to_numpy(to), expected)


@pytest.mark.parametrize(("reduce", "ufunc"), [("prod", np.multiply), ("amax", np.maximum),
                                               ("amin", np.minimum)])
def test_scattered_products_and_extremes(device, rng, reduce, ufunc):
    x, source = rng.uniform(0.5, 2, 7), rng.uniform(0.5, 2, 500)
    source[3] = np.nan
    index = rng.integers(0, 6, 500)
    expected = x.copy()
    with np.errstate(invalid="ignore"):
        ufunc.at(expected, index, source)
    np.testing.assert_allclose(run(device, "scatter_fold", x, 0, index, source, reduce)[0],
                               expected, rtol=1e-12)


@pytest.mark.parametrize(("shape", "window", "step"), [((2, 3, 9, 40), (3, 3), (1, 2)),
                                                       ((1, 2, 5, 5), (2, 2), (2, 2))], ids=str)
def test_gradients_of_overlapping_windows(device, rng, shape, window, step):
    x = rng.integers(0, 4, shape).astype(np.float32)  # with many equal maxima
    given = (window, step, (1, 1), (1, 1), False)
    values, where = cpu.BACKEND.kernels["max_pool"](x, *given)
    g = rng.integers(-5, 5, values.shape).astype(np.float32)
    expected = np.zeros((*shape[:2], shape[2] * shape[3]))
    for plane in np.ndindex(shape[:2]):
        np.add.at(expected[plane], where[plane].reshape(-1), g[plane].reshape(-1))
    (ours,) = run(device, "max_pool_grad", g, where, shape)
    np.testing.assert_array_equal(ours, expected.reshape(shape))
