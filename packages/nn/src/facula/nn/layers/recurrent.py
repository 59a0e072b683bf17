"""Recurrent layers: RNN, LSTM, GRU over sequences, and their cells."""

from __future__ import annotations

import math
import warnings
from typing import Any

from facula.core.ops import creation, gather, joining, neural, rearrange, recurrent, shape, views
from facula.core.ops.recurrent import State
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn import init
from facula.nn.layers.linear import empty
from facula.nn.module import Module
from facula.nn.parameter import Parameter
from facula.nn.utils.rnn import PackedSequence

# name: (the step, how many gates, whether there is a cell state besides h)
MODES: dict[str, Any] = {
    "RNN_TANH": (recurrent.tanh_step, 1, False), "RNN_RELU": (recurrent.relu_step, 1, False),
    "LSTM": (recurrent.lstm_step, 4, True), "GRU": (recurrent.gru_step, 3, False)}


@guarded
def run_direction(mode: str, data: Tensor, sizes: list[int], state: State,
                  weights: list[Tensor | None], reverse: bool) -> tuple[Tensor, State]:
    """One layer in one direction over packed rows.

    Parameters
    ----------
    mode : str
        Which of :data:`MODES`.
    data : Tensor
        The rows of all steps, one step after the other.
    sizes : list of int
        How many sequences reach each step; not increasing.
    state : tuple of Tensor
        The initial states, ``(B, H)`` each.
    weights : list
        ``w_ih, w_hh, b_ih, b_hh, w_hr``; the last three may be None.
    reverse : bool
        Begin at the sequences' ends.

    Returns
    -------
    rows, state
        The states of all steps in the order of ``data``, and each sequence's last states.
    """
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if (w_hr is None and sizes[0] == sizes[-1] and mode in ("LSTM", "GRU")
            and neural.has_kernel(f"{mode.lower()}_layer", data)):
        return _all_steps(mode, data, len(sizes), state, weights, reverse)
    step = MODES[mode][0]
    gx = F.linear(data, w_ih, b_ih)  # type: ignore[arg-type]
    starts = [0]
    for n in sizes:
        starts.append(starts[-1] + n)
    rows: list[Any] = [None] * len(sizes)
    live = sizes[-1] if reverse else sizes[0]
    first, current = state, tuple([_rows(s, 0, live) for s in state])
    done: list[State] = []
    for t in reversed(range(len(sizes))) if reverse else range(len(sizes)):
        n = sizes[t]
        if n > live:  # only in reverse: these sequences begin here
            current = tuple([joining.cat([c, _rows(s, live, n)])
                             for c, s in zip(current, first, strict=True)])
        elif n < live:  # these sequences have ended
            done.append(tuple([_rows(c, n, live) for c in current]))
            current = tuple([_rows(c, 0, n) for c in current])
        live = n
        current = step(_rows(gx, starts[t], starts[t + 1]), current, w_hh, b_hh)
        if w_hr is not None:
            current = (F.linear(current[0], w_hr), *current[1:])
        rows[t] = current[0]
    if done:
        current = tuple([joining.cat(list(parts))
                         for parts in zip(current, *reversed(done), strict=True)])
    return joining.cat(rows), current


def _all_steps(mode: str, data: Tensor, steps: int, state: State, weights: list[Tensor | None],
               reverse: bool) -> tuple[Tensor, State]:
    """:func:`run_direction` for equally long sequences, by the backend's kernel."""
    w_ih, w_hh, b_ih, b_hh, _ = weights
    is_lstm = mode == "LSTM"
    bias: Any = b_ih + b_hh if is_lstm and b_ih is not None else b_ih  # type: ignore[operator]
    gx = F.linear(data, w_ih, bias)  # type: ignore[arg-type]
    gx = shape.view_as_shape(gx, (steps, state[0].shape[0], gx.shape[1]))
    if reverse:
        gx = rearrange.flip(gx, 0)
    if is_lstm:
        y, cells, _ = recurrent.lstm_layer(gx, *state, w_hh)  # type: ignore[call-arg, arg-type]
        last: State = (y[-1], cells[-1])  # type: ignore[index]
    else:
        y, _ = recurrent.gru_layer(gx, *state, w_hh, b_hh)  # type: ignore[call-arg, arg-type]
        last = (y[-1],)  # type: ignore[index]
    rows = rearrange.flip(y, 0) if reverse else y
    return shape.view_as_shape(rows, (data.shape[0], y.shape[2])), last


