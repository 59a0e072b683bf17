"""Special functions: the error function's kin, the gamma function's, zeta, entropy.

What ``facula`` itself offers is exported from here; the rest is in ``facula.special`` only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise
from facula.core.errors import describe
from facula.core.numerics import erf, gamma, incomplete
from facula.core.numerics.tools import wide
from facula.core.ops import binary, creation, reduce, shape
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)
_ROOT_HALF = repr(math.sqrt(0.5))


# The normal distribution


@elementwise(numpy=erf.erfc, opencl="erfc(input)", result="float", dtypes=_REAL)
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), exact where erf is close to 1.

    Examples
    --------
    >>> import facula
    >>> facula.erfc(facula.tensor([0.0, 1.0, 5.0]))
    tensor([1.0000e+00, 1.5730e-01, 1.5375e-12])
    """


@elementwise(numpy=erf.erfinv, opencl=None, result="float", dtypes=_REAL, domain=(-0.95, 0.95))
def erfinv(input: Tensor) -> Tensor:
    """The inverse of :func:`facula.erf`; infinite at -1 and 1, NaN beyond.

    Examples
    --------
    >>> import facula
    >>> facula.erfinv(facula.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.4769,    inf])
    """


@elementwise(numpy=erf.erfcx, opencl=None, result="float", dtypes=_REAL, inplace=False,
             method=False, export=False)
def erfcx(input: Tensor) -> Tensor:
    """exp(input ** 2) * erfc(input), which is finite for large arguments.

    Examples
    --------
    >>> import facula
    >>> facula.special.erfcx(facula.tensor([0.0, 50.0]))
    tensor([1.0000, 0.0113])
    """


@elementwise(numpy=erf.ndtr, opencl=f"erfc(input * -{_ROOT_HALF}) * 0.5", result="float",
             dtypes=_REAL, inplace=False, method=False, export=False)
def ndtr(input: Tensor) -> Tensor:
    """The normal distribution function: the area below the bell curve left of the input.

    Examples
    --------
    >>> import facula
    >>> facula.special.ndtr(facula.tensor([-2.0, 0.0, 2.0]))
    tensor([0.0228, 0.5000, 0.9772])
    """


@elementwise(numpy=erf.log_ndtr, opencl=None, result="float", dtypes=_REAL, inplace=False,
             method=False, export=False)
def log_ndtr(input: Tensor) -> Tensor:
    """log(ndtr(input)), finite for very negative arguments.

    Examples
    --------
    >>> import facula
    >>> facula.special.log_ndtr(facula.tensor([-30.0, 0.0]))
    tensor([-454.3213,   -0.6931])
    """


@elementwise(numpy=erf.ndtri, opencl=None, result="float", dtypes=_REAL, domain=(0.05, 0.95),
             inplace=False, method=False, export=False)
def ndtri(input: Tensor) -> Tensor:
    """The inverse of :func:`facula.special.ndtr`; infinite at 0 and 1, NaN outside.

    Examples
    --------
    >>> import facula
    >>> facula.special.ndtri(facula.tensor([0.025, 0.5, 0.975]))
    tensor([-1.9600,  0.0000,  1.9600])
    """


# The gamma function


@elementwise(numpy=gamma.lgamma, opencl="lgamma(input)", result="float", dtypes=_REAL,
             domain=(0.3, 6.0))
def lgamma(input: Tensor) -> Tensor:
    """The logarithm of the absolute value of the gamma function.

    Examples
    --------
    >>> import facula
    >>> facula.lgamma(facula.tensor([1.0, 5.0]))
    tensor([0.0000, 3.1781])
    """


@elementwise(numpy=gamma.digamma, opencl=None, result="float", dtypes=_REAL, domain=(0.3, 6.0))
def digamma(input: Tensor) -> Tensor:
    """The derivative of :func:`facula.lgamma`; -inf at 0, NaN at negative whole numbers.

    Examples
    --------
    >>> import facula
    >>> facula.digamma(facula.tensor([1.0, 0.5]))
    tensor([-0.5772, -1.9635])
    """


@elementwise(numpy=gamma.polygamma, opencl=None, result="float", dtypes=_REAL, domain=(0.3, 6.0),
             method=False, export=False, inplace=False)
def polygamma_of(input: Tensor, n: int) -> Tensor:
    """The work of :func:`facula.polygamma`."""


