"""What training is made of: optimiser steps over many tensors, whole steps, loading of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.registry import case

M = 1 << 20
SETS = {"100 of 32x32": [(32, 32)] * 100, "100 of 8": [(8,)] * 100,
        "50 of 64x64 and 64": [(64, 64), (64,)] * 50, "4 of 1M": [(1024, 1024)] * 4}


def _step(name: str, shapes: list[tuple[int, ...]], options: dict[str, Any]) -> None:
    label = "".join(f" {k}" for k in options if k not in ("lr", "foreach"))
    variants = {"": {}} if name == "Muon" else {"": {}, " (torch: foreach)": {"foreach": True}}
    for suffix, extra in variants.items():
        _enter(name, shapes, {**options, **extra}, f"{name}{label}{suffix}")


def _enter(name: str, shapes: list[tuple[int, ...]], options: dict[str, Any],
           label: str) -> None:
    which = next(k for k, v in SETS.items() if v is shapes)
    total = sum(int(np.prod(s)) for s in shapes)
    passes = {"SGD": 5, "Adam": 7, "AdamW": 7}.get(name, 7)

    @case("optimiser", f"{label}, {which}", bytes=4.0 * passes * total)
    def build(library: Any) -> Callable[[], Any]:
        params = [library.tensor(*s, grad=True, seed=i) for i, s in enumerate(shapes)]
        for i, p in enumerate(params):
            p.grad = library.tensor(*p.shape, seed=-1 - i if i < 0 else i + 1000)
        return getattr(library.optim, name)(params, **options).step


for _which, _shapes in SETS.items():
    _step("SGD", _shapes, {"lr": 1e-3, "momentum": 0.9})
    _step("Adam", _shapes, {"lr": 1e-3})
_step("AdamW", SETS["100 of 32x32"], {"lr": 1e-3})
_step("RMSprop", SETS["100 of 32x32"], {"lr": 1e-3})
_step("Muon", SETS["100 of 32x32"], {"lr": 1e-3})


def _train(library: Any, model: Any, x: Any, y: Any) -> Callable[[], Any]:
    model = model.to(library.device)
    loss_of = library.nn.CrossEntropyLoss()
    optimiser = library.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        optimiser.zero_grad()
        loss_of(model(x), y).backward()
        optimiser.step()
    return step


@case("training", "MLP 784-256-128-10, batch 64, Adam", flops=6.0 * 64 * (784 * 256 + 256 * 138))
def mlp(library: Any) -> Callable[[], Any]:
    nn = library.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                          nn.Linear(128, 10))
    return _train(library, model, library.tensor(64, 784), library.labels(64, 10))


@case("training", "LeNet, batch 64, Adam")
def lenet(library: Any) -> Callable[[], Any]:
    nn = library.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return _train(library, model, library.tensor(64, 1, 28, 28), library.labels(64, 10))


@case("training", "CNN 3x3 32-64 with batch norm, batch 64, Adam")
def cnn(library: Any) -> Callable[[], Any]:
    nn = library.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 49, 10))
    return _train(library, model, library.tensor(64, 1, 28, 28), library.labels(64, 10))


@case("loading", "DataLoader, 2048 samples of 28x28, batches of 64", devices=("cpu",))
def loader(library: Any) -> Callable[[], Any]:
    data = library.utils.data
    images, labels = library.tensor(2048, 1, 28, 28), library.labels(2048, 10)
    loading = data.DataLoader(data.TensorDataset(images, labels), batch_size=64, shuffle=True)

    def epoch() -> None:
        for _ in loading:
            pass
    return epoch