def _rows(t: Tensor, start: int, stop: int) -> Tensor:
    return t if start == 0 and stop == t.shape[0] else views.narrow(t, 0, start, stop - start)


class RNNBase(Module):
    """What RNN, LSTM and GRU share: layers, directions, weights, packed and unbatched inputs."""

    def __init__(self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1,
                 bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
                 bidirectional: bool = False, proj_size: int = 0, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        if not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError("dropout should be a number in range [0, 1] representing the "
                             "probability of an element being zeroed")
        if dropout > 0 and num_layers == 1:
            warnings.warn("dropout option adds dropout after all but last recurrent layer, so "
                          f"non-zero dropout expects num_layers greater than 1, but got dropout="
                          f"{dropout} and num_layers={num_layers}", stacklevel=3)
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size < 0 or (proj_size and proj_size >= hidden_size):
            raise ValueError("proj_size has to be smaller than hidden_size and not negative")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        directions = 2 if bidirectional else 1
        gates = MODES[mode][1] * hidden_size
        real = proj_size or hidden_size
        for layer in range(num_layers):
            size = input_size if layer == 0 else real * directions
            for suffix in self._suffixes():
                shapes: list[tuple[str, tuple[int, ...]]] = [
                    ("weight_ih", (gates, size)), ("weight_hh", (gates, real))]
                if bias:
                    shapes += [("bias_ih", (gates,)), ("bias_hh", (gates,))]
                if proj_size:
                    shapes.append(("weight_hr", (proj_size, hidden_size)))
                for name, sizes in shapes:
                    self.register_parameter(f"{name}_l{layer}{suffix}",
                                            empty(*sizes, device=device, dtype=dtype))
        self.reset_parameters()

    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _weights(self, layer: int, suffix: str) -> list[Tensor | None]:
        return [self._parameters.get(f"{name}_l{layer}{suffix}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[w for w in self._weights(layer, suffix) if w is not None]  # type: ignore[misc]
                for layer in range(self.num_layers) for suffix in self._suffixes()]

    def reset_parameters(self) -> None:
        """Draw new parameters: uniform within ``1 / sqrt(hidden_size)`` of 0."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do here; PyTorch's call for cuDNN."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        packed = isinstance(input, PackedSequence)
        single = False
        order = back = None
        if packed:
            data, batch_sizes, order, back = input
            sizes = batch_sizes.tolist()
        else:
            if input.ndim not in (2, 3):
                raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got "
                                 f"{input.ndim}D instead")
            single = input.ndim == 2
            x = shape.unsqueeze(input, 1) if single else (
                input.transpose(0, 1) if self.batch_first else input)
            sizes = [x.shape[1]] * x.shape[0]
            data = shape.reshape(x, -1, x.shape[2])
        if data.shape[-1] != self.input_size:
            raise RuntimeError("input.size(-1) must be equal to input_size. Expected "
                               f"{self.input_size}, got {data.shape[-1]}")
        if not sizes or not sizes[0]:
            raise RuntimeError("Expected sequence length and batch size to be larger than 0")
        states = self._initial(hx, sizes[0], single, data)
        if order is not None and hx is not None:
            states = tuple([gather.index_select(s, 1, order) for s in states])
        data, finals = self._layers(data, sizes, states)
        if back is not None:
            finals = tuple([gather.index_select(s, 1, back) for s in finals])
        if packed:
            output: Any = PackedSequence(data, batch_sizes, order, back)
        else:
            output = shape.reshape(data, len(sizes), sizes[0], data.shape[-1])
            if single:
                output = shape.squeeze(output, 1)
                finals = tuple([shape.squeeze(s, 1) for s in finals])
            elif self.batch_first:
                output = output.transpose(0, 1)
        return output, (finals if MODES[self.mode][2] else finals[0])

    def _initial(self, hx: Any, batch: int, single: bool, like: Tensor) -> State:
        """The initial states, checked, or zeros; each ``(layers * directions, batch, size)``."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        wanted = [(count, batch, self.proj_size or self.hidden_size)]
        if MODES[self.mode][2]:
            wanted.append((count, batch, self.hidden_size))
        if hx is None:
            return tuple([creation.zeros(w, dtype=like.dtype, device=like.device) for w in wanted])
        given = tuple(hx) if MODES[self.mode][2] else (hx,)
        if single:
            given = tuple([shape.unsqueeze(h, 1) for h in given])
        for h, w in zip(given, wanted, strict=True):
            if tuple(h.shape) != w:
                raise RuntimeError(f"Expected hidden size {w}, got {list(h.shape)}")
        return given

    def _layers(self, data: Tensor, sizes: list[int], states: State) -> tuple[Tensor, State]:
        finals: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes()):
                number = len(self._suffixes()) * layer + direction
                rows, last = run_direction(self.mode, data, sizes,
                                           tuple([s[number] for s in states]),  # type: ignore
                                           self._weights(layer, suffix), direction == 1)
                outputs.append(rows)
                finals.append(last)
            data = outputs[0] if len(outputs) == 1 else joining.cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                data = F.dropout(data, self.dropout, self.training)
        return data, tuple([joining.stack(list(parts)) for parts in zip(*finals, strict=True)])

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (("proj_size", 0), ("num_layers", 1), ("bias", True),
                            ("batch_first", False), ("dropout", 0), ("bidirectional", False)):
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        return text


class RNN(RNNBase):
    """A plain recurrent layer: ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        How many layers stand on each other.
    nonlinearity : str
        ``"tanh"`` or ``"relu"``.
    bias, batch_first, dropout, bidirectional, device, dtype
        As for :class:`LSTM`.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1,
                 nonlinearity: str = "tanh", bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
                 dtype: Any = None) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or "
                             "'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias,
                         batch_first, dropout, bidirectional, 0, device, dtype)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        How many layers stand on each other.
    bias : bool
    batch_first : bool
        Sequences are ``(B, T, *)`` instead of ``(T, B, *)``.
    dropout : float
        Between the layers, in training mode.
    bidirectional : bool
        Also from the end to the beginning; both states are joined.
    proj_size : int
        Project the state to this size, if not 0.
    device, dtype : optional
        Of the parameters.

    Examples
    --------
    >>> import facula
    >>> lstm = facula.nn.LSTM(3, 4, batch_first=True)
    >>> output, (h, c) = lstm(facula.zeros(2, 5, 3))
    >>> output.shape, h.shape
    (facula.Size([2, 5, 4]), facula.Size([1, 2, 4]))
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
                 proj_size: int = 0, device: Any = None, dtype: Any = None) -> None:
        super().__init__("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, proj_size, device, dtype)


class GRU(RNNBase):
    """Gated recurrent units (Cho et al., 2014); parameters as for :class:`LSTM`."""

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
                 device: Any = None, dtype: Any = None) -> None:
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, 0, device, dtype)


class RNNCellBase(Module):
    """One step of a recurrent layer."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(self, mode: str, input_size: int, hidden_size: int, bias: bool, device: Any,
                 dtype: Any) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self._mode = mode
        gates = MODES[mode][1] * hidden_size
        self.weight_ih = empty(gates, input_size, device=device, dtype=dtype)
        self.weight_hh = empty(gates, hidden_size, device=device, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, empty(gates, device=device, dtype=dtype) if bias
                                    else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters: uniform within ``1 / sqrt(hidden_size)`` of 0."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        single = input.ndim == 1
        x = shape.unsqueeze(input, 0) if single else input
        several = MODES[self._mode][2]
        if hx is None:
            zeros = creation.zeros(x.shape[0], self.hidden_size, dtype=x.dtype, device=x.device)
            state: State = (zeros, zeros) if several else (zeros,)
        else:
            state = tuple(hx) if several else (hx,)
            if single:
                state = tuple([shape.unsqueeze(s, 0) for s in state])
        new = MODES[self._mode][0](F.linear(x, self.weight_ih, self.bias_ih), state,
                                   self.weight_hh, self.bias_hh)
        if single:
            new = tuple([shape.squeeze(s, 0) for s in new])
        return new if several else new[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class RNNCell(RNNCellBase):
    """One step of :class:`RNN`: ``(B, input_size)`` and ``(B, hidden_size)`` to the new state."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 nonlinearity: str = "tanh", device: Any = None, dtype: Any = None) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {nonlinearity}")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, bias, device,
                         dtype)
        self.nonlinearity = nonlinearity


class LSTMCell(RNNCellBase):
    """One step of :class:`LSTM`: takes and returns the pair of state and cell."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__("LSTM", input_size, hidden_size, bias, device, dtype)


class GRUCell(RNNCellBase):
    """One step of :class:`GRU`: ``(B, input_size)`` and ``(B, hidden_size)`` to the new state."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__("GRU", input_size, hidden_size, bias, device, dtype)
