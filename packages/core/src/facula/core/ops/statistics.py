"""Variance, standard deviation, and sums that leave something out."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, elementwise, primitive
from facula.core.errors import canonical_dims, canonical_shape
from facula.core.fronts.telling import telling
from facula.core.operation import operation
from facula.core.ops import compare, masked, reduce, shape, unary
from facula.core.ops.halves import in_float32
from facula.core.tensor import Tensor


def _real(input: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    return input._kind.dtype.to_real()


@primitive(result=(_real, "same"), outputs=2)
def var_mean(input: Tensor, dim: Any = None, correction: Any = 1,
             keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """Variance and mean over some dimensions, or all.

    Parameters
    ----------
    input : Tensor
        Floating or complex.
    dim : int or sequence of int, optional
    correction : number
        The sum of squares is divided by the number of elements less this; 1 where not given. As in
        PyTorch, ``unbiased=False`` means 0, and may stand in the place of ``dim`` or after it.
    keepdim : bool
        Keep the dimensions with size 1.

    Returns
    -------
    tuple of Tensor
        (variance, mean).

    Examples
    --------
    >>> import facula
    >>> facula.var_mean(facula.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    if input._kind.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"var: the input must be floating or complex, but is "
                           f"{input.dtype.name}: convert it")
    dims = canonical_dims("var", None if dim == () else dim, input.ndim)
    return input, dims, float(correction), keepdim  # type: ignore[return-value]


_both = var_mean
_VAR_MEAN = operation(var_mean)


def _read(op: str, args: tuple[Any, ...], unbiased: Any, correction: Any,
          keepdim: Any, dim: Any) -> tuple[Any, float, bool]:
    """(dim, correction, keepdim) from PyTorch's several ways to say them."""
    given = list(args)
    if len(given) > 3:
        raise TypeError(f"{op}: too many arguments: call {op}(input, dim, correction=, keepdim=)")
    if given and isinstance(given[0], bool):
        unbiased = given.pop(0)
        if given:
            raise TypeError(f"{op}: unbiased stands where dim would: give the rest by name")
    if given:
        dim = given.pop(0)
    if given:
        unbiased = given.pop(0)
    if given:
        keepdim = given.pop(0)
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f"{op}: unbiased={unbiased} and correction={correction} say the same: "
                            "give one")
        correction = 1 if unbiased else 0
    return dim, 1 if correction is None else correction, bool(keepdim)


def _var_mean_front(input: Tensor, *args: Any, unbiased: bool | None = None,
                    correction: Any = None, keepdim: bool = False,
                    dim: Any = None) -> tuple[Tensor, Tensor]:
    return _both(input, *_read("var_mean", args, unbiased, correction, keepdim, dim))


_var_mean_front.__name__ = _var_mean_front.__qualname__ = "var_mean"
_var_mean_front.__doc__ = var_mean.__doc__
_var_mean_front.__module__ = __name__
_var_mean_front.operation = _VAR_MEAN  # type: ignore[attr-defined]
var_mean = _VAR_MEAN.public = telling(_VAR_MEAN, _var_mean_front)


@composite
def var(input: Tensor, *args: Any, unbiased: bool | None = None, correction: Any = None,
        keepdim: bool = False, dim: Any = None) -> Tensor:
    """The variance over some dimensions, or all; arguments as for :func:`facula.var_mean`.

    Examples
    --------
    >>> import facula
    >>> facula.var(facula.tensor([[1.0, 3.0], [2.0, 2.0]]), 1)
    tensor([2., 0.])
    """
    return _both(input, *_read("var", args, unbiased, correction, keepdim, dim))[0]


@elementwise(numpy=np.sqrt, opencl="sqrt(input)", domain=(0.1, 4.0), dtypes=dtypes.FLOATS,
             method=False, inplace=False, export=False)
def root(input: Tensor) -> Tensor:
    """The square root, whose derivative at 0 counts as 0: the last step of deviations and norms."""


@composite
@in_float32
def std(input: Tensor, *args: Any, unbiased: bool | None = None, correction: Any = None,
        keepdim: bool = False, dim: Any = None) -> Tensor:
    """The standard deviation over some dimensions, or all, as :func:`facula.var_mean`.

    Examples
    --------
    >>> import facula
    >>> facula.std(facula.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return root(_both(input, *_read("std", args, unbiased, correction, keepdim, dim))[0])


@composite
@in_float32
def std_mean(input: Tensor, *args: Any, unbiased: bool | None = None, correction: Any = None,
             keepdim: bool = False, dim: Any = None) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean, as :func:`facula.var_mean`."""
    variance, mean = _both(input, *_read("std_mean", args, unbiased, correction, keepdim, dim))
    return root(variance), mean


# Sums that leave something out


def _numbers(input: Tensor) -> Tensor:
    if input._kind.dtype.category < dtypes.FLOAT:
        return input
    return masked.masked_fill(input, unary.isnan(input), 0)


@composite
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum of all elements that are not NaN.

    Examples
    --------
    >>> import facula
    >>> facula.nansum(facula.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    return reduce.sum(_numbers(input), dim, keepdim, dtype=dtype)


@composite
@in_float32
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of all elements that are not NaN.

    Examples
    --------
    >>> import facula
    >>> facula.nanmean(facula.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)
    """
    count = reduce.sum(unary.logical_not(unary.isnan(input)), dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count  # type: ignore[operator]


@composite
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero, over some dimensions or all.

    Examples
    --------
    >>> import facula
    >>> facula.count_nonzero(facula.tensor([0, 1, 2]))
    tensor(2)
    """
    return reduce.sum(compare.ne(input, 0), dim)


@composite(export=False)
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that broadcasting from ``size`` would have added or repeated.

    Examples
    --------
    >>> import facula
    >>> facula.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    target = canonical_shape("sum_to_size", size)
    mine = tuple(input._data.shape)
    lead = len(mine) - len(target)
    if lead < 0 or any(t not in (1, n) for t, n in zip(target, mine[lead:], strict=True)):
        raise RuntimeError(f"sum_to_size: size {target} does not broadcast to the input's shape "
                           f"{mine}")
    dims = [d for d, n in enumerate(mine) if d < lead or (target[d - lead] == 1 and n != 1)]
    if not dims:
        return input
    return shape.view_as_shape(reduce.sum(input, dims, True), target)
