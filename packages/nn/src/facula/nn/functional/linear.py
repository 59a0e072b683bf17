"""Products with weights."""

from __future__ import annotations

from typing import Any

from facula.core.ops import linalg, neural, shape
from facula.core.precision import guard_of, guarded, mode, switch
from facula.core.tensor import Tensor

_lower: Any = guard_of("linear")


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
    if switch.used and mode.on:  # written out: the layer that is called most
        input, weight, bias = _lower((input, weight, bias))
    if weight._data.ndim == 1:
        y = linalg.matmul(input, weight)
        return y if bias is None else y + bias  # type: ignore[operator]
    if neural.has_kernel("linear", input):
        return neural.linear(input, weight, bias)
    if not input._data.ndim or input._data.shape[-1] != weight._data.shape[-1]:
        return neural.linear(input, weight, bias)  # raises, with both shapes
    y = linalg.matmul(input, shape.permute(weight, 1, 0))
    return y if bias is None else y + bias  # type: ignore[operator]


@guarded
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
