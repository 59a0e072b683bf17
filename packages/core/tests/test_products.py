"""Products with a factor that is cut up, and recurrent layers on them, against float64."""

import numpy as np
import pytest

from facula.core.backends.cpu.backend import BACKEND
from facula.core.backends.cpu.products import Factor

SHAPES = [(8, 32, 32), (32, 256, 1024), (32, 1024, 256), (64, 2048, 64), (9, 33, 96), (31, 100, 65),
          (7, 64, 64), (65, 64, 64), (16, 3000, 32), (0, 64, 64), (8, 0, 32)]


@pytest.fixture(params=[False, True], ids=["whole", "cut"])
def _cut(request, monkeypatch):
    monkeypatch.setattr(Factor, "cut_up", request.param)


@pytest.mark.usefixtures("_cut")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_product(shape, dtype):
    rng = np.random.default_rng(0)
    rows, depth, columns = shape
    x = rng.standard_normal((rows, depth)).astype(dtype)
    matrix = rng.standard_normal((depth, columns)).astype(dtype)
    out = np.full((rows, columns), np.nan, dtype)
    times = Factor(matrix, rows)
    for _ in range(2):
        assert times(x, out) is out
        np.testing.assert_allclose(out, x.astype(np.float64) @ matrix, rtol=1e-5,
                                   atol=1e-5 * max(1, depth) ** 0.5)
    if rows and depth:
        x[0, 0] = np.nan
        times(x, out)
        np.testing.assert_array_equal(np.isnan(out).any(1), np.arange(rows) == 0)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.usefixtures("_cut")
@pytest.mark.parametrize(("steps", "rows", "n"), [(5, 8, 64), (3, 16, 32), (4, 3, 10)])
def test_the_lstm_layer_and_its_gradient(steps, rows, n):
    rng = np.random.default_rng(0)
    gx, h, c, w, gy, g_cells = (rng.standard_normal(s).astype(np.float32) * 0.5 for s in (
        (steps, rows, 4 * n), (rows, n), (rows, n), (4 * n, n), (steps, rows, n),
        (steps, rows, n)))

    def loss(gx, h, c, w):
        ys, total = [], 0.0
        for t in range(steps):
            i, f, g, o = np.split(gx[t] + h @ w.T, 4, -1)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(c)
            ys.append(h)
            total += (h * gy[t]).sum() + (c * g_cells[t]).sum()
        return total, ys

    y, cells, gates = BACKEND.kernels["lstm_layer"](gx, h, c, w)
    grads = BACKEND.kernels["lstm_layer_grad"](gy, g_cells, h, c, w, y, cells, gates)
    given = [a.astype(np.float64) for a in (gx, h, c, w)]
    for ours, theirs in zip(y, loss(*given)[1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    for k, grad in enumerate(grads):
        direction = rng.standard_normal(given[k].shape)
        up, down = ([a + s * 1e-6 * direction if j == k else a for j, a in enumerate(given)]
                    for s in (1, -1))
        slope = (loss(*up)[0] - loss(*down)[0]) / 2e-6
        np.testing.assert_allclose((grad * direction).sum(), slope, rtol=1e-3, atol=1e-3)
