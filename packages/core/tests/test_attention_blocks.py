"""The CPU's attention by blocks against its definition in float64, forward and backward."""

import numpy as np
import pytest

from facula.core.backends.cpu.backend import BACKEND

forward, backward = BACKEND.kernels["attention"], BACKEND.kernels["attention_grad"]
# N, H, queries, keys, features of keys and of values
SIZES = [(2, 3, 5, 7, 4, 6), (40, 3, 17, 23, 5, 7), (1, 2, 300, 401, 9, 5), (3, 4, 64, 64, 32, 32),
         (1, 1, 1, 9, 100, 3), (1, 1, 0, 3, 4, 4), (1, 1, 3, 0, 4, 4), (0, 1, 3, 2, 4, 4)]


def definition(q, k, v, g, mask, is_causal, scale):
    """The output and the gradients by q, k and v."""
    q, k, v, g = (x.astype(np.float64) for x in (q, k, v, g))
    scores = q @ k.swapaxes(-1, -2) * scale
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    top = scores.max(-1, keepdims=True, initial=-1e30)
    e = np.exp(scores - top)
    p = e / np.maximum(e.sum(-1, keepdims=True), 1e-300)
    t = g @ v.swapaxes(-1, -2)
    ds = p * (t - (p * t).sum(-1, keepdims=True)) * scale
    return p @ v, ds @ k, ds.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ g


@pytest.mark.parametrize("kind", ["plain", "causal", "bool", "added", "hidden"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("dtype", "spread", "tolerance"), [
    ("float32", 1, 2e-5), ("float32", 20, 2e-3), ("float64", 1, 1e-12), ("float16", 1, 2e-2)])
def test_values_and_gradients(size, kind, dtype, spread, tolerance):
    rng = np.random.default_rng(0)
    n, h, length, source, width, features = size
    q, k, v, g = (rng.standard_normal((n, *s)).astype(dtype).swapaxes(1, 2) for s in (
        (length, h, width), (source, h, width), (source, h, features), (length, h, features)))
    q *= q.dtype.type(spread / width ** 0.5)
    mask = None
    if kind == "bool":
        mask = rng.random((n, 1, length, source)) < 0.5
        mask[:, :, -1:] = False  # the last query may look nowhere
    elif kind == "added":
        mask = rng.standard_normal((h, 1, source)).astype(dtype)
    elif kind == "hidden":
        mask = np.where(np.arange(source) % 3 == 1, -np.inf, 0).astype(dtype)
    expected = definition(q, k, v, g, mask, kind == "causal", 0.7)
    y, lse = forward(q, k, v, mask, kind == "causal", 0.7)
    grads = backward(g, q, k, v, mask, y, lse, kind == "causal", 0.7)
    for ours, theirs in zip((y, *grads), expected, strict=True):
        assert ours.dtype == q.dtype
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(forward(q, k, v, mask, kind == "causal", 0.7)[0], y)


@pytest.mark.parametrize("is_causal", [False, True])
def test_what_is_hidden_has_no_say_even_where_it_is_infinite_or_nan(is_causal):
    q, k, v = (np.ones((1, 1, 3, 2), np.float32) for _ in range(3))
    q[0, 0, 0, 0] = 1e38
    k[0, 0, 2] = 1e38  # its score is inf for query 0, which may not see it
    mask = None if is_causal else np.tri(3, dtype=bool)
    y, lse = forward(q, k, v, mask, is_causal, 1.0)
    np.testing.assert_array_equal(y[0, 0, 0], [1, 1])
    k[0, 0, 2] = np.nan
    y, lse = forward(q, k, v, mask, is_causal, 1.0)
    np.testing.assert_array_equal(y[0, 0, :2], np.ones((2, 2)))
    assert np.isnan(y[0, 0, 2]).all()
    dq = backward(np.ones_like(y), q, k, v, mask, y, lse, is_causal, 1.0)[0]
    assert np.isnan(dq[0, 0, 2]).all()


def test_nothing_to_look_at_is_nan_for_added_numbers_and_zero_for_a_condition():
    q = np.ones((1, 1, 2, 4), np.float32)
    hidden = np.full((2, 2), -np.inf, np.float32)
    assert np.isnan(forward(q, q, q, hidden, False, 1.0)[0]).all()
    y, lse = forward(q, q, q, hidden == 0, False, 1.0)
    np.testing.assert_array_equal(y, np.zeros_like(y))
    for grad in backward(q, q, q, q, hidden == 0, y, lse, False, 1.0):
        np.testing.assert_array_equal(grad, np.zeros_like(q))
