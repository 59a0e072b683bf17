"""Optimiser steps over many tensors."""

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
