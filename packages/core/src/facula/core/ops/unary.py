"""Elementwise operations of one tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise, takes_out
from facula.core.errors import not_a_tensor
from facula.core.operation import operation
from facula.core.ops.halves import in_float32
from facula.core.tensor import Tensor

_SIGNED = tuple(d for d in dtypes.ALL if d is not dtypes.bool_)
_BITS = (dtypes.bool_, *dtypes.INTEGERS)
_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)


@elementwise(numpy=np.negative, opencl="-input", dtypes=_SIGNED)
def neg(input: Tensor) -> Tensor:
    """The negative of each element; unsigned integers wrap.

    Examples
    --------
    >>> import facula
    >>> facula.neg(facula.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """


@elementwise(numpy=np.abs, opencl="ABS(input)", result="real")
def abs(input: Tensor) -> Tensor:
    """The absolute value of each element (the modulus of complex ones)."""


@composite(inplace=True)
def absolute(input: Tensor) -> Tensor:
    """The same as :func:`facula.abs`."""
    return abs(input)


@composite
def positive(input: Tensor) -> Tensor:
    """The tensor itself; bool tensors are refused."""
    if input.dtype is dtypes.bool_:
        raise TypeError("positive: not defined for bool: convert the tensor first")
    return input


@elementwise(numpy=lambda x: x if x.dtype.kind == "b" else np.sign(x), opencl="SIGN(input)",
             dtypes=_REAL)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1 with the sign of each element; NaN stays NaN."""


def _square_dtype(d: dtypes.dtype) -> tuple[dtypes.dtype, dtypes.dtype]:
    """PyTorch squares by ``pow(2)``, and 2 makes a bool an int64."""
    wide = dtypes.int64 if d is dtypes.bool_ else d
    return wide, wide


@elementwise(numpy=np.square, opencl="input * input", result=_square_dtype)
def square(input: Tensor) -> Tensor:
    """The square of each element."""


@elementwise(numpy=np.reciprocal, opencl="1 / input", result="float", domain=(0.5, 3.0))
def reciprocal(input: Tensor) -> Tensor:
    """1 / input."""


@elementwise(numpy=np.sqrt, opencl="sqrt(input)", result="float", domain=(0.1, 4.0))
def sqrt(input: Tensor) -> Tensor:
    """The square root of each element; NaN for negative ones."""


@elementwise(numpy=lambda x: np.reciprocal(np.sqrt(x)), opencl="rsqrt(input)", result="float",
             domain=(0.1, 4.0))
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input)."""


@elementwise(numpy=np.exp, opencl="exp(input)", result="float")
def exp(input: Tensor) -> Tensor:
    """e to the power of each element.

    Examples
    --------
    >>> import facula
    >>> facula.exp(facula.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """


@elementwise(numpy=np.exp2, opencl="exp2(input)", result="float")
def exp2(input: Tensor) -> Tensor:
    """2 to the power of each element."""


@elementwise(numpy=np.expm1, opencl="expm1(input)", result="float")
def expm1(input: Tensor) -> Tensor:
    """exp(input) - 1, exact near 0."""


@elementwise(numpy=np.log, opencl="log(input)", result="float", domain=(0.1, 4.0))
def log(input: Tensor) -> Tensor:
    """The natural logarithm of each element."""


@elementwise(numpy=np.log2, opencl="log2(input)", result="float", domain=(0.1, 4.0))
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2 of each element."""


@elementwise(numpy=np.log10, opencl="log10(input)", result="float", domain=(0.1, 4.0))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10 of each element."""


@elementwise(numpy=np.log1p, opencl="log1p(input)", result="float", domain=(-0.9, 4.0))
def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact near 0."""


@elementwise(numpy=np.sin, opencl="sin(input)", result="float")
def sin(input: Tensor) -> Tensor:
    """The sine of each element, in radians."""


@elementwise(numpy=np.cos, opencl="cos(input)", result="float")
def cos(input: Tensor) -> Tensor:
    """The cosine of each element, in radians."""


@elementwise(numpy=np.sinc, result="float",
             opencl="input == 0 ? (T)1 : sin((T)M_PI * input) / ((T)M_PI * input)")
def sinc(input: Tensor) -> Tensor:
    """sin(pi input) / (pi input), and 1 at 0.

    Examples
    --------
    >>> import facula
    >>> facula.sinc(facula.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """


@elementwise(numpy=np.tan, opencl="tan(input)", result="float", domain=(-1.2, 1.2))
def tan(input: Tensor) -> Tensor:
    """The tangent of each element, in radians."""


@elementwise(numpy=np.arcsin, opencl="asin(input)", result="float", domain=(-0.9, 0.9))
def asin(input: Tensor) -> Tensor:
    """The inverse sine of each element, in radians."""


@elementwise(numpy=np.arccos, opencl="acos(input)", result="float", domain=(-0.9, 0.9))
def acos(input: Tensor) -> Tensor:
    """The inverse cosine of each element, in radians."""


@elementwise(numpy=np.arctan, opencl="atan(input)", result="float")
def atan(input: Tensor) -> Tensor:
    """The inverse tangent of each element, in radians."""


@elementwise(numpy=np.sinh, opencl="sinh(input)", result="float")
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine of each element."""


@elementwise(numpy=np.cosh, opencl="cosh(input)", result="float")
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine of each element."""


@elementwise(numpy=np.tanh, opencl="tanh(input)", result="float")
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent of each element."""


@elementwise(numpy=np.arcsinh, opencl="asinh(input)", result="float")
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine of each element."""


@elementwise(numpy=np.arccosh, opencl="acosh(input)", result="float", domain=(1.2, 4.0))
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine of each element."""


@elementwise(numpy=np.arctanh, opencl="atanh(input)", result="float", domain=(-0.9, 0.9))
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent of each element."""


@takes_out(passes=4)
def _sigmoid(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    # 1 / (1 + exp(-x)) overflows to inf for very negative x, and 1 / inf is the right 0.
    y = np.negative(x, out=out)
    y = np.exp(y, out=out)
    y = np.add(y, x.dtype.type(1), out=out)
    return np.reciprocal(y, out=out)


@elementwise(numpy=_sigmoid, opencl="sigmoid(input)", result="float")
def sigmoid(input: Tensor) -> Tensor:
    """The logistic function 1 / (1 + exp(-input)).

    Examples
    --------
    >>> import facula
    >>> facula.sigmoid(facula.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """


_ZEROS = np.zeros(1 << 14, np.float32)


@takes_out(passes=1)
def _relu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    if (x.dtype != np.float32 or x.size < 1 << 12 or not x.flags.c_contiguous
            or not (out is None or out.flags.c_contiguous)):
        return np.maximum(x, x.dtype.type(0), out=out)
    y = np.empty_like(x) if out is None else out  # NumPy takes twice as long with a scalar
    flat, target, step = x.reshape(-1), y.reshape(-1), _ZEROS.size
    for i in range(0, flat.size, step):
        part = flat[i:i + step]
        np.maximum(part, _ZEROS[:part.size], out=target[i:i + step])
    return y


@elementwise(numpy=_relu, opencl="MAX(input, (T)0)", dtypes=_REAL)
def relu(input: Tensor) -> Tensor:
    """max(input, 0); its gradient at 0 is 0, and NaN stays NaN.

    Examples
    --------
    >>> import facula
    >>> facula.relu(facula.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """


@elementwise(numpy=np.floor, opencl="FLOOR(input)", dtypes=_REAL)
def floor(input: Tensor) -> Tensor:
    """The largest integer not above each element; integers stay as they are."""


@elementwise(numpy=np.ceil, opencl="CEIL(input)", dtypes=_REAL)
def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below each element."""


@elementwise(numpy=np.trunc, opencl="TRUNC(input)", dtypes=_REAL)
def trunc(input: Tensor) -> Tensor:
    """Each element without its fraction."""


@elementwise(numpy=np.rint, opencl="RINT(input)", dtypes=_REAL)
def round(input: Tensor) -> Tensor:
    """The nearest number of so many ``decimals`` (0: an integer); halves go to the even one.

    Examples
    --------
    >>> import facula
    >>> facula.round(facula.tensor([2.5, -1.25]), decimals=1)
    tensor([ 2.5000, -1.2000])
    """


def _taking_decimals() -> Any:
    """Give ``round`` PyTorch's ``decimals``."""
    op = operation("round")
    plain, plain_inplace = op.public, op.extra["inplace"]
    assert plain is not None

    def scale(name: str, input: Tensor, decimals: int) -> float:
        if not isinstance(input, Tensor):
            raise not_a_tensor(name, "input", input)
        if not input.is_floating_point():
            raise TypeError(f"{name}: decimals={decimals} is for floating tensors, not for "
                            f"{input.dtype.name}")
        return 10.0 ** (decimals if decimals > 0 else -decimals)  # abs is an operation here

    @in_float32
    def scaled(input: Tensor, decimals: int, factor: float) -> Tensor:
        return plain(input * factor) / factor if decimals > 0 else plain(input / factor) * factor

    def rounded(input: Tensor, *, decimals: int = 0) -> Tensor:
        if not decimals:
            return plain(input)
        return scaled(input, decimals, scale("round", input, decimals))

    def rounded_inplace(self: Tensor, *, decimals: int = 0) -> Tensor:
        if not decimals:  # NumPy's rint of integers is a float, which they can't store
            return plain_inplace(self) if self.is_floating_point() else self
        return self.copy_(scaled(self, decimals, scale("round_", self, decimals)))

    rounded.__name__ = rounded.__qualname__ = "round"
    rounded_inplace.__name__ = rounded_inplace.__qualname__ = "round_"
    rounded.__doc__, rounded_inplace.__doc__ = plain.__doc__, plain_inplace.__doc__
    rounded.__module__ = __name__
    rounded.operation = op  # type: ignore[attr-defined]
    op.public, op.extra["inplace"] = rounded, rounded_inplace
    return rounded


round = _taking_decimals()


@elementwise(numpy=np.isnan, opencl="ISNAN(input)", result="bool", inplace=False)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN."""


@elementwise(numpy=np.isinf, opencl="ISINF(input)", result="bool", inplace=False)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite."""


@elementwise(numpy=np.isfinite, opencl="ISFINITE(input)", result="bool", inplace=False)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""


@elementwise(numpy=np.logical_not, opencl="!input", result="bool")
def logical_not(input: Tensor) -> Tensor:
    """Whether each element is zero."""


@elementwise(numpy=np.invert, opencl="BITNOT(input)", dtypes=_BITS)
def bitwise_not(input: Tensor) -> Tensor:
    """Every bit flipped; for bool the logical not."""
