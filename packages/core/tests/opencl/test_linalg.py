"""Products of matrices: shapes, transposed views, broadcast batches, types."""

import numpy as np
import pytest

SIZES = [(1, 1, 1), (3, 5, 7), (64, 64, 64), (130, 257, 129), (6, 0, 4), (0, 3, 4), (1, 500, 1),
         (500, 1, 300), (121, 300, 17), (250, 20, 3)]


def transposed(backend, a):
    """The same matrix, lying transposed in memory."""
    return backend.from_numpy(np.ascontiguousarray(a.T)).transpose((1, 0))


def check(backend, left, right, a, b, tol=1e-5):
    out = backend.to_numpy(backend.kernels["matmul"](left, right))
    expected = a.astype(np.float64) @ b.astype(np.float64)
    assert out.shape == expected.shape
    assert out.dtype == a.dtype
    np.testing.assert_allclose(out.astype(np.float64), expected, rtol=tol,
                               atol=tol * max(1, np.abs(expected).max(initial=0)))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_all_transpositions(backend, rng, size):
    m, k, n = size
    a = rng.standard_normal((m, k)).astype(np.float32)
    b = rng.standard_normal((k, n)).astype(np.float32)
    for left in (backend.from_numpy(a), transposed(backend, a)):
        for right in (backend.from_numpy(b), transposed(backend, b)):
            check(backend, left, right, a, b)


def test_batches_broadcast(backend, rng):
    a = rng.standard_normal((5, 4, 33, 20)).astype(np.float32)
    b = rng.standard_normal((4, 20, 9)).astype(np.float32)
    on = backend.from_numpy
    for x, y in [(a, b), (a, b[0]), (a[0, 0], b), (a[:, :1], b), (a[:, 0], b[0]), (a[0], b[:1])]:
        check(backend, on(x), on(y), x, y)
    x, y = a[:2].transpose(1, 0, 2, 3), b[:, None]
    check(backend, on(a[:2]).transpose((1, 0, 2, 3)), on(b)[:, None], x, y)
    check(backend, on(a)[1:4, ::2], on(b)[::2], a[1:4, ::2], b[::2])
    c = rng.standard_normal((2, 3, 4, 5, 6)).astype(np.float32)
    d = rng.standard_normal((3, 1, 6, 5)).astype(np.float32)
    check(backend, on(c), on(d), c, d)
    e = c.transpose(1, 0, 2, 3, 4)
    check(backend, on(c).transpose((1, 0, 2, 3, 4)), on(d)[:, :, :, :][:, None], e, d[:, None])


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.float64, np.float16])
def test_types(backend, rng, dtype):
    a = rng.integers(-2, 3, (30, 40)).astype(dtype)
    b = rng.integers(-2, 2, (40, 20)).astype(dtype)
    check(backend, backend.from_numpy(a), backend.from_numpy(b), a, b)


@pytest.mark.parametrize("shape", [(5, 7), (64, 100), (3, 4, 100), (100,), (0, 7)], ids=str)
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear(backend, rng, shape, with_bias):
    x = rng.standard_normal(shape).astype(np.float32)
    w = rng.standard_normal((9, shape[-1])).astype(np.float32)
    b = rng.standard_normal(9).astype(np.float32)
    bias = backend.from_numpy(b) if with_bias else None
    out = backend.kernels["linear"](backend.from_numpy(x), backend.from_numpy(w), bias)
    expected = x.astype(np.float64) @ w.T + (b if with_bias else 0)
    np.testing.assert_allclose(backend.to_numpy(out), expected, rtol=1e-5, atol=1e-5)
