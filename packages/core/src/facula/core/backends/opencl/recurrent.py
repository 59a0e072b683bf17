"""Whole recurrent layers: two launches per step, a product and a cell; weights in one product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import declare
from facula.core.backends.opencl.linalg import linear, matmul
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.operation import Reduce

_INT = np.dtype(np.int32)
_WIDE = (dtypes.float32, dtypes.float64)
declare("recurrent.cl", {
    "lstm_cell": [BUFFER] * 6 + [LONG] * 6,
    "lstm_cell_grad": [BUFFER] * 8 + [LONG] * 7 + [_INT],
    "gru_cell": [BUFFER] * 5 + [LONG] * 6,
    "gru_cell_grad": [BUFFER] * 7 + [LONG] * 5 + [_INT],
}, _WIDE)
Arrays = tuple[CLArray, ...]


def _in_single(function: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """Compute 16-bit floats in float32, all operands contiguous."""
    def call(backend: Any, *given: CLArray | None) -> Arrays:
        first = given[0]
        assert first is not None
        is_half = first.dtype.itemsize == 2
        wide = [None if x is None else backend.cast(x, dtypes.float32) if is_half
                else backend.contiguous(x) for x in given]
        results = function(backend, *wide)
        if not is_half:
            return results
        return tuple([backend.cast(x, dtypes.as_dtype(first.dtype)) for x in results])
    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    return call


def _step(backend: Any, name: str, like: CLArray, sizes: tuple[int, int], *arguments: Any) -> None:
    """Launch one cell for (sequences, features)."""
    count, n = sizes
    backend.runtime.launch(backend.families.kernel(name, like.dtype),
                           (-(-n // 256) * 256, count), (256, 1), *arguments)


def _by_weights(backend: Any, by_state: CLArray, first: CLArray, y: CLArray) -> CLArray:
    """The sum over steps and sequences of outer(gradient, state before the step)."""
    steps, count, n = y.shape
    before = backend.runtime.new(y.shape, y.dtype)
    if steps:
        backend.assign(before[:1], first[None])
        backend.assign(before[1:], y[:-1])
    rows = by_state.reshaped((steps * count, by_state.shape[2]))
    product: CLArray = matmul(backend, rows.transpose((1, 0)),
                              before.reshaped((steps * count, n)))
    return product


@kernel("lstm_layer")
@_in_single
def lstm_layer(backend: Any, gx: CLArray, h: CLArray, c: CLArray, w_hh: CLArray) -> Arrays:
    """The states, cells and gates of all steps."""
    steps, count, _ = gx.shape
    n = h.shape[1]
    new = backend.runtime.new
    y, cells = new((steps, count, n), gx.dtype), new((steps, count, n), gx.dtype)
    gates = new(gx.shape, gx.dtype)
    for t in range(steps if count * n else 0):
        product, now, x, out = linear(backend, h, w_hh, None), gates[t], gx[t], y[t]
        _step(backend, "lstm_cell", gx, (count, n), out.mem, cells.mem, now.mem, x.mem,
              product.mem, c.mem, out.offset, now.offset, x.offset, product.offset, c.offset, n)
        h, c = out, cells[t]
    return y, cells, gates


@kernel("lstm_layer_grad")
@_in_single
def lstm_layer_grad(backend: Any, gy: CLArray, g_cells: CLArray, h0: CLArray, c0: CLArray,
                    w_hh: CLArray, y: CLArray, cells: CLArray, gates: CLArray) -> Arrays:
    """The gradients by gx, h0, c0 and w_hh."""
    steps, count, n = y.shape
    runtime = backend.runtime
    g_gates = runtime.new(gates.shape, gates.dtype)
    gc = backend.full(c0.shape, 0, dtypes.as_dtype(c0.dtype))
    gh = backend.full(h0.shape, 0, dtypes.as_dtype(h0.dtype))
    for t in reversed(range(steps if count * n else 0)):
        now, old, here = g_gates[t], gates[t], cells[t]
        before, g, gcell = cells[t - 1] if t else c0, gy[t], g_cells[t]
        _step(backend, "lstm_cell_grad", gates, (count, n), now.mem, gc.mem, gh.mem, g.mem,
              gcell.mem, old.mem, here.mem, before.mem, now.offset, g.offset, gcell.offset,
              here.offset, old.offset, before.offset, n, int(t == steps - 1))
        gh = matmul(backend, now, w_hh)
    return g_gates, gh, gc, _by_weights(backend, g_gates, h0, y)


@kernel("gru_layer")
@_in_single
def gru_layer(backend: Any, gx: CLArray, h: CLArray, w_hh: CLArray,
              b_hh: CLArray | None) -> Arrays:
    """The states of all steps; per step the reset and update gates, the candidate, its share."""
    steps, count, _ = gx.shape
    n = h.shape[1]
    new = backend.runtime.new
    y, work = new((steps, count, n), gx.dtype), new((steps, count, 4 * n), gx.dtype)
    for t in range(steps if count * n else 0):
        product, now, x, out = linear(backend, h, w_hh, b_hh), work[t], gx[t], y[t]
        _step(backend, "gru_cell", gx, (count, n), out.mem, now.mem, x.mem, product.mem, h.mem,
              out.offset, now.offset, x.offset, product.offset, h.offset, n)
        h = out
    return y, work


@kernel("gru_layer_grad")
@_in_single
def gru_layer_grad(backend: Any, gy: CLArray, h0: CLArray, w_hh: CLArray, y: CLArray,
                   work: CLArray) -> Arrays:
    """The gradients by gx, h0, w_hh and b_hh."""
    steps, count, n = y.shape
    d = dtypes.as_dtype(y.dtype)
    runtime = backend.runtime
    by_input, by_state = (runtime.new((steps, count, 3 * n), y.dtype) for _ in range(2))
    gh, through = backend.full(h0.shape, 0, d), backend.full(h0.shape, 0, d)
    for t in reversed(range(steps if count * n else 0)):
        of_input, of_state = by_input[t], by_state[t]
        g, old, before = gy[t], work[t], y[t - 1] if t else h0
        _step(backend, "gru_cell_grad", y, (count, n), of_input.mem, of_state.mem, gh.mem,
              through.mem, g.mem, old.mem, before.mem, of_input.offset, g.offset, old.offset,
              before.offset, n, int(t == steps - 1))
        through = matmul(backend, of_state, w_hh)
    total = backend.mapped("a + b", {"a": d, "b": d}, (), d)(gh, through)
    by_bias = backend.folded("sum", Reduce(), d, d)(by_state, (0, 1), False)
    return by_input, total, _by_weights(backend, by_state, h0, y), by_bias
