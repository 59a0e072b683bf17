"""Elementwise arithmetic of two tensors, or of a tensor and a Python number."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise
from facula.core.errors import describe
from facula.core.operation import operation
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)
_NUMBERS = tuple(d for d in dtypes.ALL if d is not dtypes.bool_)
_BITS = (dtypes.bool_, *dtypes.INTEGERS)
_COUNTS = dtypes.INTEGERS
_AWAY_FROM_ZERO = ((-3.0, 3.0), (0.5, 3.0))


@elementwise(numpy=np.add, opencl="input + other")
def add(input: Tensor, other: Tensor) -> Tensor:
    """input + other.

    Examples
    --------
    >>> import facula
    >>> facula.add(facula.tensor([1, 2]), 0.5)
    tensor([1.5000, 2.5000])
    """


@elementwise(numpy=np.subtract, opencl="input - other", dtypes=_NUMBERS)
def sub(input: Tensor, other: Tensor) -> Tensor:
    """input - other; bool tensors are refused (use ``^`` or ``logical_xor``)."""


@elementwise(numpy=np.multiply, opencl="input * other")
def mul(input: Tensor, other: Tensor) -> Tensor:
    """input * other."""


@elementwise(numpy=np.true_divide, opencl="input / other", result="float",
             domain=_AWAY_FROM_ZERO)
def true_divide(input: Tensor, other: Tensor) -> Tensor:
    """input / other, always floating: integers are converted first.

    Examples
    --------
    >>> import facula
    >>> facula.true_divide(facula.tensor([7, -7]), 2)
    tensor([ 3.5000, -3.5000])
    """


def _checked_divisor(function: Any) -> Any:
    """Integer division by zero is an error, as in PyTorch on the CPU."""
    def call(a: np.ndarray, b: Any) -> np.ndarray:
        whole = all(np.asarray(x).dtype.kind in "iub" for x in (a, b))  # a number stays one
        if whole and not np.all(b):
            raise ZeroDivisionError(f"{function.__name__}: integer division by zero: "
                                    "the divisor holds a 0")
        return function(a, b)
    return call


@elementwise(numpy=_checked_divisor(np.floor_divide), opencl="floor_divide(input, other)",
             dtypes=_REAL, domain=_AWAY_FROM_ZERO)
def floor_divide(input: Tensor, other: Tensor) -> Tensor:
    """The quotient rounded towards minus infinity, in the operands' common dtype."""


@elementwise(numpy=_checked_divisor(np.remainder), opencl="remainder(input, other)",
             dtypes=_REAL, domain=_AWAY_FROM_ZERO)
def remainder(input: Tensor, other: Tensor) -> Tensor:
    """What floor division leaves: ``input - other * floor(input / other)``, signed as other."""


@elementwise(numpy=_checked_divisor(np.fmod), opencl="FMOD(input, other)", dtypes=_REAL,
             domain=_AWAY_FROM_ZERO)
def fmod(input: Tensor, other: Tensor) -> Tensor:
    """What truncated division leaves, signed as input."""


def _trunc_divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "iu":
        q = np.floor_divide(a, b)
        return q + ((np.remainder(a, b) != 0) & ((a < 0) != (b < 0)))
    return np.trunc(np.true_divide(a, b))


@elementwise(numpy=_checked_divisor(_trunc_divide), opencl="trunc_divide(input, other)",
             dtypes=_REAL, domain=_AWAY_FROM_ZERO, inplace=False, method=False, export=False)
def trunc_divide(input: Tensor, other: Tensor) -> Tensor:
    """The quotient rounded towards zero: ``div(..., rounding_mode="trunc")``."""


_ROUNDINGS = {None: true_divide, "floor": floor_divide, "trunc": trunc_divide}


