"""Whole recurrent layers on the device against their definition in float64."""

import numpy as np
import pytest

from facula.core.backends import cpu

SIZES = [(1, 1, 1), (3, 2, 5), (7, 33, 17), (2, 3, 300), (0, 2, 3), (2, 0, 3)]


def logistic(x):
    return 1 / (1 + np.exp(-x))


def lstm(gx, h, c, w):
    y, cells, gates = [], [], []
    for x in gx:
        i, f, g, o = np.split(x + h @ w.T, 4, 1)
        i, f, g, o = logistic(i), logistic(f), np.tanh(g), logistic(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        y.append(h)
        cells.append(c)
        gates.append(np.concatenate([i, f, g, o], 1))
    return [np.array(a).reshape(len(gx), *s) for a, s in (
        (y, h.shape), (cells, h.shape), (gates, gx.shape[1:]))]


def gru(gx, h, w, b):
    y, work = [], []
    for x in gx:
        (xr, xz, xn), (hr, hz, hn) = np.split(x, 3, 1), np.split(h @ w.T + b, 3, 1)
        r, z = logistic(xr + hr), logistic(xz + hz)
        new = np.tanh(xn + r * hn)
        h = new + z * (h - new)
        y.append(h)
        work.append(np.concatenate([r, z, new, hn], 1))
    return [np.array(a).reshape(len(gx), len(h), k * h.shape[1])
            for a, k in ((y, 1), (work, 4))]


def close(backend, ours, theirs, tolerance):
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(backend.to_numpy(x), y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-11),
                                                  ("float16", 5e-3)])
def test_lstm(backend, rng, size, dtype, tolerance):
    steps, count, n = size
    draw = [rng.standard_normal(s).astype(dtype) for s in (
        (steps, count, 4 * n), (count, n), (count, n), (4 * n, n))]
    draw[3] /= np.sqrt(n).astype(dtype)
    wide = [a.astype(np.float64) for a in draw]
    found = backend.kernels["lstm_layer"](*map(backend.from_numpy, draw))
    expected = lstm(*wide)
    close(backend, found, expected, tolerance)
    grads = [rng.standard_normal((steps, count, n)).astype(dtype) for _ in range(2)]
    if not steps:
        return
    ours = backend.kernels["lstm_layer_grad"](
        *map(backend.from_numpy, [*grads, *draw[1:]]), *found)
    theirs = cpu.BACKEND.kernels["lstm_layer_grad"](
        *[g.astype(np.float64) for g in grads], *wide[1:], *expected)
    close(backend, ours, theirs, 10 * tolerance * max(1, count / 4))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-11),
                                                  ("float16", 5e-3)])
def test_gru(backend, rng, size, dtype, tolerance):
    steps, count, n = size
    draw = [rng.standard_normal(s).astype(dtype) for s in (
        (steps, count, 3 * n), (count, n), (3 * n, n), (3 * n,))]
    draw[2] /= np.sqrt(n).astype(dtype)
    wide = [a.astype(np.float64) for a in draw]
    # The state as a view whose rows do not touch.
    state = backend.from_numpy(np.stack([draw[1]] * 2, 1))[:, 1]
    found = backend.kernels["gru_layer"](backend.from_numpy(draw[0]), state,
                                         *map(backend.from_numpy, draw[2:]))
    expected = gru(*wide)
    close(backend, found, expected, tolerance)
    gy = rng.standard_normal((steps, count, n)).astype(dtype)
    if not steps:
        return
    ours = backend.kernels["gru_layer_grad"](
        *map(backend.from_numpy, [gy, *draw[1:3]]), *found)
    theirs = cpu.BACKEND.kernels["gru_layer_grad"](gy.astype(np.float64), *wide[1:3], *expected)
    close(backend, ours, theirs, 10 * tolerance * max(1, count / 4))