@composite(inplace=True)
def polygamma(n: Any, input: Any) -> Tensor:
    """The derivative of order ``n`` of :func:`facula.digamma`.

    Parameters
    ----------
    n : int
        Not negative. As a method, ``x.polygamma(n)``, it comes second.
    input : Tensor

    Raises
    ------
    RuntimeError
        If n is negative.

    Examples
    --------
    >>> import facula
    >>> facula.polygamma(1, facula.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    if isinstance(n, Tensor):
        n, input = input, n
    if not hasattr(n, "__index__"):
        raise TypeError(f"polygamma: n must be an int, but is {describe(n)}")
    if n < 0:
        raise RuntimeError(f"polygamma: n={n} must not be negative")
    return polygamma_of(input, n)


@composite(inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``.

    p (p - 1) / 4 log(pi) + the sum of lgamma(input - j / 2) for j = 0 ... p - 1.

    Raises
    ------
    RuntimeError
        If p is not positive.

    Examples
    --------
    >>> import facula
    >>> facula.mvlgamma(facula.tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    if p < 1:
        raise RuntimeError(f"mvlgamma: p={p} must be at least 1")
    d = input._kind.dtype if input.is_floating_point() else dtypes.get_default_dtype()
    steps = creation.arange(0, p, dtype=d, device=input.device) * -0.5  # type: ignore[operator]
    parts = lgamma(binary.add(shape.unsqueeze(input, -1), steps))
    return binary.add(reduce.sum(parts, -1), p * (p - 1) / 4 * math.log(math.pi))  # type: ignore


@elementwise(numpy=incomplete.gammainc, opencl=None, result="float", dtypes=_REAL,
             domain=((0.3, 4.0), (0.2, 5.0)))
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The regularised lower incomplete gamma function P(input, other).

    It has a derivative by ``other`` only.

    Examples
    --------
    >>> import facula
    >>> facula.igamma(facula.tensor([1.0, 4.0]), facula.tensor([1.0, 4.0]))
    tensor([0.6321, 0.5665])
    """


@elementwise(numpy=incomplete.gammaincc, opencl=None, result="float", dtypes=_REAL,
             domain=((0.3, 4.0), (0.2, 5.0)))
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """The regularised upper incomplete gamma function Q(input, other) = 1 - P(input, other).

    It has a derivative by ``other`` only.

    Examples
    --------
    >>> import facula
    >>> facula.igammac(facula.tensor([1.0, 4.0]), facula.tensor([1.0, 4.0]))
    tensor([0.3679, 0.4335])
    """


@elementwise(numpy=gamma.zeta, opencl=None, result="float", dtypes=_REAL, inplace=False,
             domain=((1.5, 4.0), (0.3, 4.0)), method=False, export=False)
def zeta(input: Tensor, other: Tensor) -> Tensor:
    """Hurwitz's zeta function: the sum of (k + other) ** -input over k = 0, 1, 2, ...

    It has a derivative by ``other`` only.

    Examples
    --------
    >>> import facula
    >>> facula.special.zeta(facula.tensor([2.0, 4.0]), facula.tensor([1.0, 1.0]))
    tensor([1.6449, 1.0823])
    """


# Entropy


@wide
def _entr(x: np.ndarray) -> np.ndarray:
    return np.where(x == 0, 0.0, np.where(x < 0, -np.inf, -x * np.log(x)))


@elementwise(numpy=_entr, result="float", dtypes=_REAL, domain=(0.1, 3.0), inplace=False,
             opencl="input == 0 ? (T)0 : input < 0 ? -(T)INFINITY : -input * log(input)",
             method=False, export=False)
def entr(input: Tensor) -> Tensor:
    """-input * log(input); 0 at 0, -inf below.

    Examples
    --------
    >>> import facula
    >>> facula.special.entr(facula.tensor([-1.0, 0.0, 0.5]))
    tensor([  -inf, 0.0000, 0.3466])
    """


@wide
def _xlog1py(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log1p(y))


@elementwise(numpy=_xlog1py, result="float", dtypes=_REAL, inplace=False,
             opencl="input == 0 && !isnan(other) ? (T)0 : input * log1p(other)",
             domain=((-3.0, 3.0), (-0.8, 4.0)), method=False, export=False)
def xlog1py(input: Tensor, other: Tensor) -> Tensor:
    """input * log(1 + other), and 0 where input is 0.

    Examples
    --------
    >>> import facula
    >>> facula.special.xlog1py(facula.tensor([0.0, 2.0]), facula.tensor([-1.0, 1.0]))
    tensor([0.0000, 1.3863])
    """
