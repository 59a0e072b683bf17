"""The fixed cost of an operation: 10 by 10 matrices, recorded for backward and not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.registry import case

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": lambda a, b: a + b,
    "a * 2.0": lambda a, b: a * 2.0,
    "exp": lambda a, b: a.exp(),
    "sum()": lambda a, b: a.sum(),
    "sum(0)": lambda a, b: a.sum(0),
    "mean(1)": lambda a, b: a.mean(1),
    "a @ b": lambda a, b: a @ b,
    "T": lambda a, b: a.T,
    "reshape": lambda a, b: a.reshape(100),
    "view": lambda a, b: a.view(5, 20),
    "permute": lambda a, b: a.permute(1, 0),
    "transpose": lambda a, b: a.transpose(0, 1),
    "unsqueeze": lambda a, b: a.unsqueeze(0),
    "expand": lambda a, b: a.expand(3, 10, 10),
    "a[1]": lambda a, b: a[1],
    "a[:, 2:4]": lambda a, b: a[:, 2:4],
    "detach": lambda a, b: a.detach(),
    "softmax": lambda a, b: a.softmax(-1),
}
NUMPY: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": lambda a, b: a + b, "a * 2.0": lambda a, b: a * 2.0, "exp": lambda a, b: np.exp(a),
    "sum()": lambda a, b: a.sum(), "sum(0)": lambda a, b: a.sum(0),
    "mean(1)": lambda a, b: a.mean(1), "a @ b": lambda a, b: a @ b, "T": lambda a, b: a.T,
    "reshape": lambda a, b: a.reshape(100), "view": lambda a, b: a.reshape(5, 20),
    "permute": lambda a, b: a.transpose(1, 0), "transpose": lambda a, b: a.swapaxes(0, 1),
    "unsqueeze": lambda a, b: a[None], "expand": lambda a, b: np.broadcast_to(a, (3, 10, 10)),
    "a[1]": lambda a, b: a[1], "a[:, 2:4]": lambda a, b: a[:, 2:4],
}


def _matrices() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return (rng.uniform(-1, 1, (10, 10)).astype("float32"),
            rng.uniform(-1, 1, (10, 10)).astype("float32"))


def _enter(name: str, operation: Callable[[Any, Any], Any]) -> None:
    function = NUMPY.get(name)

    def numpy() -> Callable[[], Any]:
        a, b = _matrices()
        assert function is not None
        return lambda: function(a, b)

    @case("small", name, numpy=None if function is None else numpy)
    def plain(library: Any) -> Callable[[], Any]:
        a, b = library.tensor(10, 10), library.tensor(10, 10, seed=1)
        return lambda: operation(a, b)

    @case("small recorded", name)
    def recorded(library: Any) -> Callable[[], Any]:
        a, b = library.tensor(10, 10, grad=True), library.tensor(10, 10, grad=True, seed=1)
        return lambda: operation(a, b)


for _name, _operation in OPERATIONS.items():
    _enter(_name, _operation)


@case("small", "backward of (a*b+a).exp().sum()")
def backward(library: Any) -> Callable[[], Any]:
    a, b = library.tensor(10, 10, grad=True), library.tensor(10, 10, grad=True, seed=1)

    def run() -> None:
        a.grad = b.grad = None
        (a * b + a).exp().sum().backward()
    return run
