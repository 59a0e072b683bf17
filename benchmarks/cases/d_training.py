"""Whole training steps, and loading of batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.networks import NETWORKS, training
from benchmarks.registry import case

for _name in NETWORKS:
    _flops = 6.0 * 64 * (784 * 256 + 256 * 138) if _name.startswith("MLP") else 0
    case("training", f"{_name}, Adam", flops=_flops)(partial(training, name=_name))


@case("loading", "DataLoader, 2048 samples of 28x28, batches of 64", devices=("cpu",))
def loader(library: Any) -> Callable[[], Any]:
    data = library.utils.data
    images, labels = library.tensor(2048, 1, 28, 28), library.labels(2048, 10)
    loading = data.DataLoader(data.TensorDataset(images, labels), batch_size=64, shuffle=True)

    def epoch() -> None:
        for _ in loading:
            pass
    return epoch
