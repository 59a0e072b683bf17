"""Products of matrices and vectors, by the array API standard."""

from __future__ import annotations

from typing import Any

from facula import core
from facula.core.array_api.elementwise import promoted
from facula.core.tensor import Tensor

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product."""
    a, b = promoted(x1, x2)
    return core.matmul(a, b)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The matrices with rows and columns exchanged."""
    return x.mT


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: Any = 2) -> Tensor:
    """The sum of products over pairs of dimensions."""
    a, b = promoted(x1, x2)
    return core.tensordot(a, b, axes)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The sum of products along one dimension, of the first array's conjugate."""
    a, b = promoted(x1, x2)
    if a.shape[axis] != b.shape[axis]:
        raise ValueError(f"vecdot: the sizes differ along axis {axis}: x1 has shape "
                         f"{tuple(a.shape)}, x2 has shape {tuple(b.shape)}")
    return core.sum(core.conj(a) * b, axis, dtype=a.dtype)
