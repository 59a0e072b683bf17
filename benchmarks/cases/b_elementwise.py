"""Work that is bound by memory: elementwise operations, chains, reductions, softmax, copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.registry import case

M = 1 << 20


def _numpy(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _enter(group: str, name: str, shape: tuple[int, ...], moved: float,
           operation: Callable[[Any, Any], Any],
           numpy: Callable[[Any, Any], Any] | None = None) -> None:
    def peer() -> Callable[[], Any]:
        a, b = _numpy(*shape), _numpy(*shape, seed=1)
        assert numpy is not None
        return lambda: numpy(a, b)

    @case(group, name, numpy=None if numpy is None else peer, bytes=4 * moved)
    def build(library: Any) -> Callable[[], Any]:
        a, b = library.tensor(*shape), library.tensor(*shape, seed=1)
        return lambda: operation(a, b)


for _n in (1, 4):
    _enter("elementwise", f"a + b, {_n}M", (_n * M,), 3 * _n * M, lambda a, b: a + b,
           lambda a, b: a + b)
    _enter("elementwise", f"exp, {_n}M", (_n * M,), 2 * _n * M, lambda a, b: a.exp(),
           lambda a, b: np.exp(a))
    _enter("elementwise", f"relu, {_n}M", (_n * M,), 2 * _n * M, lambda a, b: a.relu(),
           lambda a, b: np.maximum(a, 0))
_enter("elementwise", "tanh, 4M", (4 * M,), 8 * M, lambda a, b: a.tanh(),
       lambda a, b: np.tanh(a))
_enter("elementwise", "a.add_(b), 4M", (4 * M,), 12 * M, lambda a, b: a.add_(b))
_enter("elementwise", "row broadcast, 2048x2048", (2048, 2048), 8 * M, lambda a, b: a + b[0],
       lambda a, b: a + b[0])
_enter("elementwise", "chain of 7, 2048x2048", (2048, 2048), 12 * M,
       lambda a, b: ((a * 1.7 + b).tanh() * a - b.sigmoid()) / (b.abs() + 1),
       lambda a, b: (np.tanh(a * 1.7 + b) * a - 1 / (1 + np.exp(-b))) / (np.abs(b) + 1))
_enter("copies", "clone, 4M", (4 * M,), 8 * M, lambda a, b: a.clone(), lambda a, b: a.copy())
_enter("copies", "transpose, 1024x1024", (1024, 1024), 2 * M,
       lambda a, b: a.T.contiguous(), lambda a, b: np.ascontiguousarray(a.T))
_enter("reductions", "sum, 4M", (4 * M,), 4 * M, lambda a, b: a.sum(), lambda a, b: a.sum())
_enter("reductions", "row sums, 1024x1024", (1024, 1024), M, lambda a, b: a.sum(1),
       lambda a, b: a.sum(1))
_enter("reductions", "column sums, 1024x1024", (1024, 1024), M, lambda a, b: a.sum(0),
       lambda a, b: a.sum(0))
_enter("reductions", "argmax of rows, 1024x1024", (1024, 1024), M, lambda a, b: a.argmax(1),
       lambda a, b: a.argmax(1))
_enter("reductions", "softmax, 1024x1024", (1024, 1024), 2 * M, lambda a, b: a.softmax(-1),
       lambda a, b: (lambda e: e / e.sum(1, keepdims=True))(np.exp(a - a.max(1, keepdims=True))))
_enter("reductions", "log_softmax, 1024x1024", (1024, 1024), 2 * M,
       lambda a, b: a.log_softmax(-1))
