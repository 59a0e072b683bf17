"""Recurrent layers: one step as plain operations, and all steps for backends with such kernels.

Arrays of all steps are ``(T, B, features)``; ``gx`` is what the input gives each gate, biases
added. The forward operations return what their ``*_grad`` partner needs.
"""

from __future__ import annotations

from typing import Any

from facula.core.declare import primitive
from facula.core.errors import describe
from facula.core.ops import neural, unary, views
from facula.core.tensor import Tensor

State = tuple[Tensor, ...]


def tanh_step(gx: Any, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """``tanh(gx + h @ w_hh.T + b_hh)``."""
    return (unary.tanh(gx + neural.linear(state[0], w_hh, b_hh)),)


def relu_step(gx: Any, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """``relu(gx + h @ w_hh.T + b_hh)``."""
    return (unary.relu(gx + neural.linear(state[0], w_hh, b_hh)),)


def lstm_step(gx: Any, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """Input, forget and output gates around a cell that adds up."""
    i, f, g, o = views.chunk(gx + neural.linear(state[0], w_hh, b_hh), 4, -1)
    c: Any = unary.sigmoid(f) * state[1] + unary.sigmoid(i) * unary.tanh(g)  # type: ignore
    return unary.sigmoid(o) * unary.tanh(c), c  # type: ignore[operator]


def gru_step(gx: Any, state: State, w_hh: Tensor, b_hh: Tensor | None) -> State:
    """A reset gate on what the new state sees, an update gate between the old and the new."""
    h = state[0]
    gh = neural.linear(h, w_hh, b_hh)
    n = h.shape[-1]
    gates = unary.sigmoid(views.narrow(gx, -1, 0, 2 * n) + views.narrow(gh, -1, 0, 2 * n))  # type: ignore
    r, z = views.chunk(gates, 2, -1)
    new: Any = unary.tanh(views.narrow(gx, -1, 2 * n, n)
                          + r * views.narrow(gh, -1, 2 * n, n))  # type: ignore[operator]
    return (new + z * (h - new),)


def _check(op: str, gx: Tensor, w_hh: Tensor, gates: int, **states: Tensor) -> None:
    n = w_hh._data.shape[-1]
    if gx.ndim != 3 or tuple(w_hh.shape) != (gates * n, n) or gx.shape[2] != gates * n:
        raise RuntimeError(f"{op}: gx must be (T, B, {gates} * H) and w_hh ({gates} * H, H), but "
                           f"they are {describe(gx)} and {describe(w_hh)}")
    for name, state in states.items():
        if tuple(state.shape) != (gx.shape[1], n):
            raise RuntimeError(f"{op}: {name} must have shape ({gx.shape[1]}, {n}), but is "
                               f"{describe(state)}")


@primitive(outputs=3, export=False)
def lstm_layer(gx: Tensor, h0: Tensor, c0: Tensor, w_hh: Tensor) -> tuple[Tensor, ...]:
    """The states and cells after all steps of an LSTM, and its gates.

    With ``i, f, g, o`` the quarters of ``gx + h @ w_hh.T``: ``c' = sigmoid(f) c + sigmoid(i)
    tanh(g)`` and ``h' = sigmoid(o) tanh(c')``.

    References
    ----------
    S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9 (1997);
    F. Gers et al.: Learning to forget. Neural Computation 12 (2000).
    """
    _check("lstm_layer", gx, w_hh, 4, h0=h0, c0=c0)
    return gx, h0, c0, w_hh


@primitive(outputs=4, export=False)
def lstm_layer_grad(gy: Tensor, g_cells: Tensor, h0: Tensor, c0: Tensor, w_hh: Tensor, y: Tensor,
                    cells: Tensor, gates: Tensor) -> tuple[Tensor, ...]:
    """The gradients of :func:`lstm_layer` by gx, h0, c0 and w_hh."""
    return gy, g_cells, h0, c0, w_hh, y, cells, gates


@primitive(outputs=2, export=False)
def gru_layer(gx: Tensor, h0: Tensor, w_hh: Tensor, b_hh: Tensor | None) -> tuple[Tensor, ...]:
    """The states after all steps of a GRU, and what its gates were.

    With ``r, z, n`` the thirds: ``r = sigmoid(gx_r + gh_r)``, ``z = sigmoid(gx_z + gh_z)``,
    ``n = tanh(gx_n + r gh_n)`` and ``h' = n + z (h - n)``, where ``gh = h @ w_hh.T + b_hh``.

    References
    ----------
    K. Cho et al.: Learning phrase representations using RNN encoder-decoder. EMNLP 2014.
    """
    _check("gru_layer", gx, w_hh, 3, h0=h0)
    if b_hh is not None and tuple(b_hh.shape) != tuple(w_hh.shape[:1]):
        raise RuntimeError(f"gru_layer: b_hh must have shape ({w_hh.shape[0]},), but is "
                           f"{describe(b_hh)}")
    return gx, h0, w_hh, b_hh  # type: ignore[return-value]


@primitive(outputs=4, export=False)
def gru_layer_grad(gy: Tensor, h0: Tensor, w_hh: Tensor, y: Tensor,
                   work: Tensor) -> tuple[Tensor, ...]:
    """The gradients of :func:`gru_layer` by gx, h0, w_hh and b_hh."""
    return gy, h0, w_hh, y, work
