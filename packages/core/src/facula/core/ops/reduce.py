"""Reductions over dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import primitive, reduction
from facula.core.dtypes import dtype
from facula.core.errors import canonical_dim
from facula.core.operation import Reduce
from facula.core.tensor import Tensor

_REAL = tuple(d for d in dtypes.ALL if not d.is_complex)
_FLOATING = (*dtypes.FLOATS, dtypes.complex64, dtypes.complex128)


@reduction(numpy=np.sum, opencl=Reduce("input", "a + b", "0"), result="sum")
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *,
        dtype: dtype | None = None) -> Tensor:
    """The sum of the elements over some dimensions, or all.

    Parameters
    ----------
    input : Tensor
        Any dtype; bool and integers are summed as int64.
    dim : int or sequence of int, optional
        The dimensions to sum over; all where not given.
    keepdim : bool
        Keep them with size 1.
    dtype : dtype, optional
        Sum in, and return, this type.

    Returns
    -------
    Tensor

    Raises
    ------
    IndexError
        If a dimension is out of range.

    Examples
    --------
    >>> import facula
    >>> facula.sum(facula.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """


@reduction(numpy=np.prod, opencl=Reduce("input", "a * b", "1"), result="sum")
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *,
         dtype: dtype | None = None) -> Tensor:
    """The product of the elements over a dimension, or all."""


def _mean(a: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> Any:
    count = 1
    for d in axis:
        count *= a.shape[d]
    total: Any = np.add.reduce(a, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]
    return np.true_divide(total, count)


@reduction(numpy=_mean, opencl=Reduce("input", "a + b", "0", "a / count"), dtypes=_FLOATING)
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *,
         dtype: dtype | None = None) -> Tensor:
    """The mean of the elements over some dimensions, or all; NaN of none.

    Examples
    --------
    >>> import facula
    >>> facula.mean(facula.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """


@reduction(numpy=np.amax, opencl=Reduce("input", "MAX(a, b)", "TYPE_MIN"), dtypes=_REAL,
           nonempty=True)
def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The largest element over some dimensions; NaN if there is one; gradients are shared by ties.
    """


@reduction(numpy=np.amin, opencl=Reduce("input", "MIN(a, b)", "TYPE_MAX"), dtypes=_REAL,
           nonempty=True)
def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The smallest element over some dimensions; NaN if there is one; ties share the gradient."""


@reduction(numpy=np.any, opencl=Reduce("input != 0", "a || b", "0"), result="bool")
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether some element is non-zero."""


@reduction(numpy=np.all, opencl=Reduce("input != 0", "a && b", "1"), result="bool")
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether every element is non-zero."""


def _along(name: str, input: Tensor, dim: int | None) -> int | None:
    if dim is not None:
        dim = canonical_dim(name, dim, input.ndim)
    length = input.numel() if dim is None or not input.ndim else input.shape[dim]
    if length == 0:
        raise IndexError(f"{name}: the reduced dimension has size 0 (shape {tuple(input.shape)}, "
                         f"dim {dim}): an empty set has no extremum")
    return dim


@primitive(result=dtypes.int64, method=True, dtypes=_REAL)
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the largest element, along a dimension or in the flattened tensor.

    Examples
    --------
    >>> import facula
    >>> facula.argmax(facula.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([1, 0])
    """
    return input, _along("argmax", input, dim), keepdim  # type: ignore[return-value]


@primitive(result=dtypes.int64, method=True, dtypes=_REAL)
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the smallest element, along a dimension or in the flattened tensor."""
    return input, _along("argmin", input, dim), keepdim  # type: ignore[return-value]


@primitive(result=("same", dtypes.int64), outputs=2, dtypes=_REAL, export=False)
def max_dim(input: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """The largest elements along a dimension and where they stand: the work of ``max(x, dim)``."""
    return input, _along("max", input, dim), keepdim  # type: ignore[return-value]


@primitive(result=("same", dtypes.int64), outputs=2, dtypes=_REAL, export=False)
def min_dim(input: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """The smallest elements along a dimension and where they stand."""
    return input, _along("min", input, dim), keepdim  # type: ignore[return-value]
