"""The other hand-written families: softmax, normalisation, random numbers, indexing, scans."""

import numpy as np
import pytest

from facula.core import dtypes
from facula.core.backends import cpu

LINES = [((5, 10), 1), ((5, 10), 0), ((3, 17, 4), 1), ((2, 1000), 1), ((7, 3, 64), 2), ((1,), 0)]


@pytest.mark.parametrize(("shape", "dim"), LINES, ids=str)
def test_softmax_and_its_logarithm(backend, rng, shape, dim):
    x, g = rng.standard_normal((2, *shape)).astype(np.float32) * 3
    X, G, kernels = backend.from_numpy(x), backend.from_numpy(g), backend.kernels
    e = np.exp(x.astype(np.float64) - x.max(dim, keepdims=True))
    s = e / e.sum(dim, keepdims=True)
    y, log_y = kernels["softmax"](X, dim), kernels["log_softmax"](X, dim)
    np.testing.assert_allclose(backend.to_numpy(y), s, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(backend.to_numpy(log_y), np.log(s), rtol=1e-5, atol=1e-5)
    dx = backend.to_numpy(kernels["softmax_grad"](G, y, dim))
    np.testing.assert_allclose(dx, s * (g - (g * s).sum(dim, keepdims=True)), rtol=1e-4, atol=1e-5)
    dx = backend.to_numpy(kernels["log_softmax_grad"](G, log_y, dim))
    np.testing.assert_allclose(dx, g - s * g.sum(dim, keepdims=True), rtol=1e-4, atol=1e-5)


def test_variance_does_not_cancel(backend, rng):
    x = rng.standard_normal((4, 5, 6)).astype(np.float32) + 1000
    variance, mean = backend.kernels["var_mean"](backend.from_numpy(x), (0, 2), 1, False)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(backend.to_numpy(variance), wide.var((0, 2), ddof=1), rtol=1e-4)
    np.testing.assert_allclose(backend.to_numpy(mean), wide.mean((0, 2)), rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 5), (4, 3, 7), (2, 6, 5, 5), (64, 16, 8, 8)], ids=str)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_equals_the_cpu_kernel(backend, rng, shape, affine):
    axes = tuple(i for i in range(len(shape)) if i != 1)
    x, g = rng.standard_normal((2, *shape)) + 3
    w, b = rng.standard_normal((2, shape[1])) if affine else (None, None)
    compare(backend, "batch_norm_train", x, w, b, 1e-5)
    compare(backend, "batch_norm_train_grad", g, x, w, x.mean(axes), x.var(axes), 1e-5)


@pytest.mark.parametrize("shape", [(5, 7), (64, 100), (3, 1000)], ids=str)
@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm_equals_the_cpu_kernel(backend, rng, shape, affine):
    x, g = rng.standard_normal((2, *shape)) + 3
    w, b = rng.standard_normal((2, shape[1])) if affine else (None, None)
    mean, factor = x.mean(1, keepdims=True), 1 / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    compare(backend, "layer_norm_rows", x, w, b, 1e-5)
    compare(backend, "layer_norm_rows_grad", g, x, w, mean, factor)


def compare(backend, name, *arguments):
    """Our kernel in float32 against the CPU's in float64."""
    given = [backend.from_numpy(a.astype(np.float32)) if isinstance(a, np.ndarray) else a
             for a in arguments]
    for ours, theirs in zip(backend.kernels[name](*given),
                            cpu.BACKEND.kernels[name](*arguments), strict=True):
        np.testing.assert_allclose(backend.to_numpy(ours), theirs, rtol=2e-4, atol=2e-4)


