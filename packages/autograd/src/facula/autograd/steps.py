"""Elementwise steps that only backward takes: derivatives as one kernel each; and conjugates."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import elementwise, takes_out
from facula.core.ops.complex_numbers import conj_physical
from facula.core.tensor import Tensor

_FLOATING = (*dtypes.FLOATS, dtypes.complex64, dtypes.complex128)


_BITS = {4: np.int32, 8: np.int64}


@takes_out(passes=4)
def _relu_step(g: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Masks bits: ``where`` takes four times as long, for it has to guess the condition."""
    kind = _BITS[g.dtype.itemsize]
    mask = np.negative(np.greater(y, 0).view(np.int8)).astype(kind)  # all ones or all zeros
    if out is None:
        return np.bitwise_and(mask, g.view(kind)).view(g.dtype)
    np.bitwise_and(mask, g.view(kind), out=out.view(kind))
    return out


@elementwise(numpy=_relu_step, opencl="output > 0 ? gradient : (T)0",
             dtypes=dtypes.FLOATS, method=False, export=False, inplace=False)
def relu_step(gradient: Tensor, output: Tensor) -> Tensor:
    """The gradient of relu: g where y is positive, else 0."""


@elementwise(numpy=lambda g, y: g * (1 - y * y),
             opencl="gradient * (1 - output * output)",
             dtypes=_FLOATING, method=False, export=False, inplace=False)
def tanh_step(gradient: Tensor, output: Tensor) -> Tensor:
    """The gradient of tanh: g * (1 - y ** 2)."""


@elementwise(numpy=lambda g, y: g * (y * (1 - y)),
             opencl="gradient * (output * (1 - output))",
             dtypes=_FLOATING, method=False, export=False, inplace=False)
def sigmoid_step(gradient: Tensor, output: Tensor) -> Tensor:
    """The gradient of sigmoid: g * y * (1 - y)."""


def conj(x: Any) -> Any:
    """The complex conjugate of a tensor or number; itself if it is real, at no cost."""
    if isinstance(x, Tensor):
        return conj_physical(x) if x._kind.dtype.category == dtypes.COMPLEX else x
    return x.conjugate() if isinstance(x, complex) else x
