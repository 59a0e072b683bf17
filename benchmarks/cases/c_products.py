"""Matrix products and convolutions, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.registry import case


def _product(n: int, m: int, k: int, transposed: bool = False) -> None:
    def peer() -> Callable[[], Any]:
        rng = np.random.default_rng(0)
        a = rng.uniform(-1, 1, (n, k)).astype("float32")
        b = rng.uniform(-1, 1, (m, k) if transposed else (k, m)).astype("float32")
        return (lambda: a @ b.T) if transposed else (lambda: a @ b)

    @case("products", f"{n}x{k} @ {k}x{m}{' (T)' if transposed else ''}", numpy=peer,
          flops=2.0 * n * m * k, bytes=4.0 * (n * k + k * m + n * m))
    def build(library: Any) -> Callable[[], Any]:
        a = library.tensor(n, k)
        b = library.tensor(m, k) if transposed else library.tensor(k, m)
        return (lambda: a @ b.T) if transposed else (lambda: a @ b)


for _size in (128, 512, 1024, 2048):
    _product(_size, _size, _size)
_product(64, 128, 784, transposed=True)
_product(1024, 1024, 1024, transposed=True)


@case("products", "batched 64 x 64x64 @ 64x64", flops=2.0 * 64**4)
def batched(library: Any) -> Callable[[], Any]:
    a, b = library.tensor(64, 64, 64), library.tensor(64, 64, 64, seed=1)
    return lambda: a @ b


# batch, channels, height = width, filters: the shapes of a small residual network
CONVOLUTIONS = [(32, 64, 28, 64), (64, 32, 28, 64), (16, 64, 32, 64), (16, 256, 8, 256)]


def _convolution(n: int, c: int, side: int, filters: int, size: int = 3, stride: int = 1) -> None:
    out = -(-side // stride)
    flops = 2.0 * n * filters * c * size * size * out * out
    name = f"{n}x{c}x{side}x{side}, {filters} of {size}x{size}" + (
        f", stride {stride}" if stride > 1 else "")

    @case("convolution", name, flops=flops)
    def forward(library: Any) -> Callable[[], Any]:
        x, w = library.tensor(n, c, side, side), library.tensor(filters, c, size, size, seed=1)
        conv2d = library.nn.functional.conv2d
        return lambda: conv2d(x, w, None, stride, size // 2)

    @case("convolution backward", name, flops=3 * flops)
    def backward(library: Any) -> Callable[[], Any]:
        x = library.tensor(n, c, side, side, grad=True)
        w = library.tensor(filters, c, size, size, seed=1, grad=True)
        g = library.tensor(n, filters, out, out, seed=2)
        conv2d = library.nn.functional.conv2d

        def run() -> None:
            x.grad = w.grad = None
            conv2d(x, w, None, stride, size // 2).backward(g)
        return run


for _shape in CONVOLUTIONS:
    _convolution(*_shape)
_convolution(64, 1, 28, 6, size=5)
_convolution(32, 64, 28, 128, size=1)
_convolution(32, 64, 28, 128, stride=2)
