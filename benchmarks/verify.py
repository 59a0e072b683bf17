"""A quick check that a device computes what NumPy computes, before anything is timed on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.libraries import Library

SHAPES = [(7, 33), (1000,), (3, 1, 5)]


def elementwise(f: Library) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Every elementwise operation without attributes, from its declared domain."""
    rng = np.random.default_rng(0)
    for op in f.operations("elementwise"):
        if op.attributes or op.outputs > 1 or not op.export:
            continue
        domains = op.domain if isinstance(op.domain[0], (tuple, list)) else (
            (op.domain,) * len(op.tensors))

        def check(op: Any = op, domains: Any = domains) -> bool:
            for shape in SHAPES:
                arrays = [rng.uniform(low, high, shape).astype("float32") for low, high in domains]
                integers = op.dtypes is not None and f.float32 not in op.dtypes
                if integers:
                    arrays = [np.abs(a).astype("int32") + 1 for a in arrays]
                here = op.public(*[f.from_numpy(a) for a in arrays]).numpy()
                there = op.public(*[f.from_numpy(a).to(f.device) for a in arrays]).cpu().numpy()
                if not np.allclose(here, there, rtol=2e-5, atol=2e-6, equal_nan=True):
                    return False
            return True
        yield op.name, check


def reductions(f: Library) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Sums and extremes over each dimension and all of them."""
    x = np.random.default_rng(0).uniform(-1, 1, (9, 70, 33)).astype("float32")
    for name in ("sum", "mean", "amax", "amin", "argmax"):
        for dim in (None, 0, 1, 2):
            def check(name: str = name, dim: Any = dim) -> bool:
                if dim is None and name in ("amax", "amin"):
                    return True
                arguments = () if dim is None else (dim,)
                want = getattr(f.from_numpy(x), name)(*arguments).numpy()
                got = getattr(f.from_numpy(x).to(f.device), name)(*arguments).cpu().numpy()
                return bool(np.allclose(want, got, rtol=1e-5, atol=1e-4))
            yield f"{name} over {dim}", check


def products(f: Library) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Products of odd sizes, all transpositions, against float64."""
    rng = np.random.default_rng(0)
    for n, m, k in ((1, 1, 1), (17, 65, 129), (256, 256, 256), (1000, 300, 70)):
        for form in ("nn", "nt", "tn", "tt"):
            def check(n: int = n, m: int = m, k: int = k, form: str = form) -> bool:
                a = rng.uniform(-1, 1, (n, k) if form[0] == "n" else (k, n)).astype("float32")
                b = rng.uniform(-1, 1, (k, m) if form[1] == "n" else (m, k)).astype("float32")
                x, y = f.from_numpy(a).to(f.device), f.from_numpy(b).to(f.device)
                x, a = (x, a) if form[0] == "n" else (x.T, a.T)
                y, b = (y, b) if form[1] == "n" else (y.T, b.T)
                return bool(np.allclose((x @ y).cpu().numpy(), a.astype("f8") @ b, rtol=1e-4,
                                        atol=1e-4))
            yield f"matmul {n}x{k}x{m} {form}", check


def training(f: Library) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Losses of 20 training steps, on the device and on the CPU."""
    def losses(device: str, name: str) -> list[float]:
        rng = np.random.default_rng(0)
        w = [f.from_numpy(rng.uniform(-0.1, 0.1, s).astype("float32")).to(device).requires_grad_()
             for s in ((64, 32), (32,), (32, 1))]
        x = f.from_numpy(rng.uniform(-1, 1, (128, 64)).astype("float32")).to(device)
        step = getattr(f.optim, name)(w, lr=0.01)
        out = []
        for _ in range(20):
            step.zero_grad()
            loss = ((((x @ w[0] + w[1]).tanh() @ w[2]) - x.sum(1, True)) ** 2).mean()
            loss.backward()
            step.step()
            out.append(loss.item())
        return out
    for name in ("SGD", "Adam", "RMSprop"):
        yield f"training with {name}", lambda name=name: bool(np.allclose(  # type: ignore[misc]
            losses("cpu", name), losses(f.device, name), rtol=1e-3))


def failures(device: str) -> tuple[list[str], int]:
    """What is wrong on the device, and how many checks were made."""
    f = Library("facula", device)
    wrong = []
    count = 0
    for room in (elementwise, reductions, products, training):
        for name, check in room(f):
            count += 1
            try:
                if not check():
                    wrong.append(f"{name}: differs from NumPy")
            except Exception as error:
                wrong.append(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
    return wrong, count
