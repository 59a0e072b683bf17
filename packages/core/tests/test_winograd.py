"""3x3 convolutions large enough for Winograd's method, against sums over windows in float64."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from facula import core
from facula.core import ops

ONE = (1, 1)
SHAPES = [  # images, channels, filters, height, width, padding
    (2, 48, 64, 32, 32, 1), (1, 64, 32, 17, 71, 0), (5, 32, 64, 9, 14, 2), (16, 64, 48, 4, 4, 1),
    (33, 40, 56, 7, 8, 1),
    (3, 300, 100, 4, 4, 1), (2, 512, 256, 5, 5, 1)]  # large weights, few tiles: direct


def _windows(x: np.ndarray, padding: int) -> np.ndarray:
    """``(n, c, out height, out width, 3, 3)``."""
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    return sliding_window_view(x, (3, 3), (2, 3))


def _tensor(a: np.ndarray) -> core.Tensor:
    return core.from_numpy(a)


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients(shape: tuple[int, ...]) -> None:
    n, channels, filters, height, width, p = shape
    x, w = _normal(n, channels, height, width), _normal(filters, channels, 3, 3)
    windows = _windows(x, p)
    y = np.einsum("nchwij,ocij->nohw", windows, w, optimize=True)
    bias = _normal(filters)
    found = ops.spatial.convolution(_tensor(x), _tensor(w), _tensor(bias), ONE, (p, p), ONE, 1)
    np.testing.assert_allclose(found.numpy(), y + bias[:, None, None], rtol=1e-5, atol=1e-3)
    g = _normal(*y.shape)
    grad = ops.spatial.convolution_weight_grad(_tensor(g), _tensor(x), w.shape, ONE, (p, p), ONE, 1)
    expected = np.einsum("nchwij,nohw->ocij", windows, g, optimize=True)
    np.testing.assert_allclose(grad.numpy(), expected, rtol=1e-5, atol=2e-3)
    grad = ops.spatial.convolution_input_grad(_tensor(g), _tensor(w), x.shape, ONE, (p, p), ONE, 1)
    expected = np.einsum("nohwij,ocij->nchw", _windows(g, 2 - p), w[:, :, ::-1, ::-1],
                         optimize=True)
    np.testing.assert_allclose(grad.numpy(), expected, rtol=1e-5, atol=1e-3)


def test_error_is_near_the_rounding_of_plain_sums() -> None:
    """Ten times the largest error of the same sums in float32."""
    x, w = _normal(4, 64, 32, 32), _normal(64, 64, 3, 3)
    windows = _windows(x, 1)
    exact = np.einsum("nchwij,ocij->nohw", windows, w, optimize=True)
    plain = np.einsum("nchwij,ocij->nohw", windows.astype(np.float32), w, optimize=True)
    found = ops.spatial.convolution(_tensor(x), _tensor(w), None, ONE, ONE, ONE, 1).numpy()
    assert abs(found - exact).max() < 10 * abs(plain - exact).max()


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e37])
def test_extreme_values_stay_in_their_windows(value: float) -> None:
    x, w = _normal(2, 32, 20, 20), _normal(64, 32, 3, 3)
    x[1, 3, 10, 10] = value
    found = ops.spatial.convolution(_tensor(x), _tensor(w), None, ONE, ONE, ONE, 1).numpy()
    expected = np.einsum("nchwij,ocij->nohw", _windows(x, 1), w, optimize=True)
    near = (slice(1, None), slice(None), slice(9, 12), slice(9, 12))
    np.testing.assert_allclose(found[near], expected[near].astype(np.float32), rtol=1e-4)
    found[near] = expected[near] = 0
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)
    g = _normal(*found.shape)
    g[0, 7, 0, 5] = value
    grad = ops.spatial.convolution_weight_grad(_tensor(g), _tensor(_normal(*x.shape)), w.shape,
                                               ONE, ONE, ONE, 1).numpy()
    assert np.isfinite(np.delete(grad, 7, 0)).all()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_layouts_and_threads(threads: int) -> None:
    """A turned input, a strided weight, any number of threads: the same values."""
    x, w = _normal(16, 16, 7, 64), _normal(64, 64, 3, 6)
    before = core.get_num_threads()
    core.set_num_threads(threads)
    try:
        found = ops.spatial.convolution(_tensor(x).permute(2, 3, 0, 1), _tensor(w)[..., ::2],
                                        None, ONE, ONE, ONE, 1).numpy()
    finally:
        core.set_num_threads(before)
    expected = np.einsum("nchwij,ocij->nohw", _windows(x.transpose(2, 3, 0, 1), 1), w[..., ::2],
                         optimize=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)
