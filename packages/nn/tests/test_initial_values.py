"""Truncated normal numbers: their distribution, also where the interval is far out or wide."""

import math

import numpy as np
import pytest

from facula import core, nn


@pytest.mark.parametrize(("mean", "std", "low", "high"), [
    (0, 1, -2, 2), (0, 0.02, -2, 2), (1, 0.5, 0, 0.9), (0, 1, 1.5, 3), (0, 1, -0.1, 0.2)])
def test_truncated_normal(device: str, mean: float, std: float, low: float, high: float) -> None:
    core.manual_seed(0)
    x = nn.init.trunc_normal_(core.empty(100, 200, device=device), mean, std, low, high)
    values = np.sort(x.numpy(force=True).astype(np.float64).ravel())
    assert low <= values[0]
    assert values[-1] <= high
    below = np.array([math.erf((v - mean) / std / math.sqrt(2)) for v in values])
    ends = [math.erf((v - mean) / std / math.sqrt(2)) for v in (low, high)]
    share = (below - ends[0]) / (ends[1] - ends[0])
    ranks = (np.arange(values.size) + 0.5) / values.size
    assert np.abs(share - ranks).max() < 1.63 / math.sqrt(values.size)  # Kolmogorov-Smirnov, 1 %


def test_a_wide_interval_gives_no_infinite_weights() -> None:
    core.manual_seed(1)
    x = nn.init.trunc_normal_(core.empty(1 << 22), std=0.02)
    assert float(x.abs().max()) < 0.02 * 7
