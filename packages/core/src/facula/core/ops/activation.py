"""Activation functions, elementwise; those that need no expression of their own are in nn."""

from __future__ import annotations

import math

import numpy as np

from facula.core import dtypes
from facula.core.declare import elementwise, takes_out
from facula.core.numerics import normal
from facula.core.numerics.erf import erf as _erf
from facula.core.tensor import Tensor

_F = dtypes.FLOATS
_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)
_ROOT_HALF = math.sqrt(0.5)
_GELU_SLOPE = math.sqrt(2 / math.pi)


@elementwise(numpy=_erf, opencl="erf(input)", result="float")
def erf(input: Tensor) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to input.

    Examples
    --------
    >>> import facula
    >>> facula.erf(facula.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """


@elementwise(numpy=lambda x, negative_slope: np.where(x > 0, x, x * x.dtype.type(negative_slope)),
             opencl="input > 0 ? input : input * (T)negative_slope", dtypes=_F, method=False,
             inplace=False, export=False)
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """The input where positive, else ``negative_slope`` times it."""


def _elu(x: np.ndarray, alpha: float, scale: float, input_scale: float) -> np.ndarray:
    f = x.dtype.type
    low = np.expm1(np.minimum(x, f(0)) * f(input_scale))
    return np.where(x > 0, x * f(scale), low * f(alpha * scale))


@elementwise(numpy=_elu, dtypes=_F, method=False, inplace=False, export=False,
             opencl="input > 0 ? input * (T)scale : "
                    "expm1(input * (T)input_scale) * (T)alpha * (T)scale")
def elu(input: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    """``scale * x`` where positive, else ``scale * alpha * (exp(input_scale * x) - 1)``."""


@elementwise(numpy=lambda x, min_val, max_val: np.clip(x, x.dtype.type(min_val),
                                                       x.dtype.type(max_val)),
             opencl="MIN(MAX(input, (T)min_val), (T)max_val)", method=False, inplace=False,
             export=False, dtypes=tuple(d for d in dtypes.ALL if d.is_signed and not d.is_complex))
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """The input cut off at ``min_val`` and ``max_val``."""


def _softplus(x: np.ndarray, beta: float, threshold: float) -> np.ndarray:
    f = x.dtype.type
    z = x * f(beta)
    soft = (np.log1p(np.exp(-np.abs(z))) + np.maximum(z, f(0))) / f(beta)
    return np.where(z > f(threshold), x, soft)


@elementwise(numpy=_softplus, dtypes=_F, method=False, inplace=False, export=False,
             opencl="input * (T)beta > (T)threshold ? input : softplus(input * (T)beta) / (T)beta")
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """``log(1 + exp(beta * x)) / beta``; x itself above the threshold."""


@elementwise(numpy=lambda x, lambd: np.sign(x) * np.maximum(np.abs(x) - x.dtype.type(lambd),
                                                            x.dtype.type(0)),
             opencl="SIGN(input) * MAX(ABS(input) - (T)lambd, 0)", dtypes=_F, method=False,
             inplace=False, export=False)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved by ``lambd`` towards zero, and zero within."""


@elementwise(numpy=lambda x, lambd: np.where(np.abs(x) <= x.dtype.type(lambd), x.dtype.type(0), x),
             opencl="ABS(input) <= (T)lambd ? (T)0 : input", dtypes=_F, inplace=False,
             export=False)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input, and zero where it is within ``lambd`` of zero."""


@elementwise(numpy=lambda x, threshold, value: np.where(x <= x.dtype.type(threshold),
                                                        x.dtype.type(value), x),
             opencl="input <= (T)threshold ? (T)value : input", method=False, inplace=False,
             export=False, dtypes=_REAL)
def threshold(input: Tensor, threshold: float = 0.0, value: float = 0.0) -> Tensor:
    """``value`` where the input is not above the threshold, else the input, NaN included."""


@takes_out(passes=4)
def _silu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    y = np.negative(x, out=out)
    y = np.exp(y, out=out)
    y += x.dtype.type(1)
    return np.divide(x, y, out=out)


@elementwise(numpy=_silu, opencl="input * sigmoid(input)", dtypes=_F, method=False, inplace=False,
             export=False)
def silu(input: Tensor) -> Tensor:
    """``x * sigmoid(x)``."""


@takes_out(passes=19)
def _gelu_erf(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    if x.dtype == np.float32:
        return normal.gelu(x, out)
    y = np.add(_erf(np.atleast_1d(x) * _ROOT_HALF).reshape(x.shape), 1, out=out)
    y = np.multiply(y, x, out=out)
    return np.multiply(y, 0.5, out=out)


@elementwise(numpy=_gelu_erf, dtypes=_F, method=False, inplace=False, export=False,
             opencl="input * 0.5 * (1 + erf(input * 0.70710678118654752))")
def gelu_erf(input: Tensor) -> Tensor:
    """``x * P(X <= x)`` for a standard normal X."""


@takes_out(passes=8)
def _gelu_tanh(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    f = x.dtype.type
    y = np.multiply(x, x, out=out)
    y *= f(0.044715 * _GELU_SLOPE)
    y += f(_GELU_SLOPE)
    y *= x
    y = np.tanh(y, out=out)
    y += f(1)
    y *= x
    y *= f(0.5)
    return y


@elementwise(numpy=_gelu_tanh, dtypes=_F, method=False, inplace=False, export=False,
             opencl="input * 0.5 * (1 + tanh(input * 0.79788456080286536 "
                    "* (1 + 0.044715 * input * input)))")
def gelu_tanh(input: Tensor) -> Tensor:
    """:func:`gelu_erf`, the normal distribution approximated by tanh."""


def _gelu_erf_slope(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    if x.dtype == np.float32:
        return normal.gelu_slope(x, out)
    y = np.multiply(np.exp(x * x * -0.5), x * (1 / math.sqrt(2 * math.pi)), out=out)
    y = np.add(y, 0.5, out=out)
    return np.add(y, _erf(np.atleast_1d(x) * _ROOT_HALF).reshape(x.shape) * 0.5, out=out)


@takes_out(passes=24)
def _gelu_erf_step(g: np.ndarray, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    y = _gelu_erf_slope(x, out)
    return np.multiply(g, y, out=y if x.ndim and g.shape == x.shape else None)


@elementwise(numpy=_gelu_erf_step, dtypes=_F, method=False, inplace=False, export=False,
             opencl="gradient * (0.5 * (1 + erf(input * 0.70710678118654752)) "
                    "+ input * exp(input * input * -0.5) * 0.3989422804014327)")
def gelu_erf_step(gradient: Tensor, input: Tensor) -> Tensor:
    """The gradient of :func:`gelu_erf`: g times its derivative."""


def _gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    f = x.dtype.type
    square = x * x
    t = np.tanh(x * (square * f(0.044715 * _GELU_SLOPE) + f(_GELU_SLOPE)))
    inner = square * f(3 * 0.044715 * _GELU_SLOPE) + f(_GELU_SLOPE)
    return f(0.5) * (f(1) + t + x * (f(1) - t * t) * inner)


@elementwise(numpy=_gelu_tanh_slope, dtypes=_F, method=False, inplace=False, export=False,
             opencl="0.5 * (1 + tanh(input * 0.79788456080286536 * (1 + 0.044715 * input * input)))"
                    " + 0.5 * input * 0.79788456080286536 * (1 + 0.134145 * input * input) * (1 - "
                    "POW(tanh(input * 0.79788456080286536 * (1 + 0.044715 * input * input)), 2))")
def gelu_tanh_slope(input: Tensor) -> Tensor:
    """The derivative of :func:`gelu_tanh`."""


@elementwise(numpy=lambda x: np.minimum(x, x.dtype.type(0)) - np.log1p(np.exp(-np.abs(x))),
             opencl="MIN(input, 0) - log1p(exp(-ABS(input)))", dtypes=_F, method=False,
             inplace=False, export=False)
def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(x))``, without overflow."""
