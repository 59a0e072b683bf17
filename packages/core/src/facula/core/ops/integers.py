"""Whole numbers and the bits of floating ones: divisors, exponents, neighbours, common dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise
from facula.core.errors import describe
from facula.core.fronts.elementwise import operand_key
from facula.core.ops import binary, convert
from facula.core.ops.halves import in_float32
from facula.core.promotion import result_dtype, scalar_dtype
from facula.core.results import MantissaExponent
from facula.core.tensor import Tensor

_INTEGERS = dtypes.INTEGERS


@elementwise(numpy=np.gcd, opencl="GCD(input, other)", dtypes=_INTEGERS)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, never negative; ``gcd(0, 0)`` is 0.

    Examples
    --------
    >>> import facula
    >>> facula.gcd(facula.tensor([12, -8]), facula.tensor([18, 6]))
    tensor([6, 2])
    """


def _lcm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    y = np.lcm(a, b)
    # As C computes it: narrow types in int, cut off at the end; the wide ones may wrap below 0.
    return np.abs(y) if y.dtype.itemsize >= 4 else y


@elementwise(numpy=_lcm, opencl="LCM(input, other)", dtypes=_INTEGERS)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, never negative; 0 where one of both is 0.

    Examples
    --------
    >>> import facula
    >>> facula.lcm(facula.tensor([4, 0]), facula.tensor([6, 3]))
    tensor([12,  0])
    """


@composite(inplace=True)
@in_float32
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2 ** other``.

    Examples
    --------
    >>> import facula
    >>> facula.ldexp(facula.tensor([1.0, 3.0]), facula.tensor([3, -1]))
    tensor([8.0000, 1.5000])
    """
    if isinstance(other, Tensor) and other._kind.dtype.category < dtypes.FLOAT:
        whole = not isinstance(input, Tensor) or not input.is_floating_point()
        other = convert.to(other, dtype=dtypes.get_default_dtype() if whole else input.dtype)
    return binary.mul(input, binary.pow(2.0, other))  # type: ignore[arg-type]


def _frexp(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mantissa, exponent = np.frexp(x)
    return mantissa, np.where(np.isfinite(x), exponent, 0)


_EXPONENT = "(input == 0 || !isfinite(input) ? 0 : ilogb(input) + 1)"


@elementwise(numpy=_frexp, opencl=(f"ldexp(input, -{_EXPONENT})", f"(T){_EXPONENT}"), outputs=2,
             result=("same", dtypes.int32), dtypes=dtypes.FLOATS, method=False, export=False)
def mantissa_exponent(input: Tensor) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.frexp`."""


@composite
def frexp(input: Tensor) -> MantissaExponent:
    """Mantissa and exponent: ``input = mantissa * 2 ** exponent``, 0.5 <= abs(mantissa) < 1.

    Returns
    -------
    (Tensor, Tensor)
        The mantissa in the input's dtype, the exponent as int32.

    Examples
    --------
    >>> import facula
    >>> facula.frexp(facula.tensor([6.0, 0.3])).mantissa
    tensor([0.7500, 0.6000])
    """
    if not isinstance(input, Tensor) or not input.is_floating_point():
        raise TypeError(f"frexp: takes a floating tensor, but got {describe(input)}")
    return MantissaExponent(*mantissa_exponent(input))


@elementwise(numpy=np.nextafter, opencl="nextafter(input, other)",
             dtypes=(dtypes.float32, dtypes.float64))
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next floating number after input in the direction of other."""


@composite(method=False)
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype in which arithmetic of the two, tensors or numbers, would be done.

    Examples
    --------
    >>> import facula
    >>> facula.result_type(facula.tensor([1, 2]), 1.0)
    facula.float32
    """
    keys = [operand_key(x) for x in (tensor1, tensor2)]
    return result_dtype([(d if level else scalar_dtype(d), level) for d, level in keys],
                        "result_type")
