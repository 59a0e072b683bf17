"""Selection by condition: ``where``, ``nonzero`` and the ``masked_*`` family."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.dtypes import dtype
from facula.core.errors import not_a_tensor
from facula.core.fitting import fitting_number
from facula.core.operation import operation
from facula.core.ops import compare, convert, shape
from facula.core.tensor import Tensor


@composite
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Elements of ``input`` where the condition holds, else of ``other``.

    Parameters
    ----------
    condition : Tensor
        Of dtype bool (uint8 is accepted).
    input, other : Tensor or number, optional
        They broadcast with the condition. Without both, the positions of the true elements are
        returned, as by ``nonzero(condition, as_tuple=True)``.

    Returns
    -------
    Tensor or tuple of Tensor

    Raises
    ------
    RuntimeError
        If the condition is neither bool nor uint8.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([-1.0, 2.0])
    >>> facula.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if not isinstance(condition, Tensor):
        raise not_a_tensor("where", "condition", condition)
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where: input and other go together: give both, or neither")
    if condition._kind.dtype is not dtypes.bool_:
        if condition._kind.dtype is not dtypes.uint8:
            raise RuntimeError(f"where: the condition must be bool, but is {condition.dtype.name}: "
                               "compare it with something, or convert it with .bool()")
        condition = convert.cast(condition, dtypes.bool_)
    return compare.select_where(input, other, condition)


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """:func:`facula.where`, choosing between this tensor and another."""
    return where(condition, self, other)


_where_method.__name__ = _where_method.__qualname__ = "where"
operation("where").extra["method"] = _where_method


@primitive(result=dtypes.int64, export=False)
def nonzero_positions(input: Tensor) -> Tensor:
    """Where the non-zero elements stand: one row per dimension, in C order."""
    return (input,)  # type: ignore[return-value]


@composite
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the non-zero elements stand.

    Parameters
    ----------
    input : Tensor
    as_tuple : bool
        Return one 1-D tensor per dimension, fit for indexing, instead of one row per element.

    Examples
    --------
    >>> import facula
    >>> facula.nonzero(facula.tensor([[0, 3], [4, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    if as_tuple and not input.ndim:
        input = shape.view_as_shape(input, (1,))
    rows = nonzero_positions(input)
    if not as_tuple:
        return shape.permute(rows, 1, 0)
    return tuple([rows[i] for i in range(input.ndim)])  # type: ignore[index]


@composite
def argwhere(input: Tensor) -> Tensor:
    """The same as :func:`facula.nonzero`: one row of positions per non-zero element."""
    return nonzero(input)


def _scalar_or_data(value: Any, d: dtype) -> Any:
    return d if hasattr(value, "strides") else type(value)


def _fill_portable(backend: Any, input: Any, mask: Any, value: Any) -> Any:
    d = dtypes.as_dtype(input.dtype)
    kernel = backend.elementwise(_SELECT, (_scalar_or_data(value, d), d, dtypes.bool_), d, (d,))
    return kernel(value, input, mask)


def _fill_into(backend: Any, out: Any, mask: Any, value: Any) -> None:
    d = dtypes.as_dtype(out.dtype)
    kernel = backend.elementwise_into(_SELECT, (_scalar_or_data(value, d), d, dtypes.bool_), d, d)
    kernel(out, value, out, mask)


_SELECT = operation(compare.select_where)


@primitive(method=True, inplace=True, portable=_fill_portable, into=_fill_into)
def masked_fill(input: Tensor, mask: Tensor, value: Tensor) -> Tensor:
    """``value`` where the mask is true, the input elsewhere; the mask broadcasts.

    Parameters
    ----------
    input : Tensor
    mask : Tensor
        Of dtype bool.
    value : number or 0-d Tensor
        Converted to the input's dtype.

    Raises
    ------
    RuntimeError
        If the mask is not bool, the value not 0-d or out of the dtype's range.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([1.0, 2.0, 3.0])
    >>> facula.masked_fill(x, x > 1.5, 0.0)
    tensor([1., 0., 0.])
    """
    if not isinstance(mask, Tensor):
        raise not_a_tensor("masked_fill", "mask", mask)
    if mask._kind.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_fill: the mask must be bool, but is {mask.dtype.name}: "
                           "convert it with .bool()")
    _check_broadcast("masked_fill", input, mask)
    if not isinstance(value, Tensor):
        return input, mask, fitting_number("masked_fill", value, input._kind.dtype)  # type: ignore
    if value.ndim:
        raise RuntimeError(f"masked_fill: the value must be a number or 0-d, but has shape "
                           f"{tuple(value.shape)}: use where() for several values")
    return input, mask, convert.to(  # type: ignore[return-value]
        value, dtype=input._kind.dtype, device=input._kind.device)


def _check_broadcast(op: str, input: Tensor, mask: Tensor) -> None:
    mine, given = input._data.shape, mask._data.shape
    if mine != given:
        try:
            np.broadcast_shapes(mine, given)
        except ValueError:
            raise RuntimeError(f"{op}: the mask's shape {tuple(given)} does not fit the input's "
                               f"shape {tuple(mine)}: they must broadcast") from None


@composite
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, as a 1-D tensor; input and mask broadcast.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[1, 2], [3, 4]])
    >>> facula.masked_select(x, x > 2)
    tensor([3, 4])
    """
    if mask._kind.dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_select: the mask must be bool, but is {mask.dtype.name}: "
                           "convert it with .bool()")
    _check_broadcast("masked_select", input, mask)
    size = np.broadcast_shapes(input._data.shape, mask._data.shape)
    return shape.expand(input, size)[shape.expand(mask, size)]  # type: ignore[index]
