"""Elementwise operations beyond arithmetic: limits, interpolation, angles, signs, integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise
from facula.core.errors import describe
from facula.core.fitting import fitting_number
from facula.core.ops import binary, compare, complex_numbers, masked, unary
from facula.core.ops.halves import in_float32
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)
_FLOATS = dtypes.FLOATS
_FLOATING = (*_FLOATS, dtypes.complex64, dtypes.complex128)


# Limits


@elementwise(numpy=np.maximum, opencl="MAX(input, min)", dtypes=_REAL)
def clamp_min(input: Tensor, min: Tensor) -> Tensor:
    """Each element, but at least ``min``; NaN stays. At the limit the input has the gradient."""


@elementwise(numpy=np.minimum, opencl="MIN(input, max)", dtypes=_REAL)
def clamp_max(input: Tensor, max: Tensor) -> Tensor:
    """Each element, but at most ``max``; NaN stays. At the limit the input has the gradient."""


def _limit(op: str, input: Tensor, limit: Any) -> Any:
    """A limit, which an integer tensor must be able to hold if it is an int."""
    if type(limit) is int and input._kind.dtype.category == dtypes.INTEGER:
        return fitting_number(op, limit, input._kind.dtype)
    return limit


@composite
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element, but at least ``min`` and at most ``max``.

    Parameters
    ----------
    input : Tensor
    min, max : number or Tensor, optional
        The limits, of which one must be given; ``max`` wins where they cross.

    Raises
    ------
    RuntimeError
        If neither is given.

    Examples
    --------
    >>> import facula
    >>> facula.clamp(facula.tensor([-2.0, 0.5, 3.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: neither min nor max is given: give at least one limit")
    min, max = _limit("clamp", input, min), _limit("clamp", input, max)
    if min is not None:
        input = clamp_min(input, min)
    return input if max is None else clamp_max(input, max)


@composite(export=False)
def clamp_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """:func:`facula.clamp` in place."""
    if min is None and max is None:
        raise RuntimeError("clamp_: neither min nor max is given: give at least one limit")
    min, max = _limit("clamp_", input, min), _limit("clamp_", input, max)
    if min is not None:
        input.clamp_min_(min)  # type: ignore[attr-defined]
    return input if max is None else input.clamp_max_(max)  # type: ignore[attr-defined]


@elementwise(numpy=np.fmax, dtypes=_REAL, inplace=False,
             opencl="input != input ? other : other != other ? input : MAX(input, other)")
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two; a number wins over NaN."""


@elementwise(numpy=np.fmin, dtypes=_REAL, inplace=False,
             opencl="input != input ? other : other != other ? input : MIN(input, other)")
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two; a number wins over NaN."""


@composite(inplace=True)
def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None,
               neginf: float | None = None) -> Tensor:
    """NaN and infinities replaced: by 0 and the dtype's largest and smallest numbers.

    Examples
    --------
    >>> import facula
    >>> facula.nan_to_num(facula.tensor([1.0, float("nan")]))
    tensor([1., 0.])
    """
    if input.is_complex():
        return complex_numbers.complex(*[nan_to_num(part, nan, posinf, neginf) for part in (
            complex_numbers.real(input), complex_numbers.imag(input))])
    if not input.is_floating_point():
        return input.clone()  # type: ignore[attr-defined]
    limits = dtypes.finfo(input.dtype)
    top = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    input = masked.where(unary.isnan(input), nan, input)
    return masked.where(input == math.inf, top, masked.where(input == -math.inf, low, input))


# Products and interpolation


@composite
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    return binary.add(input, tensor1 * tensor2, alpha=value)  # type: ignore[call-arg, operator]


@composite
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
    return binary.add(input, tensor1 / tensor2, alpha=value)  # type: ignore[call-arg, operator]


@composite(export=False)
def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """:func:`facula.addcmul` in place."""
    return input.add_(tensor1 * tensor2, alpha=value)  # type: ignore[operator, attr-defined]


@composite(export=False)
def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """:func:`facula.addcdiv` in place."""
    return input.add_(tensor1 / tensor2, alpha=value)  # type: ignore[operator, attr-defined]


def _lerp(a: np.ndarray, b: np.ndarray, w: np.ndarray) -> np.ndarray:
    # The form is chosen so that both ends are met exactly.
    one, half = a.dtype.type(1), a.dtype.type(0.5)
    return np.where(np.abs(w) < half, a + w * (b - a), b - (b - a) * (one - w))


@elementwise(numpy=_lerp, dtypes=_FLOATING,
             opencl="fabs(weight) < (T)0.5 ? input + weight * (end - input)"
                    " : end - (end - input) * ((T)1 - weight)")
def lerp(input: Tensor, end: Tensor, weight: Tensor) -> Tensor:
    """``input + weight * (end - input)``.

    Examples
    --------
    >>> import facula
    >>> facula.lerp(facula.tensor([0.0, 10.0]), facula.tensor([1.0, 20.0]), 0.5)
    tensor([ 0.5000, 15.0000])
    """


# Signs and parts


@elementwise(numpy=np.copysign, opencl="copysign(input, other)", result="float", dtypes=_REAL)
def copysign(input: Tensor, other: Tensor) -> Tensor:
    """The magnitude of input with the sign of other."""


@elementwise(numpy=np.signbit, opencl="SIGNBIT(input)", result="bool", dtypes=_REAL, inplace=False)
def signbit(input: Tensor) -> Tensor:
    """Whether the sign bit is set; it is for -0."""


@composite(inplace=True)
def frac(input: Tensor) -> Tensor:
    """What is behind the point, with the sign of the element."""
    if not input.is_floating_point():
        raise TypeError(f"frac: only floating numbers have a fraction, but the input is "
                        f"{input.dtype.name}")
    return input - unary.trunc(input)  # type: ignore[operator]


@composite(inplace=True)
def fix(input: Tensor) -> Tensor:
    """The same as :func:`facula.trunc`."""
    return unary.trunc(input)


def _heaviside(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(x == 0, values, np.where(np.isnan(x), x, x > 0)).astype(x.dtype)


@elementwise(numpy=_heaviside, dtypes=_REAL,
             opencl="input == 0 ? values : input != input ? input : (T)(input > 0)")
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and ``values`` at 0."""


