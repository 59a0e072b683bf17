"""Attention in one kernel against its definition in float64, also by the variant for GPUs."""

import dataclasses

import numpy as np
import pytest

from facula.core.backends.opencl import probe
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.runtime import Runtime

# N, H, queries, keys, features of keys and of values
SIZES = [(2, 3, 5, 7, 4, 6), (1, 2, 130, 67, 33, 20), (1, 1, 1, 9, 100, 3), (2, 1, 35, 3, 128, 128),
         (1, 1, 0, 3, 4, 4), (1, 1, 3, 0, 4, 4), (0, 1, 3, 2, 4, 4)]


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def device(backend, request):
    """The device, and the same taken for a GPU."""
    if request.param == "cpu":
        return backend
    gpu = dataclasses.replace(probe.device(0), kind="gpu")
    return OpenCLBackend(Runtime(probe.binding(), gpu), "opencl:gpu")


def definition(q, k, v, g, mask, is_causal, scale):
    """The output and the gradients by q, k and v."""
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


@pytest.mark.parametrize("kind", ["plain", "causal", "bool", "added"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float16", 2e-2)])
def test_values_and_gradients(device, rng, size, kind, dtype, tolerance):
    n, h, length, source, width, features = size
    q, k, v, g = (rng.standard_normal((n, h, *s)).astype(dtype) for s in (
        (length, width), (source, width), (source, features), (length, features)))
    mask = None
    if kind == "bool":
        mask = rng.random((n, 1, length, source)) < 0.5
        mask[:, :, -1:] = False  # the last query may look nowhere
    elif kind == "added":
        mask = rng.standard_normal((h, 1, source)).astype(dtype)
    expected = definition(*(x.astype(np.float64) for x in (q, k, v, g)), mask, kind == "causal",
                          0.3)
    moved = device.from_numpy(np.ascontiguousarray(q.swapaxes(1, 2))).transpose((0, 2, 1, 3))
    given = [moved, *(device.from_numpy(x) for x in (k, v)),
             None if mask is None else device.from_numpy(mask)]
    y, lse = device.kernels["attention"](*given, kind == "causal", 0.3)
    grads = device.kernels["attention_grad"](device.from_numpy(g), *given, y, lse,
                                             kind == "causal", 0.3)
    for ours, theirs in zip((y, *grads), expected, strict=True):
        np.testing.assert_allclose(device.to_numpy(ours), theirs, rtol=tolerance,
                                   atol=tolerance)
    again, _ = device.kernels["attention"](*given, kind == "causal", 0.3)
    np.testing.assert_array_equal(device.to_numpy(again), device.to_numpy(y))


def test_scores_that_are_large_or_hidden_altogether(device):
    q = np.full((1, 1, 2, 4), 1e3, np.float32)
    v = np.arange(6, dtype=np.float32).reshape(1, 1, 3, 2)
    k = np.concatenate([q[:, :, :1], -q], 2)
    given = [device.from_numpy(x) for x in (q, k, v)]
    y, _ = device.kernels["attention"](*given, None, False, 1.0)
    np.testing.assert_array_equal(device.to_numpy(y), [[[[0, 1], [0, 1]]]])
    hidden = device.from_numpy(np.full((2, 3), -np.inf, np.float32))
    y, _ = device.kernels["attention"](*given, hidden, False, 1.0)
    assert np.isnan(device.to_numpy(y)).all()
