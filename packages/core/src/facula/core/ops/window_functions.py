"""Windows by which pieces of a signal are multiplied, computed in float64 on the host."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.ops import creation
from facula.core.tensor import Tensor

Array = np.ndarray[Any, Any]


def _places(name: str, n: int, periodic: bool) -> Array:
    """The places of n samples, from -1 to 1; a periodic window leaves the last one out.

    Raises
    ------
    RuntimeError
        If n is negative.
    """
    if n < 0:
        raise RuntimeError(f"{name}: the length must not be negative, but is {n}")
    if n <= 1:
        return np.zeros(n)
    last = n if periodic else n - 1
    return 2 * np.arange(n) / last - 1


def _finished(name: str, values: Array, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    if not d.is_floating_point:
        raise RuntimeError(f"{name}: takes floating dtypes, but dtype is {d}")
    return creation.tensor(values.astype(d.numpy), dtype=d, device=device,
                           requires_grad=requires_grad)


def _cosines(places: Array, *weights: float) -> Array:
    """The sum of ``weights[i] * cos(i pi x)``: alternating signs seen from the left end."""
    return sum((w * np.cos(i * math.pi * places) for i, w in enumerate(weights)),
               np.zeros(places.shape))


def _kaiser(places: Array, beta: float) -> Array:
    return np.i0(beta * np.sqrt(np.maximum(1 - places * places, 0))) / np.i0(beta)


# PyTorch's top level


@composite(method=False)
def hann_window(window_length: int, periodic: bool = True, *, dtype: Any = None,
                device: Any = None, requires_grad: bool = False) -> Tensor:
    """The Hann window: ``(1 - cos(2 pi k / n)) / 2``.

    Parameters
    ----------
    window_length : int
    periodic : bool
        Leave out the last of ``window_length + 1`` samples, which would repeat the first.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    values = _cosines(_places("hann_window", window_length, periodic), 0.5, 0.5)
    return _finished("hann_window", values, dtype, device, requires_grad)


@composite(method=False)
def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54,
                   beta: float = 0.46, *, dtype: Any = None, device: Any = None,
                   requires_grad: bool = False) -> Tensor:
    """The Hamming window: ``alpha - beta cos(2 pi k / n)``.

    Parameters
    ----------
    window_length : int
    periodic : bool
        Leave out the last of ``window_length + 1`` samples, which would repeat the first.
    alpha, beta : float
        The weights of the constant and of the cosine.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    values = _cosines(_places("hamming_window", window_length, periodic), alpha, beta)
    if window_length == 1:
        values = np.ones(1)
    return _finished("hamming_window", values, dtype, device, requires_grad)


@composite(method=False)
def blackman_window(window_length: int, periodic: bool = True, *, dtype: Any = None,
                    device: Any = None, requires_grad: bool = False) -> Tensor:
    """The Blackman window: ``0.42 - 0.5 cos(2 pi k / n) + 0.08 cos(4 pi k / n)``.

    Parameters
    ----------
    window_length : int
    periodic : bool
        Leave out the last of ``window_length + 1`` samples, which would repeat the first.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.blackman_window(2).round(decimals=4)
    tensor([-0., 1.])
    """
    values = _cosines(_places("blackman_window", window_length, periodic), 0.42, 0.5, 0.08)
    return _finished("blackman_window", values, dtype, device, requires_grad)


@composite(method=False)
def bartlett_window(window_length: int, periodic: bool = True, *, dtype: Any = None,
                    device: Any = None, requires_grad: bool = False) -> Tensor:
    """The Bartlett window, a triangle: ``1 - |2 k / n - 1|``.

    Parameters
    ----------
    window_length : int
    periodic : bool
        Leave out the last of ``window_length + 1`` samples, which would repeat the first.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    values = 1 - np.abs(_places("bartlett_window", window_length, periodic))
    return _finished("bartlett_window", values, dtype, device, requires_grad)


@composite(method=False)
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *,
                  dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The Kaiser window: ``I0(beta sqrt(1 - x^2)) / I0(beta)`` with x from -1 to 1.

    Parameters
    ----------
    window_length : int
    periodic : bool
        Leave out the last of ``window_length + 1`` samples, which would repeat the first.
    beta : float
        How narrow it is.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.kaiser_window(3, False, 0.0)
    tensor([1., 1., 1.])
    """
    values = _kaiser(_places("kaiser_window", window_length, periodic), beta)
    return _finished("kaiser_window", values, dtype, device, requires_grad)


# facula.signal.windows


@composite(space="windows")
def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, dtype: Any = None,
                   device: Any = None, requires_grad: bool = False) -> Tensor:
    """A sum of cosines: ``sum_i (-1)^i a_i cos(2 pi i k / (M - 1))``.

    Parameters
    ----------
    M : int
        The length.
    a : iterable of float
        The weights.
    sym : bool
        Symmetric; else periodic, one sample of a symmetric one of length M + 1 left out.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.signal.windows.general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    name = "signal.windows.general_cosine"
    weights = tuple(a)
    if not weights:
        raise ValueError(f"{name}: a must hold at least one weight")
    values = _cosines(_places(name, M, not sym), *weights) if M != 1 else np.ones(1)
    return _finished(name, values, dtype, device, requires_grad)


