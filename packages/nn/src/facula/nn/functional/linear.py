"""Products with weights, and looking rows up."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.errors import describe
from facula.core.ops import (
    compare,
    convert,
    creation,
    gather,
    linalg,
    masked,
    neural,
    reduce,
    shape,
    unary,
)
from facula.core.tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``.

    Parameters
    ----------
    input : Tensor
        ``(*, in_features)``.
    weight : Tensor
        ``(out_features, in_features)`` or ``(in_features,)``.
    bias : Tensor, optional
        ``(out_features,)`` or ``()``.

    Returns
    -------
    Tensor
        ``(*, out_features)`` or ``(*)``.

    Raises
    ------
    RuntimeError
        If the shapes do not fit.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.linear(facula.ones(2), facula.ones(3, 2), facula.zeros(3))
    tensor([2., 2., 2.])
    """
    if weight._data.ndim == 1:
        y = linalg.matmul(input, weight)
        return y if bias is None else y + bias  # type: ignore[operator]
    if neural.has_kernel("linear", input):
        return neural.linear(input, weight, bias)
    if not input._data.ndim or input._data.shape[-1] != weight._data.shape[-1]:
        return neural.linear(input, weight, bias)  # raises, with both shapes
    y = linalg.matmul(input, shape.permute(weight, 1, 0))
    return y if bias is None else y + bias  # type: ignore[operator]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[o] @ input2 + bias[o]`` for each output o.

    Parameters
    ----------
    input1, input2 : Tensor
        ``(*, in1)`` and ``(*, in2)``.
    weight : Tensor
        ``(out, in1, in2)``.
    bias : Tensor, optional
        ``(out,)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.bilinear(facula.ones(1, 2), facula.ones(1, 3), facula.ones(1, 2, 3))
    tensor([[6.]])
    """
    out, first, second = weight.shape
    if input1.shape[:-1] != input2.shape[:-1] or input1.shape[-1] != first or (
            input2.shape[-1] != second):
        raise RuntimeError(f"bilinear: the shapes do not fit: input1 {tuple(input1.shape)}, input2 "
                           f"{tuple(input2.shape)}, weight {tuple(weight.shape)}")
    left = shape.reshape(input1, -1, first)
    # (N, in1) @ (in1, out * in2) -> (N, out, in2), then the inner product with input2
    middle = linalg.matmul(left, shape.reshape(shape.permute(weight, 1, 0, 2), first, -1))
    middle = shape.reshape(middle, -1, out, second)
    y = linalg.matmul(middle, shape.reshape(input2, -1, second, 1))
    y = shape.reshape(y, *input1.shape[:-1], out)
    return y if bias is None else y + bias  # type: ignore[operator]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None,
              max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Rows of a matrix, by number.

    Parameters
    ----------
    input : Tensor
        Integers of any shape.
    weight : Tensor
        ``(rows, features)``.
    padding_idx : int, optional
        This row receives no gradient.
    max_norm : float, optional
        Rows that are looked up are first scaled, in place, to at most this norm.
    norm_type : float
        The p of that norm.
    scale_grad_by_freq : bool
        Divide a row's gradient by how often it was looked up.
    sparse : bool
        Accepted for PyTorch's sake; gradients are dense.

    Returns
    -------
    Tensor
        ``(*, features)``.

    Raises
    ------
    IndexError
        If a number is out of range.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.embedding(facula.tensor([1, 0]), facula.tensor([[1.0], [2.0]]))
    tensor([[2.],
            [1.]])
    """
    if input.dtype.category != dtypes.INTEGER:
        raise RuntimeError(f"embedding: input must hold integers, but is {describe(input)}")
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(f"embedding: padding_idx={padding_idx} must be within the {rows} rows "
                             "of weight")
        padding_idx %= rows
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    flat = shape.reshape(convert.long(input), -1)
    y = gather.index_select(weight, 0, flat)
    if y.requires_grad and (padding_idx is not None or scale_grad_by_freq):
        factor: Any = None
        if padding_idx is not None:
            factor = convert.to(flat != padding_idx, dtype=weight.dtype)
        if scale_grad_by_freq:
            counts = creation.zeros(rows, dtype=weight.dtype, device=weight.device).index_add(
                0, flat, creation.ones(flat.numel(), dtype=weight.dtype, device=weight.device))
            share = unary.reciprocal(gather.index_select(counts, 0, flat))
            factor = share if factor is None else factor * share
        factor = shape.unsqueeze(factor, -1)
        # The value of y, the gradient of factor * y.
        y = y.detach() + (y * factor - (y * factor).detach())  # type: ignore[operator]
    return shape.reshape(y, *input.shape, weight.shape[1])


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    table = weight.detach()
    numbers = shape.reshape(convert.long(input), -1)
    rows = gather.index_select(table, 0, numbers)
    norms = reduce.sum(unary.abs(rows) ** norm_type, 1, True) ** (1 / norm_type)  # type: ignore
    scaled = rows * masked.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0)
    table.index_copy_(0, numbers, scaled)  # type: ignore[attr-defined]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A 1 in a row of zeros, at the place that each number says.

    Parameters
    ----------
    tensor : Tensor
        int64 numbers of any shape.
    num_classes : int
        The rows' length; the largest number plus one where not given.

    Returns
    -------
    Tensor
        ``(*, num_classes)`` of int64.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.one_hot(facula.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError(f"one_hot: the numbers must be int64, but are {tensor.dtype.name}")
    if num_classes == -1:
        if not tensor.numel():
            raise RuntimeError("one_hot: num_classes can't be found from an empty tensor: give it")
        num_classes = int(tensor.max()) + 1  # type: ignore[attr-defined]
    elif tensor.numel() and int(tensor.max()) >= num_classes:  # type: ignore[attr-defined]
        raise RuntimeError(f"one_hot: class values must be smaller than num_classes={num_classes}, "
                           f"but the largest is {int(tensor.max())}")  # type: ignore[attr-defined]
    if tensor.numel() and int(tensor.min()) < 0:  # type: ignore[attr-defined]
        raise RuntimeError("one_hot: class values must not be negative")
    places = creation.arange(num_classes, device=tensor.device)
    return convert.long(compare.eq(shape.unsqueeze(tensor, -1), places))
