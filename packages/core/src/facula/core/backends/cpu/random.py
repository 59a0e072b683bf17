"""Random numbers on the CPU: NumPy's Philox in C, and the Box-Muller transform by blocks.

The stream of a seed is that of ``numpy.random.Philox(key=[seed, 0], counter=[offset, 0, 0, 0])``:
blocks of four 64-bit words. A float32 uniform takes half a word, the low half first; a float64
uniform a whole one. Every call starts at a block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.threads import LARGE, get_num_threads, run_all
from facula.core.dtypes import dtype

_CHUNK = 1 << 14
_TAU = 2 * np.pi


class _Streams(threading.local):
    """The last generators of this thread, by seed: making one costs 11 us, moving it 2 us."""

    def __init__(self) -> None:
        self.known: dict[int, list[Any]] = {}

    def at(self, seed: int, offset: int, blocks: int) -> Any:
        """A NumPy generator that stands at a block, of which ``blocks`` will be taken."""
        found = self.known.get(seed)
        if found is None:
            if len(self.known) >= 8:
                self.known.clear()
            bits = np.random.Philox(key=np.array([seed, 0], np.uint64))
            found = self.known[seed] = [np.random.Generator(bits), bits, 0]
        if found[2] != offset:
            found[1].advance((offset - found[2]) % (1 << 256))
        found[2] = offset + blocks
        return found[0]


_streams = _Streams()


def _filled(shape: tuple[int, ...], target: np.dtype, per_block: int, seed: int, offset: int,
            fill: Callable[[Any, np.ndarray], None]) -> np.ndarray:
    """An array of whole blocks, each part of it filled by ``fill(generator, part)``."""
    n = 1
    for size in shape:
        n *= size
    blocks = -(-n // per_block)
    out = np.empty(blocks * per_block, target)
    if n < LARGE or get_num_threads() == 1:
        fill(_streams.at(seed, offset, blocks), out)
    else:
        step = -(-blocks // get_num_threads())

        def part(first: int) -> None:
            count = min(step, blocks - first)
            fill(_streams.at(seed, offset + first, count),
                 out[first * per_block:(first + count) * per_block])

        run_all(part, range(0, blocks, step))
    return out[:n].reshape(shape)


@kernel
def random_uniform(shape: tuple[int, ...], dtype: dtype, seed: int, offset: int) -> np.ndarray:
    target = dtype.numpy

    def fill(generator: Any, out: np.ndarray) -> None:
        generator.random(dtype=target, out=out)

    return _filled(shape, target, 8 if target.itemsize == 4 else 4, seed, offset, fill)


@kernel
def random_normal(shape: tuple[int, ...], dtype: dtype, seed: int, offset: int) -> np.ndarray:
    target = dtype.numpy
    one, minus_two, tau = target.type(1), target.type(-2), target.type(_TAU)

    def fill(generator: Any, out: np.ndarray) -> None:
        generator.random(dtype=target, out=out)
        for start in range(0, out.size, _CHUNK):
            u = out[start:start + _CHUNK].reshape(-1, 2)
            radius = one - u[:, 0]
            np.log(radius, out=radius)
            radius *= minus_two
            np.sqrt(radius, out=radius)
            angle = u[:, 1] * tau
            np.multiply(np.cos(angle), radius, out=u[:, 0])
            np.multiply(np.sin(angle, out=angle), radius, out=u[:, 1])

    return _filled(shape, target, 8 if target.itemsize == 4 else 4, seed, offset, fill)


@kernel
def random_bits(shape: tuple[int, ...], seed: int, offset: int) -> np.ndarray:
    def fill(generator: Any, out: np.ndarray) -> None:
        np.right_shift(generator.bit_generator.random_raw(out.size), np.uint64(1), out=out)

    return _filled(shape, np.dtype(np.uint64), 4, seed, offset, fill).view(np.int64)


@kernel
def poisson_draw(input: np.ndarray, seed: int, offset: int) -> np.ndarray:
    # A stream of its own (second key word 1): how much is drawn depends on the rates.
    bits = np.random.Philox(key=np.array([seed, 1], np.uint64),
                            counter=np.array([0, offset, 0, 0], np.uint64))
    drawn = np.random.Generator(bits).poisson(input.astype(np.float64))
    return np.asarray(drawn).astype(input.dtype)


@kernel
def binomial_draw(count: np.ndarray, prob: np.ndarray, seed: int, offset: int) -> np.ndarray:
    n, p = count.astype(np.float64), prob.astype(np.float64)
    bits = np.random.Philox(key=np.array([seed, 2], np.uint64),
                            counter=np.array([0, offset, 0, 0], np.uint64))
    drawn = np.random.Generator(bits).binomial(n.astype(np.int64), p)
    return np.asarray(drawn).astype(count.dtype)


@kernel
def multinomial_draw(input: np.ndarray, uniform: np.ndarray, count: int,
                     replacement: bool) -> np.ndarray:
    weights = input.astype(np.float64)
    if replacement:
        edges = np.cumsum(weights, axis=-1)
        rows = [np.searchsorted(e, u * e[-1], side="right")
                for e, u in zip(edges, uniform.astype(np.float64), strict=True)]
        last = weights.shape[-1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=-1)
        return np.minimum(np.stack(rows), last[:, None]).astype(np.int64)
    # The order of p / e with exponential e is that of draws without replacement.
    waiting = call_quietly(np.divide, -np.log1p(-uniform.astype(np.float64)), weights)
    waiting[weights == 0] = np.inf
    return np.argsort(waiting, axis=-1, kind="stable")[:, :count].astype(np.int64)