class TestRandom:
    @staticmethod
    def words(seed, offset, n):
        key = np.array([seed, 0], np.uint64)
        counter = np.array([offset, 0, 0, 0], np.uint64)
        return np.random.Philox(key=key, counter=counter).random_raw(4 * (n // 4 + 2))

    @pytest.mark.parametrize(("seed", "offset", "n"), [
        (0, 0, 11), (12345678901234567890, 7, 1000), (3, 2**40, 5), (2**64 - 1, 2**63, 9)])
    def test_the_stream_is_numpys(self, backend, seed, offset, n):
        w = self.words(seed, offset, n)
        halves = np.stack([w & 0xFFFFFFFF, w >> 32], 1).reshape(-1)
        uniform32 = (halves >> 8).astype(np.float32) * np.float32(2**-24)
        uniform64 = (w >> 11).astype(np.float64) * 2.0**-53
        kernels, read = backend.kernels, backend.to_numpy
        np.testing.assert_array_equal(read(kernels["random_bits"]((n,), seed, offset)),
                                      (w[:n] >> 1).astype(np.int64))
        for d, u, tol in ((dtypes.float32, uniform32, 1e-5), (dtypes.float64, uniform64, 1e-12)):
            np.testing.assert_array_equal(read(kernels["random_uniform"]((n,), d, seed, offset)),
                                          u[:n])
            u = u.astype(np.float64)
            r, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
            z = np.stack([r * np.cos(angle), r * np.sin(angle)], 1).reshape(-1)[:n]
            np.testing.assert_allclose(read(kernels["random_normal"]((n,), d, seed, offset)), z,
                                       rtol=tol, atol=tol)


class TestIndex:
    @pytest.fixture
    def x(self, rng):
        return rng.standard_normal((5, 6, 7)).astype(np.float32)

    @staticmethod
    def on(backend, positions):
        return backend.from_numpy(np.asarray(positions, np.int64))

    @pytest.mark.parametrize("dim", [0, 1, 2])
    def test_gather_and_scatter(self, backend, rng, x, dim):
        index = rng.integers(0, x.shape[dim], (3, 4, 2))
        src = rng.standard_normal((4, 5, 6)).astype(np.float32)
        X, I, S = backend.from_numpy(x), self.on(backend, index), backend.from_numpy(src)
        part = x[tuple(slice(None) if d == dim else slice(0, index.shape[d]) for d in range(3))]
        np.testing.assert_array_equal(backend.to_numpy(backend.kernels["gather"](X, dim, I)),
                                      np.take_along_axis(part, index, dim))
        added, last = x.astype(np.float64), x.copy()
        for place in np.ndindex(*index.shape):
            to = list(place)
            to[dim] = index[place]
            added[tuple(to)] += src[place]
            last[tuple(to)] = src[place]
        out = backend.to_numpy(backend.kernels["scatter_add"](X, dim, I, S))
        np.testing.assert_allclose(out, added, rtol=1e-5, atol=1e-5)
        out = backend.to_numpy(backend.kernels["scatter"](X, dim, I, S))
        np.testing.assert_array_equal(out, last)

    @pytest.mark.parametrize("dim", [0, 1, 2])
    def test_index_select(self, backend, rng, x, dim):
        index = rng.integers(-x.shape[dim], x.shape[dim], 9)
        out = backend.kernels["index_select"](backend.from_numpy(x), dim, self.on(backend, index))
        np.testing.assert_array_equal(backend.to_numpy(out), np.take(x, index, dim))

    def test_advanced_indexing_is_numpys(self, backend, rng, x):
        i, j, k = (rng.integers(-n, n, (2, 3)) for n in x.shape)
        X = backend.from_numpy(x)
        for indices in [(i, None, None), (None, j, None), (i, j, None), (None, j, k),
                        (i, None, k), (i, j, k)]:
            key = tuple(slice(None) if p is None else p for p in indices)
            given = tuple(None if p is None else self.on(backend, p) for p in indices)
            taken = x[key]
            np.testing.assert_array_equal(
                backend.to_numpy(backend.kernels["advanced_index"](X, given)), taken)
            value = rng.standard_normal(taken.shape).astype(np.float32)
            expected = x.astype(np.float64)
            np.add.at(expected, key, value)
            put = backend.kernels["advanced_index_put"]
            out = backend.to_numpy(put(X, given, backend.from_numpy(value), True))
            np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
            expected = x.copy()
            expected[key] = 2.5
            out = put(X, given, backend.full((), 2.5, dtypes.float32), False)
            np.testing.assert_array_equal(backend.to_numpy(out), expected)

    def test_positions_out_of_range_touch_nothing_else(self, backend, x):
        X, wild = backend.from_numpy(x), self.on(backend, [0, 10**12, -(10**12)])
        out = backend.to_numpy(backend.kernels["index_select"](X, 0, wild))
        np.testing.assert_array_equal(out, x[[0, -1, 0]])
        source = backend.full((3, 6, 7), 1.0, dtypes.float32)
        backend.kernels["scatter_add"](X, 0, backend.copy(self.on(backend, np.full((3, 6, 7), 99))),
                                       source)
        np.testing.assert_array_equal(backend.to_numpy(X), x)

    @pytest.mark.parametrize("accumulate", [False, True])
    def test_one_wild_position_of_several_writes_nothing(self, backend, x, accumulate):
        n, m, _ = x.shape
        rows, columns = [0, 1, n, -1, -n - 1, 2], [1, m, 0, -1, 0, -m - 1]
        indices = (self.on(backend, rows), self.on(backend, columns), None)
        value = backend.full((), 5.0, dtypes.float32)
        out = backend.to_numpy(backend.kernels["advanced_index_put"](
            backend.from_numpy(x), indices, value, accumulate))
        expected = x.copy()
        for place in [(0, 1), (-1, -1)]:  # the only pairs that lie inside
            expected[place] = 5.0 + accumulate * expected[place]
        np.testing.assert_allclose(out, expected, rtol=1e-6)


@pytest.mark.parametrize("dim", [None, 0, 1, 2])
@pytest.mark.parametrize("keepdim", [False, True])
def test_positions_of_extremes(backend, rng, dim, keepdim):
    x = rng.integers(0, 9, (5, 6, 7)).astype(np.float32)
    x[2, 3, 4] = np.nan
    X = backend.from_numpy(x)
    for name, function in (("argmax", np.argmax), ("argmin", np.argmin)):
        out = backend.kernels[name](X, dim, keepdim)
        np.testing.assert_array_equal(backend.to_numpy(out), function(x, dim, keepdims=keepdim))
    if dim is not None:
        for name, function in (("max_dim", np.max), ("min_dim", np.min)):
            values, _ = backend.kernels[name](X, dim, keepdim)
            np.testing.assert_array_equal(backend.to_numpy(values),
                                          function(x, dim, keepdims=keepdim))


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_running_sums_and_products(backend, rng, dim):
    x = rng.standard_normal((4, 5, 6)).astype(np.float32)
    X = backend.from_numpy(x)
    np.testing.assert_allclose(backend.to_numpy(backend.kernels["cumsum"](X, dim)),
                               x.astype(np.float64).cumsum(dim), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(backend.to_numpy(backend.kernels["cumprod"](X, dim)),
                               x.astype(np.float64).cumprod(dim), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(9000, 3), (7, 5, 40), (1, 2), (6,), (0, 3)])
@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float16])
def test_sums_over_classes_values(backend, rng, shape, dtype):
    x = rng.standard_normal(shape).astype(dtype.numpy)
    classes = shape[1] if len(shape) > 1 else shape[0]
    target = rng.integers(0, classes, shape[:1] + shape[2:] if len(shape) > 1 else ())
    target = np.where(rng.random(target.shape) < 0.2, -100, target).astype(np.int64)
    total, count = (backend.to_numpy(v) for v in backend.kernels["nll_sums"](
        backend.from_numpy(x), backend.from_numpy(target), -100))
    rows = np.moveaxis(x, 1, -1).reshape(-1, classes) if x.ndim > 1 else x[None]
    each = [float(row[t]) for row, t in zip(rows, target.reshape(-1), strict=True) if t >= 0]
    eps = dtypes.finfo(dtype).eps
    assert abs(total + sum(each)) <= 4 * eps * (1 + sum(map(abs, each)))
    np.testing.assert_allclose(count, len(each), rtol=eps)
    spread = backend.to_numpy(backend.kernels["nll_spread"](
        backend.from_numpy(np.array(2, dtype.numpy)), backend.from_numpy(target), -100, shape))
    assert np.count_nonzero(spread) == len(each)
    assert np.all(spread[spread != 0] == -2)


