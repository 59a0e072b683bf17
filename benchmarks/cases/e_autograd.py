"""Backward: chains of small operations, where the engine's own cost shows, and what grad costs."""

from __future__ import annotations

from typing import Any

from benchmarks.registry import case


def _leaves(lib: Any) -> tuple[Any, Any]:
    return lib.tensor(10, grad=True), lib.tensor(10, grad=True, seed=1)


def _chain(x: Any, w: Any) -> Any:
    """60 small operations and a sum."""
    y = x
    for _ in range(10):
        y = (((y * w + x).tanh() - w).exp()) * 0.1
    return y.sum()


@case("autograd", "chain of 60 small operations: forward", devices=("cpu",))
def _(lib: Any) -> Any:
    x, w = _leaves(lib)
    return lambda: _chain(x, w)


@case("autograd", "chain of 60 small operations: backward", devices=("cpu",))
def _(lib: Any) -> Any:
    x, w = _leaves(lib)
    loss = _chain(x, w)
    return lambda: loss.backward(retain_graph=True)


@case("autograd", "second derivative of a chain of 60", devices=("cpu",))
def _(lib: Any) -> Any:
    x, w = _leaves(lib)

    def run() -> None:
        (g,) = lib.autograd.grad(_chain(x, w), x, create_graph=True)
        g.sum().backward()
        x.grad = w.grad = None
    return run
