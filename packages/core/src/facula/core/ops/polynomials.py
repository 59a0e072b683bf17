"""The classical orthogonal polynomials of ``facula.special``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import elementwise
from facula.core.numerics import polynomials
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)


def _declared(name: str, numpy: Callable[..., np.ndarray], title: str, value: float,
              low: float = -1.0, high: float = 1.0) -> Any:
    def function(input: Tensor, n: Tensor) -> Tensor:
        raise NotImplementedError  # a declaration: the body is never called

    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    shown = f"{value:.4f}" if value % 1 else f"{value:.0f}."
    function.__doc__ = f"""{title} of degree ``n``; 0 where n is negative.

    Parameters
    ----------
    input : Tensor
    n : Tensor or int
        Degrees, truncated to whole numbers. There is no derivative by either, as in PyTorch.

    Examples
    --------
    >>> import facula
    >>> facula.special.{name}(facula.tensor(0.25), 3)
    tensor({shown})
    """
    return elementwise(numpy=numpy, opencl=None, result="float", dtypes=_REAL, inplace=False,
                       method=False, export=False, domain=((low, high), (0.0, 6.9)))(function)


def _chebyshev(letter: str, kind: str, value: float, shifted: bool = False) -> Any:
    start, title = ("shifted_", "The shifted polynomial") if shifted else ("", "The polynomial")
    function = getattr(polynomials, f"{'shifted' if shifted else 'chebyshev'}_{letter}")
    note = f"{title} of Chebyshev of the {kind} kind"
    if shifted:
        note += ", the argument moved from [-1, 1] to [0, 1],"
    return _declared(f"{start}chebyshev_polynomial_{letter}", function, note,
                     value, 0.0 if shifted else -1.0)


chebyshev_polynomial_t = _chebyshev("t", "first", -0.6875)
chebyshev_polynomial_u = _chebyshev("u", "second", -0.8750)
chebyshev_polynomial_v = _chebyshev("v", "third", -0.1250)
chebyshev_polynomial_w = _chebyshev("w", "fourth", -1.6250)
shifted_chebyshev_polynomial_t = _chebyshev("t", "first", 1.0000, True)
shifted_chebyshev_polynomial_u = _chebyshev("u", "second", 1.0000, True)
shifted_chebyshev_polynomial_v = _chebyshev("v", "third", 1.0000, True)
shifted_chebyshev_polynomial_w = _chebyshev("w", "fourth", 1.0000, True)
hermite_polynomial_h = _declared("hermite_polynomial_h", polynomials.hermite_h,
                                 "The physicist's Hermite polynomial", -2.8750, -2.0, 2.0)
hermite_polynomial_he = _declared("hermite_polynomial_he", polynomials.hermite_he,
                                  "The probabilist's Hermite polynomial", -0.7344, -2.0, 2.0)
laguerre_polynomial_l = _declared("laguerre_polynomial_l", polynomials.laguerre_l,
                                  "The Laguerre polynomial", 0.3411, -1.0, 3.0)
legendre_polynomial_p = _declared("legendre_polynomial_p", polynomials.legendre_p,
                                  "The Legendre polynomial", -0.3359)