@composite(space="windows")
def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None,
                    device: Any = None, requires_grad: bool = False) -> Tensor:
    """``alpha - (1 - alpha) cos(2 pi k / (M - 1))``; see general_cosine for the arguments.

    Examples
    --------
    >>> import facula
    >>> facula.signal.windows.general_hamming(3, alpha=0.5)
    tensor([0., 1., 0.])
    """
    return general_cosine(M, a=(alpha, 1 - alpha), sym=sym, dtype=dtype, device=device,
                          requires_grad=requires_grad)


@composite(space="windows")
def hamming(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """The Hamming window; see general_cosine for the arguments."""
    return general_hamming(M, sym=sym, dtype=dtype, device=device, requires_grad=requires_grad)


@composite(space="windows")
def hann(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """The Hann window; see general_cosine for the arguments."""
    return general_hamming(M, alpha=0.5, sym=sym, dtype=dtype, device=device,
                           requires_grad=requires_grad)


@composite(space="windows")
def blackman(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """The Blackman window; see general_cosine for the arguments."""
    return general_cosine(M, a=(0.42, 0.5, 0.08), sym=sym, dtype=dtype, device=device,
                          requires_grad=requires_grad)


@composite(space="windows")
def nuttall(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """Nuttall's window of four terms; see general_cosine for the arguments.

    References
    ----------
    Nuttall, A. (1981). Some windows with very good sidelobe behavior. IEEE Transactions on
    Acoustics, Speech, and Signal Processing 29.
    """
    return general_cosine(M, a=(0.3635819, 0.4891775, 0.1365995, 0.0106411), sym=sym, dtype=dtype,
                          device=device, requires_grad=requires_grad)


@composite(space="windows")
def bartlett(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """The Bartlett window, a triangle; see general_cosine for the arguments."""
    name = "signal.windows.bartlett"
    values = 1 - np.abs(_places(name, M, not sym))
    return _finished(name, values, dtype, device, requires_grad)


@composite(space="windows")
def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """The Kaiser window of width ``1 / beta``; see general_cosine for the other arguments."""
    name = "signal.windows.kaiser"
    if beta < 0:
        raise ValueError(f"{name}: beta must not be negative, but is {beta}")
    return _finished(name, _kaiser(_places(name, M, not sym), beta), dtype, device, requires_grad)


@composite(space="windows")
def cosine(M: int, *, sym: bool = True, dtype: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """``sin(pi (k + 1/2) / M)``, half a wave; see general_cosine for the arguments."""
    name = "signal.windows.cosine"
    count = len(_places(name, M, not sym))
    whole = count if sym or count <= 1 else count + 1
    values = np.sin(math.pi * (np.arange(count) + 0.5) / max(whole, 1))
    return _finished(name, values, dtype, device, requires_grad)


def _centred(name: str, M: int, sym: bool) -> Array:
    """The places of samples, in samples from the middle."""
    count = len(_places(name, M, not sym))
    return np.arange(count) - ((count if not sym and count > 1 else count - 1) / 2)


@composite(space="windows")
def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True,
                dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``exp(-|k - center| / tau)``; see general_cosine for the other arguments.

    Parameters
    ----------
    M : int
        The length.
    center : float, optional
        Where it is 1: the middle by default, and always if it is symmetric.
    tau : float
        How fast it falls.
    sym, dtype, device, requires_grad
        As for general_cosine.

    Raises
    ------
    ValueError
        If tau is not positive, or there is a center for a symmetric window.
    """
    name = "signal.windows.exponential"
    if tau <= 0:
        raise ValueError(f"{name}: tau must be positive, but is {tau}")
    if sym and center is not None:
        raise ValueError(f"{name}: center={center} must be None for a symmetric window")
    away = _centred(name, M, sym) if center is None else np.arange(
        len(_places(name, M, not sym))) - center
    return _finished(name, np.exp(-np.abs(away) / tau), dtype, device, requires_grad)


@composite(space="windows")
def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """``exp(-(k / std)^2 / 2)`` with k from the middle; see general_cosine for the others.

    Raises
    ------
    ValueError
        If std is not positive.
    """
    name = "signal.windows.gaussian"
    if std <= 0:
        raise ValueError(f"{name}: std must be positive, but is {std}")
    values = np.exp(-0.5 * (_centred(name, M, sym) / std) ** 2)
    return _finished(name, values, dtype, device, requires_grad)
