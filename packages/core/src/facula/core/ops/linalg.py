"""Products of matrices."""

from __future__ import annotations

import numpy as np

from facula.core.declare import composite, primitive
from facula.core.errors import not_a_tensor
from facula.core.ops import shape
from facula.core.tensor import Tensor


def _mismatch(name: str, input: Tensor, other: Tensor, what: str, why: str) -> RuntimeError:
    return RuntimeError(f"{name}: {what}: input has shape {tuple(input.shape)}, other has shape "
                        f"{tuple(other.shape)} ({why})")


@primitive()
def batched_matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix products over broadcast leading dimensions; both have at least two dimensions."""
    a, b = input._data.shape, other._data.shape
    if input._kind is not other._kind and input._kind.dtype is not other._kind.dtype:
        raise RuntimeError(f"matmul: the dtypes differ: input is {input.dtype.name}, other is "
                           f"{other.dtype.name}: convert one of them")
    if a[-1] != b[-2]:
        raise _mismatch("matmul", input, other, "inner sizes differ", f"{a[-1]} != {b[-2]}")
    if a[:-2] != b[:-2]:
        try:
            np.broadcast_shapes(a[:-2], b[:-2])
        except ValueError:
            raise _mismatch("matmul", input, other, "batch sizes do not broadcast",
                            f"{a[:-2]} and {b[:-2]}") from None
    return input, other  # type: ignore[return-value]


@composite(tells=True)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product; vectors count as a row on the left and a column on the right.

    Parameters
    ----------
    input, other : Tensor
        Of one dtype, with at least one dimension; leading dimensions broadcast.

    Returns
    -------
    Tensor
        ``(..., n, k) @ (..., k, m) -> (..., n, m)``; a vector's dimension is left out.

    Raises
    ------
    RuntimeError
        If the inner sizes differ, the batch sizes do not broadcast or the dtypes differ.

    Examples
    --------
    >>> import facula
    >>> facula.matmul(facula.ones(2, 3), facula.ones(3))
    tensor([3., 3.])
    """
    try:
        n, m = input._data.ndim, other._data.ndim
    except AttributeError:
        name, value = ("other", other) if isinstance(input, Tensor) else ("input", input)
        raise not_a_tensor("matmul", name, value) from None
    if n >= 2 and m >= 2:
        return batched_matmul(input, other)
    if not n or not m:
        raise _mismatch("matmul", input, other, "both need at least one dimension", "0-d")
    if (input._data.shape[-1] != other._data.shape[-2 if m > 1 else 0]):
        raise _mismatch("matmul", input, other, "inner sizes differ",
                        f"{input.shape[-1]} != {other.shape[-2 if m > 1 else 0]}")
    a = shape.unsqueeze(input, 0) if n == 1 else input
    b = shape.unsqueeze(other, 1) if m == 1 else other
    y = batched_matmul(a, b)
    if n == 1 and m == 1:
        return shape.view_as_shape(y, ())
    return shape.squeeze(y, -2 if n == 1 else -1)


@composite
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices; no broadcasting."""
    if input.ndim != 2 or mat2.ndim != 2:
        raise _mismatch("mm", input, mat2, "both must be matrices",
                        f"{input.ndim} and {mat2.ndim} dimensions")
    return batched_matmul(input, mat2)


@composite
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of matrices in two equally large batches; no broadcasting."""
    if input.ndim != 3 or mat2.ndim != 3 or input.shape[0] != mat2.shape[0]:
        raise _mismatch("bmm", input, mat2, "both must be batches of matrices of equal length",
                        f"{input.ndim} and {mat2.ndim} dimensions")
    return batched_matmul(input, mat2)
