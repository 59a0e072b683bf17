"""Gradients of convolutions by their input and by their weight, as functions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core.ops import spatial
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import tuple_of

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input",
           "conv3d_weight"]


def _steps(op: str, rank: int, stride: Any, padding: Any, dilation: Any) -> Any:
    return [tuple_of(value, rank, op, name) for value, name in (
        (stride, "stride"), (padding, "padding"), (dilation, "dilation"))]


def _input(rank: int, input_size: Sequence[int] | None, weight: Tensor, grad_output: Tensor,
           stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    op = f"conv{rank}d_input"
    if input_size is None:
        raise ValueError(f"{op} requires specifying an input_size")
    step, pads, spread = _steps(op, rank, stride, padding, dilation)
    return spatial.convolution_input_grad(grad_output, weight, tuple(input_size), step, pads,
                                          spread, groups)


def _weight(rank: int, input: Tensor, weight_size: Sequence[int], grad_output: Tensor,
            stride: Any, padding: Any, dilation: Any, groups: int) -> Tensor:
    step, pads, spread = _steps(f"conv{rank}d_weight", rank, stride, padding, dilation)
    return spatial.convolution_weight_grad(grad_output, input, tuple(weight_size), step, pads,
                                           spread, groups)


def conv1d_input(input_size: Sequence[int] | None, weight: Tensor, grad_output: Tensor,
                 stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The gradient of ``conv1d`` by its input; see :func:`conv2d_input`."""
    return _input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor,
                  stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of ``conv1d`` by its weight; see :func:`conv2d_weight`."""
    return _weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(input_size: Sequence[int] | None, weight: Tensor, grad_output: Tensor,
                 stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The gradient of ``conv2d`` by its input.

    Parameters
    ----------
    input_size : sequence of int
        The input's shape.
    weight : Tensor
    grad_output : Tensor
        The gradient of the output.
    stride, padding, dilation : int or tuple of int
    groups : int

    Examples
    --------
    >>> import facula
    >>> ones = facula.ones(1, 1, 2, 2)
    >>> g = facula.nn.grad.conv2d_input((1, 1, 3, 3), ones, ones)
    >>> g[0, 0]
    tensor([[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]])
    """
    return _input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor,
                  stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of ``conv2d`` by its weight.

    Parameters
    ----------
    input : Tensor
    weight_size : sequence of int
        The weight's shape.
    grad_output : Tensor
        The gradient of the output.
    stride, padding, dilation : int or tuple of int
    groups : int
    """
    return _weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(input_size: Sequence[int] | None, weight: Tensor, grad_output: Tensor,
                 stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The gradient of ``conv3d`` by its input; see :func:`conv2d_input`."""
    return _input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(input: Tensor, weight_size: Sequence[int], grad_output: Tensor,
                  stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                  groups: int = 1) -> Tensor:
    """The gradient of ``conv3d`` by its weight; see :func:`conv2d_weight`."""
    return _weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)
