"""Largest and smallest elements: ``max`` and ``min`` in their three forms, running ones, both."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, refuse_complex
from facula.core.ops import binary, reduce
from facula.core.results import MinMax, ValuesIndices
from facula.core.tensor import Tensor


def _chosen(op: str, input: Tensor, dim: Any, keepdim: bool, other: Any) -> Any:
    whole, along, both = ((reduce.amax, reduce.max_dim, binary.maximum) if op == "max"
                          else (reduce.amin, reduce.min_dim, binary.minimum))
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return both(input, other)
    refuse_complex(op, input)
    if dim is None:
        if not input._data.size:
            raise RuntimeError(f"{op}: the input has no elements (shape {tuple(input.shape)}): "
                               "give the dim to reduce")
        return whole(input)
    return ValuesIndices(*along(input, dim, keepdim))


@composite
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; or along a dimension, with its index; or of two tensors elementwise.

    Parameters
    ----------
    input : Tensor
    dim : int or Tensor, optional
        The dimension; or the second tensor.
    keepdim : bool
        Keep the dimension with size 1.
    other : Tensor, optional
        The second tensor, by name.

    Returns
    -------
    Tensor, or a named tuple (values, indices)
        NaN counts as the largest.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[1.0, 5.0], [7.0, 2.0]])
    >>> facula.max(x)
    tensor(7.)
    >>> facula.max(x, 1).indices
    tensor([1, 0])
    """
    return _chosen("max", input, dim, keepdim, other)


@composite
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element, in the three forms of :func:`facula.max`.

    Examples
    --------
    >>> import facula
    >>> facula.min(facula.tensor([3, 1, 2]), 0).values
    tensor(1)
    """
    return _chosen("min", input, dim, keepdim, other)


@composite
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The smallest and the largest element, of all or along a dimension.

    Examples
    --------
    >>> import facula
    >>> facula.aminmax(facula.tensor([3, 1, 2])).max
    tensor(3)
    """
    dims = () if dim is None else dim
    return MinMax(reduce.amin(input, dims, keepdim), reduce.amax(input, dims, keepdim))


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def cummax_indices(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.cummax`."""
    return input, canonical_dim("cummax", dim, input.ndim)  # type: ignore[return-value]


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def cummin_indices(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The work of :func:`facula.cummin`."""
    return input, canonical_dim("cummin", dim, input.ndim)  # type: ignore[return-value]


@composite
def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """The largest element so far along a dimension, and where it stood (the last of equal ones).

    Examples
    --------
    >>> import facula
    >>> facula.cummax(facula.tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    refuse_complex("cummax", input)
    return ValuesIndices(*cummax_indices(input, dim))


@composite
def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """The smallest element so far along a dimension, and where it stood (the last of equal ones).

    Examples
    --------
    >>> import facula
    >>> facula.cummin(facula.tensor([2, 3, 1]), 0).indices
    tensor([0, 0, 2])
    """
    refuse_complex("cummin", input)
    return ValuesIndices(*cummin_indices(input, dim))
