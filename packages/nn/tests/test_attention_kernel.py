"""Attention in one kernel equals plain operations, which float64 is computed by on the CPU."""

import numpy as np
import pytest

from facula import autograd, core
from facula.core import dtypes
from facula.nn import MultiheadAttention
from facula.nn import functional as F

opencl = pytest.mark.skipif(not core.opencl.is_available(), reason="no OpenCL device")


@pytest.mark.parametrize("single", ["cpu", pytest.param("opencl", marks=opencl)])
@pytest.mark.parametrize("ndim", [3, 4])
@pytest.mark.parametrize("kind", ["plain", "causal", "bool", "added", "learnt"])
def test_values_and_first_and_second_derivatives(kind, ndim, single):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((2, 3, 5, 4)[4 - ndim:]) for _ in range(3)]
    numbers = rng.random((5, 5)) < 0.6 if kind == "bool" else rng.standard_normal((5, 5))
    results = []
    for device, d in ((single, dtypes.float32), ("cpu", dtypes.float64)):
        inputs = [core.tensor(a, dtype=d, device=device, requires_grad=True) for a in arrays]
        mask = None
        if kind in ("bool", "added", "learnt"):
            mask = core.tensor(numbers, dtype=None if kind == "bool" else d, device=device,
                               requires_grad=kind == "learnt")
        wanted = [*inputs, mask] if kind == "learnt" else inputs
        y = F.scaled_dot_product_attention(*inputs, mask, is_causal=kind == "causal")
        first = autograd.grad((y * y).sum(), wanted)
        y = F.scaled_dot_product_attention(*inputs, mask, is_causal=kind == "causal")
        recorded = autograd.grad((y * y).sum(), wanted, create_graph=True)
        second = autograd.grad(sum((g * g).sum() for g in recorded), wanted)
        results.append([y, *first, *second])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours.detach().cpu().numpy(), theirs.detach().numpy(),
                                   rtol=1e-3, atol=1e-4)


@opencl
def test_padded_sequences_without_weights():
    layer = MultiheadAttention(8, 2, batch_first=True)
    x = core.randn(2, 5, 8)
    padding = core.tensor([[False] * 5, [False] * 3 + [True] * 2])
    expected, _ = layer(x, x, x, key_padding_mask=padding, need_weights=False)
    layer.to("opencl")
    there = x.to("opencl")
    y, weights = layer(there, there, there, key_padding_mask=padding.to("opencl"),
                       need_weights=False)
    assert weights is None
    np.testing.assert_allclose(y.detach().cpu().numpy(), expected.detach().numpy(), rtol=1e-4,
                               atol=1e-5)
