"""How tensors look: PyTorch's layout, summarised when large, scientific when the range asks for it.

Source: the observable behaviour of ``torch.Tensor.__repr__`` and ``torch.set_printoptions``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from facula.core import dtypes

if TYPE_CHECKING:
    from facula.core.tensor import Tensor

_DEFAULT: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80,
                            "sci_mode": None}
_PROFILES: dict[str, dict[str, Any]] = {"default": {}, "short": {"precision": 2, "edgeitems": 2},
                                        "full": {"threshold": math.inf}}
_options: dict[str, Any] = dict(_DEFAULT)


def set_printoptions(precision: int | None = None, threshold: float | None = None,
                     edgeitems: int | None = None, linewidth: int | None = None,
                     profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Choose how tensors are printed, as ``torch.set_printoptions``.

    Parameters
    ----------
    precision : int, optional
        Digits after the point (4).
    threshold : int, optional
        More elements than this are summarised (1000).
    edgeitems : int, optional
        How many stand at each end of a summarised dimension (3).
    linewidth : int, optional
        Characters per line (80).
    profile : str, optional
        ``"default"``, ``"short"`` or ``"full"``: a set of the above, changed by what else is given.
    sci_mode : bool, optional
        Scientific notation: always, never, or where the range asks for it (None).
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: profile={profile!r} is unknown: "
                             f"use one of {', '.join(_PROFILES)}")
        _options.update(_DEFAULT | _PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}
    _options.update({k: v for k, v in given.items() if v is not None})
    _options["sci_mode"] = sci_mode


class _Real:
    """Formats real numbers of one tensor alike: same width, same notation."""

    def __init__(self, values: np.ndarray, floating: bool) -> None:
        self.floating = floating
        self.integral = True
        self.scientific = False
        precision = _options["precision"]
        if not floating:
            self.width = max((len(str(v)) for v in values.tolist()), default=1)
            return
        values = values.astype(np.float64)
        finite = values[np.isfinite(values) & (values != 0)]
        if finite.size:
            low, high = float(np.abs(finite).min()), float(np.abs(finite).max())
            self.integral = bool((finite == np.ceil(finite)).all())
            if self.integral:
                self.scientific = bool(high / low > 1000.0 or high > 1e8)
            else:
                self.scientific = bool(high / low > 1000.0 or high > 1e8 or low < 1e-4)
        if _options["sci_mode"] is not None and finite.size:
            self.scientific = _options["sci_mode"]
        self.precision = precision
        # As in PyTorch, zeros, infinities and NaN do not count for the width.
        self.width = max((len(self._text(v)) for v in finite.tolist()), default=1)

    def _text(self, v: float) -> str:
        if not math.isfinite(v):
            return str(v)
        if self.scientific:
            return f"{v:.{self.precision}e}"
        return f"{v:.0f}." if self.integral else f"{v:.{self.precision}f}"

    def __call__(self, v: Any) -> str:
        text = self._text(v) if self.floating else str(v)
        return text.rjust(self.width)


class _Complex:
    """Formats complex numbers as two real ones."""

    def __init__(self, values: np.ndarray) -> None:
        self.real = _Real(values.real, True)
        self.imag = _Real(values.imag, True)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, v: complex) -> str:
        imag = self.imag(v.imag).lstrip()
        sign = "" if imag[0] in "+-" else "+"
        return f"{self.real(v.real)}{sign}{imag}j"


def _edges(array: np.ndarray) -> np.ndarray:
    """The elements that a summary shows."""
    n = _options["edgeitems"]
    for axis in range(array.ndim):
        if array.shape[axis] > 2 * n:
            keep = [*range(n), *range(array.shape[axis] - n, array.shape[axis])]
            array = array.take(keep, axis)
    return array


def _layout(array: np.ndarray, fmt: Any, indent: int, summarise: bool) -> str:
    if array.ndim == 0:
        return fmt(array.item())
    n = _options["edgeitems"]
    cut = summarise and array.shape[0] > 2 * n
    rows: list[Any] = [*array[:n], None, *array[-n:]] if cut else list(array)
    if array.ndim == 1:
        per_line = max(1, (_options["linewidth"] - indent) // (fmt.width + 2))
        words = [" ..." if v is None else fmt(v.item()) for v in rows]
        lines = [words[i:i + per_line] for i in range(0, len(words), per_line)] or [[]]
        return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
    parts = ["..." if r is None else _layout(r, fmt, indent + 1, summarise) for r in rows]
    gap = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def format_tensor(tensor: Tensor, name: str = "tensor") -> str:
    """The text of ``repr(tensor)``."""
    kind = tensor._kind
    d = kind.dtype
    array = kind.backend.to_numpy(tensor._data)
    if d in (dtypes.float16, dtypes.bfloat16):
        array = array.astype(np.float32)
    prefix = name + "("
    summarise = array.size > _options["threshold"]
    shown = _edges(array) if summarise else array
    notes = []
    if kind.device.type != "cpu":
        notes.append(f"device='{kind.device}'")
    ordinary = d in (dtypes.bool_, dtypes.int64, dtypes.get_default_dtype())
    if array.size == 0:
        text = "[]"
        if array.ndim != 1:
            notes.append(f"size={tuple(array.shape)}")
        ordinary = d is dtypes.get_default_dtype()
    else:
        flat = shown.reshape(-1)
        fmt = _Complex(flat) if d.is_complex else _Real(flat, d.is_floating_point)
        text = _layout(array, fmt, len(prefix), summarise)
        ordinary = ordinary or d is dtypes.get_default_dtype().to_complex()
    if not ordinary:
        notes.append(f"dtype={d}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return _annotated(prefix + text, notes, len(prefix))


def _annotated(text: str, notes: list[str], indent: int) -> str:
    """The text with each note behind it, on a line of its own where the last one gets too long."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        length = len(note) - note.count("facula.")  # lines break where PyTorch's shorter name does
        if used + length + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + note
            used = indent + length
        else:
            text += ", " + note
            used += length + 2
    return text + ")"
