"""Softmax over rows short and long, contiguous and turned, with infinities and NaN among them."""

from __future__ import annotations

import numpy as np
import pytest

from facula import core
from facula.core import ops

SHAPES = [(1638, 10), (300, 64), (20, 512), (6, 2000), (4, 50, 40)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_softmax_and_gradients_of_rows(shape: tuple[int, ...], dtype: str) -> None:
    x = np.random.default_rng(7).normal(0, 5, shape).astype(dtype)
    x[0] = -np.inf
    x[1].flat[0], x[2].flat[1] = np.nan, np.inf
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        shifted = wide - wide.max(-1, keepdims=True)
        total = np.exp(shifted).sum(-1, keepdims=True)
        want, log_want = np.exp(shifted) / total, shifted - np.log(total)
    turned = core.from_numpy(np.swapaxes(x, 0, -1).copy()).transpose(0, -1)
    for given in (core.from_numpy(x), turned):
        y, log_y = ops.softmax.softmax(given, -1), ops.softmax.log_softmax(given, -1)
        np.testing.assert_allclose(y.numpy(), want, rtol=3e-6, atol=1e-38)
        np.testing.assert_allclose(log_y.numpy(), log_want, rtol=3e-6, atol=3e-6)
    g = np.random.default_rng(8).normal(0, 1, shape).astype(dtype)
    with np.errstate(all="ignore"):
        slope = want * (g - (g * want).sum(-1, keepdims=True, dtype=np.float64))
        log_slope = g - want * g.sum(-1, keepdims=True, dtype=np.float64)
    y, log_y = core.from_numpy(want.astype(dtype)), core.from_numpy(log_want.astype(dtype))
    found = ops.softmax.softmax_grad(core.from_numpy(g), y, -1).numpy()
    np.testing.assert_allclose(found, slope, rtol=1e-4, atol=3e-6)
    found = ops.softmax.log_softmax_grad(core.from_numpy(g), log_y, -1).numpy()
    np.testing.assert_allclose(found, log_slope, rtol=1e-4, atol=3e-5)