@composite
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is plus infinity."""
    return input == math.inf  # type: ignore[return-value]


@composite
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is minus infinity."""
    return input == -math.inf  # type: ignore[return-value]


# Logarithms, powers and angles


def _xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    zero = np.zeros((), x.dtype)
    return np.where((x == 0) & ~np.isnan(y), zero, x * np.log(y))


@elementwise(numpy=_xlogy, opencl="input == 0 && !isnan(other) ? (T)0 : input * log(other)",
             result="float", domain=((-3.0, 3.0), (0.1, 4.0)), dtypes=_REAL)
def xlogy(input: Tensor, other: Tensor) -> Tensor:
    """``input * log(other)``, and 0 where input is 0."""


def _logaddexp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "c":
        return np.logaddexp(a, b)
    top = np.maximum(a.real, b.real)
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.exp(a - top) + np.exp(b - top)) + top


@elementwise(numpy=_logaddexp, dtypes=_FLOATING, inplace=False,
             opencl="input == other && isinf(input) ? input : "
                    "MAX(input, other) + log1p(exp(-fabs(input - other)))")
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow on the way."""


@composite
@in_float32
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other), without overflow on the way."""
    scale = math.log(2)
    return logaddexp(input * scale, other * scale) / scale  # type: ignore[operator]


def _logit(p: np.ndarray) -> np.ndarray:
    one = np.ones((), p.dtype)
    return np.log(p / (one - p))


@elementwise(numpy=_logit, opencl="log(input / ((T)1 - input))", result="float", dtypes=_REAL,
             domain=(0.05, 0.95), export=False, method=False, inplace=False)
def log_odds(input: Tensor) -> Tensor:
    """log(p / (1 - p)): the work of :func:`facula.logit`."""


@composite(inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(p / (1 - p)), the inverse of :func:`facula.sigmoid`.

    Parameters
    ----------
    input : Tensor
        Probabilities.
    eps : float, optional
        They are clamped to [eps, 1 - eps] first.

    Examples
    --------
    >>> import facula
    >>> facula.logit(facula.tensor([0.5, 0.8]))
    tensor([0.0000, 1.3863])
    """
    return log_odds(input if eps is None else clamp(input, eps, 1 - eps))


@composite
def float_power(input: Tensor, exponent: Tensor) -> Tensor:
    """The power in float64."""
    wide = [x.double() if isinstance(x, Tensor) else x  # type: ignore[attr-defined]
            for x in (input, exponent)]
    return binary.pow(*wide)


@composite(export=False)
def float_power_(input: Tensor, exponent: Tensor) -> Tensor:
    """:func:`facula.float_power` in place, for tensors of 64 bits a component."""
    if input.dtype.to_real() is not dtypes.float64:
        raise RuntimeError(f"float_power_: the result has 64 bits a component, which can't be "
                           f"stored in a tensor of dtype {input.dtype.name}: convert it first")
    return input.pow_(exponent)  # type: ignore[attr-defined]


@elementwise(numpy=np.deg2rad, opencl="input * (T)(M_PI / 180)", result="float", dtypes=_REAL)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""


@elementwise(numpy=np.rad2deg, opencl="input * (T)(180 / M_PI)", result="float", dtypes=_REAL)
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""


@composite
def isin(elements: Tensor, test_elements: Tensor, *, assume_unique: bool = False,
         invert: bool = False) -> Tensor:
    """Whether each element is among others.

    Examples
    --------
    >>> import facula
    >>> facula.isin(facula.tensor([1, 2, 3]), facula.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    if not isinstance(test_elements, Tensor):
        found = elements == test_elements
    elif not isinstance(elements, Tensor):
        found = (test_elements == elements).any()  # type: ignore[attr-defined]
    elif not test_elements.numel():
        found = compare.ne(elements, elements)
    else:
        row = test_elements.reshape(-1)  # type: ignore[attr-defined]
        found = (elements.unsqueeze(-1) == row).any(-1)  # type: ignore[attr-defined]
    if not isinstance(found, Tensor):
        raise TypeError(f"isin: needs tensors, but got {describe(elements)}")
    return unary.logical_not(found) if invert else found
