"""Elementwise comparison and selection."""

from __future__ import annotations

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)


@elementwise(numpy=np.equal, opencl="input == other", result="bool")
def eq(input: Tensor, other: Tensor) -> Tensor:
    """Whether the two are equal; NaN equals nothing."""


@elementwise(numpy=np.not_equal, opencl="input != other", result="bool")
def ne(input: Tensor, other: Tensor) -> Tensor:
    """Whether the two differ."""


@elementwise(numpy=np.less, opencl="input < other", result="bool", dtypes=_REAL)
def lt(input: Tensor, other: Tensor) -> Tensor:
    """Whether input is below other."""


@elementwise(numpy=np.less_equal, opencl="input <= other", result="bool", dtypes=_REAL)
def le(input: Tensor, other: Tensor) -> Tensor:
    """Whether input is at most other."""


@elementwise(numpy=np.greater, opencl="input > other", result="bool", dtypes=_REAL)
def gt(input: Tensor, other: Tensor) -> Tensor:
    """Whether input is above other."""


@elementwise(numpy=np.greater_equal, opencl="input >= other", result="bool", dtypes=_REAL)
def ge(input: Tensor, other: Tensor) -> Tensor:
    """Whether input is at least other."""


@composite
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``.

    Examples
    --------
    >>> import facula
    >>> facula.isclose(facula.tensor([1.0, 2.0]), facula.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    close = input == other
    if input.dtype.category >= dtypes.FLOAT:
        difference = (input - other).abs()
        within = (difference <= other.abs() * rtol + atol) & difference.isfinite()
        close = close | within
        if equal_nan:
            close = close | (input.isnan() & other.isnan())
    else:
        close = close | ((input - other).abs() <= other.abs() * rtol + atol)
    return close


@composite
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = False) -> bool:
    """Whether :func:`facula.isclose` holds for every element, as a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


@composite
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal, as a Python bool."""
    return input.shape == other.shape and bool((input == other).all())



@elementwise(numpy=lambda a, b, c: np.where(c, a, b), opencl="condition != 0 ? input : other",
             method=False, inplace=False, export=False)
def select_where(input: Tensor, other: Tensor, condition: Tensor) -> Tensor:
    """Elements of input where the condition holds, else of other: the work of ``where``."""


select_where.operation.extra["uncast"] = ("condition",)  # type: ignore[attr-defined]