@composite
def div(input: Tensor, other: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, rounded as asked.

    Parameters
    ----------
    input, other : Tensor or number
        They broadcast.
    rounding_mode : str, optional
        None for true division, ``"floor"`` or ``"trunc"``.

    Raises
    ------
    RuntimeError
        For another rounding mode.

    Examples
    --------
    >>> import facula
    >>> facula.div(facula.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode not in _ROUNDINGS:
        raise RuntimeError(f"div: rounding_mode={rounding_mode!r} is unknown: "
                           "use None, 'floor' or 'trunc'")
    return _ROUNDINGS[rounding_mode](input, other)


@composite
def divide(input: Tensor, other: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    """The same as :func:`facula.div`."""
    return div(input, other, rounding_mode=rounding_mode)


def _power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind not in "iu":
        return np.power(a, b)
    negative = np.less(b, np.zeros((), b.dtype))
    if not negative.any():
        return np.power(a, b)
    # Integers to a negative power: 1 for 1, +-1 for -1, else 0, as PyTorch truncates.
    one = np.ones((), a.dtype)
    small = np.where(a == 1, one, np.where(a == -1, np.where(b % 2 == 0, one, -one), 0 * one))
    return np.where(negative, small, np.power(a, np.where(negative, 0 * one, b)))


@elementwise(numpy=_power, opencl="POW(input, exponent)", dtypes=_NUMBERS,
             domain=((0.2, 3.0), (-2.0, 3.0)))
def pow(input: Tensor, exponent: Tensor) -> Tensor:
    """input to the power of the exponent.

    Examples
    --------
    >>> import facula
    >>> facula.pow(facula.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """


@elementwise(numpy=np.maximum, opencl="MAX(input, other)", dtypes=_REAL, inplace=False)
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two; NaN if either is NaN."""


@elementwise(numpy=np.minimum, opencl="MIN(input, other)", dtypes=_REAL, inplace=False)
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two; NaN if either is NaN."""


@elementwise(numpy=np.arctan2, opencl="atan2(input, other)", result="float", dtypes=_REAL)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), in radians, between -pi and pi."""


@elementwise(numpy=np.hypot, opencl="hypot(input, other)", dtypes=dtypes.FLOATS)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input**2 + other**2), without overflow on the way."""


@elementwise(numpy=np.logical_and, opencl="input && other", result="bool")
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both are non-zero."""


@elementwise(numpy=np.logical_or, opencl="input || other", result="bool")
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether at least one is non-zero."""


@elementwise(numpy=np.logical_xor, opencl="(!input) != (!other)", result="bool")
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether exactly one is non-zero."""


@elementwise(numpy=np.bitwise_and, opencl="input & other", dtypes=_BITS)
def bitwise_and(input: Tensor, other: Tensor) -> Tensor:
    """The bits set in both."""


@elementwise(numpy=np.bitwise_or, opencl="input | other", dtypes=_BITS)
def bitwise_or(input: Tensor, other: Tensor) -> Tensor:
    """The bits set in at least one."""


@elementwise(numpy=np.bitwise_xor, opencl="input ^ other", dtypes=_BITS)
def bitwise_xor(input: Tensor, other: Tensor) -> Tensor:
    """The bits set in exactly one."""


@elementwise(numpy=np.left_shift, opencl="shift_left(input, other)", dtypes=_COUNTS, domain=(0, 5))
def bitwise_left_shift(input: Tensor, other: Tensor) -> Tensor:
    """The bits moved up by ``other`` places."""


@elementwise(numpy=np.right_shift, opencl="shift_right(input, other)", dtypes=_COUNTS,
             domain=(0, 5))
def bitwise_right_shift(input: Tensor, other: Tensor) -> Tensor:
    """The bits moved down by ``other`` places, keeping the sign."""



def _taking_alpha(name: str) -> Any:
    """Give ``add`` and ``sub`` PyTorch's ``alpha``, a factor of other; operators do without."""
    op = operation(name)
    plain, plain_inplace = op.public, op.extra["inplace"]
    assert plain is not None

    def scaled_other(input: Any, other: Any, alpha: Any) -> Any:
        if isinstance(alpha, float) and all(
                x.dtype.category < dtypes.FLOAT for x in (input, other) if isinstance(x, Tensor)):
            raise RuntimeError(f"{name}: alpha={alpha} is a float, but the operands "
                               f"{describe(input)}, {describe(other)} are not: convert them")
        return mul(other, alpha) if isinstance(other, Tensor) else other * alpha

    def scaled(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
        return plain(input, other if alpha == 1 else scaled_other(input, other, alpha))

    def scaled_inplace(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
        return plain_inplace(self, other if alpha == 1 else scaled_other(self, other, alpha))

    scaled.__name__ = scaled.__qualname__ = name
    scaled.__doc__ = plain.__doc__
    scaled.__module__ = __name__
    scaled_inplace.__name__ = scaled_inplace.__qualname__ = name + "_"
    scaled_inplace.__doc__ = plain_inplace.__doc__
    scaled.operation = op  # type: ignore[attr-defined]
    op.extra.update(operator=plain, operator_inplace=plain_inplace, inplace=scaled_inplace)
    op.public = scaled
    return scaled


add = _taking_alpha("add")
sub = _taking_alpha("sub")