@pytest.mark.parametrize("shape", [(9000, 3), (7, 5, 40), (1, 2), (6,), (33, 70)])
@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float16])
@pytest.mark.parametrize("mean", [True, False])
def test_cross_entropy_of_classes(backend, rng, shape, dtype, mean):
    x = (3 * rng.standard_normal(shape)).astype(dtype.numpy)
    dim = min(1, len(shape) - 1)
    target = rng.integers(0, shape[dim], np.delete(shape, dim))
    target = np.where(rng.random(target.shape) < 0.2, -100, target).astype(np.int64)
    loss, count, logp = backend.kernels["class_entropy"](
        backend.from_numpy(x), backend.from_numpy(target), -100, mean)
    lines = np.moveaxis(x.astype(np.float64), dim, -1)
    ly = lines - np.log(np.exp(lines).sum(-1, keepdims=True))
    kept = target >= 0
    chosen = np.arange(shape[dim]) == target[..., None]
    divisor = kept.sum() if mean else 1
    with np.errstate(all="ignore"):
        expected = -ly[chosen].sum() / divisor
    eps = float(dtypes.finfo(dtype).eps)
    np.testing.assert_allclose(backend.to_numpy(loss), expected, rtol=20 * eps)
    np.testing.assert_allclose(np.moveaxis(backend.to_numpy(logp), dim, -1), ly, atol=16 * eps)
    dx = backend.to_numpy(backend.kernels["class_entropy_grad"](
        backend.from_numpy(np.array(2, dtype.numpy)), logp, backend.from_numpy(target),
        count if mean else None, -100))
    with np.errstate(all="ignore"):
        slope = np.where(kept[..., None], np.exp(ly) - chosen, 0) * 2 / divisor
    np.testing.assert_allclose(np.moveaxis(dx, dim, -1), slope, atol=20 * eps)


def test_a_class_that_does_not_exist_shows(backend):
    x = backend.from_numpy(np.zeros((2, 3), np.float32))
    for wrong in (-1, 3):
        total, _ = backend.kernels["nll_sums"](x, backend.from_numpy(np.array([0, wrong])), -100)
        assert np.isnan(backend.to_numpy(total))
