"""Elementwise programs on NumPy: blocks that stay in the cache, buffers reused, all threads.

A block of each slot goes through the whole program before the next one is touched, so memory is
read and written once however long the program is. Many small tensors are gathered end to end into
one block first: one NumPy call then serves them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facula.core.backends.cpu.elementwise import working_dtype
from facula.core.backends.cpu.threads import get_num_threads, run_all
from facula.core.dtypes import dtype
from facula.core.program import BOOLEAN, NUMBER, SLOT, VALUE, Program

BLOCK = 1 << 14  # six float32 blocks of this size fill a level-2 cache of 512 kB by three quarters
SHARE = 1 << 16  # a thread's least share


def _where(condition: np.ndarray, a: Any, b: Any, out: np.ndarray) -> None:
    np.copyto(out, np.where(condition, a, b))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide,
    "pow": np.power, "neg": np.negative, "sqrt": np.sqrt, "abs": np.absolute,
    "maximum": np.maximum, "minimum": np.minimum, "sign": np.sign, "gt": np.greater,
    "lt": np.less, "ne": np.not_equal, "where": _where,
}


class _Scratch(threading.local):
    """Buffers of one block, per thread and type."""

    def __init__(self) -> None:
        self.held: dict[Any, list[np.ndarray]] = {}

    def take(self, count: int, of: Any) -> list[np.ndarray]:
        buffers = self.held.setdefault(np.dtype(of), [])
        while len(buffers) < count:
            buffers.append(np.empty(BLOCK, of))
        return buffers[:count]


_scratch = _Scratch()


class Schedule:
    """A program's code over numbered registers: slots, numbers, temporaries, masks."""

    def __init__(self, program: Program) -> None:
        self.first_number = len(program.slots)
        self.first_temporary = self.first_number + len(program.used)
        last: dict[Any, int] = {}
        for i, (_, arguments) in enumerate(program.code):
            last.update(dict.fromkeys(arguments, i))
        end = len(program.code)
        last.update(dict.fromkeys(program.results, end))
        target = {r: s for s, r in zip(program.written, program.results, strict=True)
                  if r[0] == VALUE and last.get((SLOT, s), -1) <= r[1]}
        place: dict[Any, Any] = {(SLOT, k): k for k in range(len(program.slots))}
        place |= {(NUMBER, k): self.first_number + k for k in range(len(program.used))}
        free: dict[bool, list[int]] = {False: [], True: []}
        made = {False: 0, True: 0}
        temporaries: list[tuple[bool, int]] = []
        self.code: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = []
        for i, (name, arguments) in enumerate(program.code):
            mask = name in BOOLEAN
            inputs = tuple([place[a] for a in arguments])
            for a in set(arguments):
                if a[0] == VALUE and last[a] == i and isinstance(place[a], tuple):
                    free[place[a][0]].append(place[a][1])
            value = (VALUE, i)
            if value in target:
                place[value] = target[value]
            elif free[mask]:
                place[value] = (mask, free[mask].pop())
            else:
                place[value] = (mask, made[mask])
                temporaries.append((mask, made[mask]))
                made[mask] += 1
            self.code.append((FUNCTIONS[name], inputs, place[value]))
        self.temporaries, self.masks = made[False], made[True]
        self.code = [(f, tuple(map(self._register, a)), self._register(o))
                     for f, a, o in self.code]
        self.stores = [(s, self._register(place[r]))
                       for s, r in zip(program.written, program.results, strict=True)
                       if place[r] != s]

    def _register(self, place: Any) -> int:
        if not isinstance(place, tuple):
            return place
        mask, index = place
        return self.first_temporary + index + (self.temporaries if mask else 0)


class FusedKernel:
    """A program bound to types and shapes; see ``base.Backend.fused``."""

    def __init__(self, program: Program, dtypes: Sequence[dtype],
                 shapes: Sequence[tuple[int, ...]]) -> None:
        self.program = program
        self.schedule = Schedule(program)
        self.work = working_dtype(dtypes[0])
        self.types = [d.numpy for d in dtypes]
        self.converted = [k for k, d in enumerate(dtypes) if d.numpy != self.work]
        self.shapes = list(shapes)
        bounds = [0]
        for shape in shapes:
            size = 1
            for n in shape:
                size *= n
            bounds.append(bounds[-1] + size)
        self.bounds = bounds
        self.size = bounds[-1]
        self._buffers: dict[int, np.ndarray] = {}
        self._views: dict[int, list[np.ndarray]] = {}

    def __call__(self, slots: Sequence[Any], numbers: dict[str, Any]) -> None:
        scalars = self.program.scalars(numbers)
        flat, apart = [], []
        for k, slot in enumerate(slots):
            if type(slot) is np.ndarray:
                flat.append(slot.reshape(-1))
            elif len(slot) == 1 and slot[0].flags.c_contiguous:
                flat.append(slot[0].reshape(-1))
            else:
                flat.append(self._gather(k, slot))
                if k in self.program.written:
                    apart.append(k)
        size = self.size
        if get_num_threads() < 2 or size <= SHARE:
            self._run((flat, scalars, 0, size))
        else:
            step = max(SHARE, -(-size // (4 * get_num_threads())))
            run_all(self._run, [(flat, scalars, i, min(i + step, size))
                                for i in range(0, size, step)])
        for k in apart:
            for tensor, piece in zip(slots[k], self._pieces(k), strict=True):
                np.copyto(tensor, piece)

    def _gather(self, k: int, tensors: Sequence[np.ndarray]) -> np.ndarray:
        """The tensors of a slot end to end, in a buffer that is kept for the next time."""
        buffer = self._buffers.get(k)
        if buffer is None:
            buffer = self._buffers[k] = np.empty(self.size, self.types[k])
        return np.concatenate(tensors, axis=None, out=buffer)

    def _pieces(self, k: int) -> list[np.ndarray]:
        """The parts of a slot's buffer in the tensors' shapes."""
        pieces = self._views.get(k)
        if pieces is None:
            buffer = self._buffers[k]
            pieces = self._views[k] = [
                buffer[a:b].reshape(shape) for a, b, shape in
                zip(self.bounds[:-1], self.bounds[1:], self.shapes, strict=True)]
        return pieces

    def _run(self, share: tuple[list[np.ndarray], list[float], int, int]) -> None:
        flat, scalars, start, stop = share
        schedule = self.schedule
        buffers = _scratch.take(schedule.temporaries + len(self.converted), self.work)
        masks = _scratch.take(schedule.masks, np.bool_)
        code, stores = schedule.code, schedule.stores
        with np.errstate(all="ignore"):
            for i in range(start, stop, BLOCK):
                j = min(i + BLOCK, stop)
                n = j - i
                registers: list[Any] = [a[i:j] for a in flat]
                registers += scalars
                registers += [b[:n] for b in buffers[:schedule.temporaries]]
                registers += [m[:n] for m in masks]
                for k, b in zip(self.converted, buffers[schedule.temporaries:], strict=True):
                    b = b[:n]
                    np.copyto(b, registers[k], casting="unsafe")
                    registers[k] = b
                for function, arguments, out in code:
                    function(*[registers[a] for a in arguments], out=registers[out])
                for slot, value in stores:
                    registers[slot][...] = registers[value]
                for k in self.converted:
                    if k in self.program.written:
                        flat[k][i:j] = registers[k]
