"""Bessel functions of the orders 0 and 1, and Airy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import elementwise
from facula.core.numerics import airy, bessel
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)


@elementwise(numpy=bessel.i0, opencl=None, result="float", dtypes=_REAL)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind of order 0.

    Examples
    --------
    >>> import facula
    >>> facula.i0(facula.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """


def _declared(name: str, numpy: Callable[[np.ndarray], np.ndarray], title: str, at_one: float,
              low: float = -3.0, high: float = 3.0, opencl: str | None = None) -> Any:
    """One function of ``facula.special``; its example is its value at 1."""
    def function(input: Tensor) -> Tensor:
        raise NotImplementedError  # a declaration: the body is never called

    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    function.__doc__ = f"""{title}.

    Examples
    --------
    >>> import facula
    >>> facula.special.{name}(facula.tensor(1.0))
    tensor({at_one:.4f})
    """
    return elementwise(numpy=numpy, opencl=opencl, result="float", dtypes=_REAL, inplace=False,
                       method=False, export=False, domain=(low, high))(function)


_FIRST, _SECOND = "Bessel function of the first kind of order", "Bessel function of the second kind"

bessel_j0 = _declared("bessel_j0", bessel.bessel_j0, f"The {_FIRST} 0", 0.7652)
bessel_j1 = _declared("bessel_j1", bessel.bessel_j1, f"The {_FIRST} 1", 0.4401)
bessel_y0 = _declared("bessel_y0", bessel.bessel_y0, f"The {_SECOND} of order 0", 0.0883, 0.2, 6.0)
bessel_y1 = _declared("bessel_y1", bessel.bessel_y1, f"The {_SECOND} of order 1", -0.7812, 0.2, 6.0)
i0e = _declared("i0e", bessel.i0e, f"exp(-abs(input)) times the modified {_FIRST} 0", 0.4658)
i1 = _declared("i1", bessel.i1, f"The modified {_FIRST} 1", 0.5652)
i1e = _declared("i1e", bessel.i1e, f"exp(-abs(input)) times the modified {_FIRST} 1", 0.2079)
modified_bessel_i0 = _declared("modified_bessel_i0", bessel.i0, f"The modified {_FIRST} 0", 1.2661)
modified_bessel_i1 = _declared("modified_bessel_i1", bessel.i1, f"The modified {_FIRST} 1", 0.5652)
modified_bessel_k0 = _declared("modified_bessel_k0", bessel.k0,
                               f"The modified {_SECOND} of order 0", 0.4210, 0.2, 4.0)
modified_bessel_k1 = _declared("modified_bessel_k1", bessel.k1,
                               f"The modified {_SECOND} of order 1", 0.6019, 0.2, 4.0)
scaled_modified_bessel_k0 = _declared("scaled_modified_bessel_k0", bessel.k0e,
                                      f"exp(input) times the modified {_SECOND} of order 0", 1.1445,
                                      0.2, 4.0)
scaled_modified_bessel_k1 = _declared("scaled_modified_bessel_k1", bessel.k1e,
                                      f"exp(input) times the modified {_SECOND} of order 1", 1.6362,
                                      0.2, 4.0)
spherical_bessel_j0 = _declared(
    "spherical_bessel_j0", bessel.spherical_j0,
    "The spherical Bessel function of the first kind of order 0, sin(input) / input", 0.8415,
    opencl="input == 0 ? (T)1 : isinf(input) ? (T)0 : sin(input) / input")
airy_ai = _declared("airy_ai", airy.airy_ai,
                    "Airy's function Ai, without a derivative as in PyTorch", 0.1353)
