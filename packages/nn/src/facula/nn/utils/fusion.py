"""Batch normalisation folded into the layer before it, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

from facula.core.ops import creation, shape, unary
from facula.core.tensor import Tensor
from facula.nn.parameter import Parameter


def _folded(weight: Tensor, bias: Tensor | None, mean: Tensor, var: Tensor, eps: float,
            gain: Tensor | None, offset: Tensor | None,
            wide: tuple[int, ...]) -> tuple[Parameter, Parameter]:
    """``gain (w x + b - mean) / sqrt(var + eps) + offset`` as one weight and one bias."""
    scale: Any = unary.rsqrt(var + eps)  # type: ignore[operator]
    if gain is not None:
        scale = scale * gain
    b: Any = creation.zeros_like(mean) if bias is None else bias
    moved: Any = (b - mean) * scale
    if offset is not None:
        moved = moved + offset
    w: Any = weight * shape.reshape(scale, *wide)
    return (Parameter(w.detach().to(dtype=weight.dtype), weight.requires_grad),
            Parameter(moved.detach().to(dtype=b.dtype),
                      weight.requires_grad if bias is None else bias.requires_grad))


def fuse_conv_bn_weights(conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor,
                         bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None,
                         transpose: bool = False) -> tuple[Parameter, Parameter]:
    """The weight and bias of a convolution that does a batch normalisation's work as well.

    Parameters
    ----------
    conv_w : Tensor
        The convolution's weight.
    conv_b : Tensor, optional
        Its bias.
    bn_rm, bn_rv : Tensor
        The normalisation's running mean and variance.
    bn_eps : float
        What it adds to the variance.
    bn_w, bn_b : Tensor, optional
        Its weight and bias.
    transpose : bool
        Whether the convolution is a transposed one.

    Returns
    -------
    weight, bias : Parameter
    """
    if transpose:
        wide = (1, -1, *(1,) * (conv_w.ndim - 2))
    else:
        wide = (-1, *(1,) * (conv_w.ndim - 1))
    return _folded(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, wide)


def _of_evaluation(op: str, layer: Any, bn: Any) -> Any:
    if layer.training or bn.training:
        raise AssertionError(f"{op}: fusion only for eval: call .eval() on both modules first")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError(f"{op}: expected bn.running_mean and bn.running_var, which it has with"
                             " track_running_stats=True")
    return copy.deepcopy(layer)


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does the work of one followed by a batch normalisation.

    Parameters
    ----------
    conv, bn : Module
        In evaluation mode.
    transpose : bool
        Whether the convolution is a transposed one.

    Returns
    -------
    Module
        A new convolution.

    Raises
    ------
    AssertionError
        If one of them is in training mode, or there are no running averages.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils import fuse_conv_bn_eval
    >>> conv, bn = facula.nn.Conv2d(3, 4, 3).eval(), facula.nn.BatchNorm2d(4).eval()
    >>> x = facula.randn(2, 3, 5, 5)
    >>> bool((fuse_conv_bn_eval(conv, bn)(x) - bn(conv(x))).abs().max() < 1e-5)
    True
    """
    fused = _of_evaluation("fuse_conv_bn_eval", conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias,
        transpose)
    return fused


def fuse_linear_bn_weights(linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor,
                           bn_rv: Tensor, bn_eps: float, bn_w: Tensor,
                           bn_b: Tensor) -> tuple[Parameter, Parameter]:
    """The weight and bias of a linear layer that does a batch normalisation's work as well.

    Parameters
    ----------
    linear_w : Tensor
        The layer's weight.
    linear_b : Tensor, optional
        Its bias.
    bn_rm, bn_rv : Tensor
        The normalisation's running mean and variance.
    bn_eps : float
        What it adds to the variance.
    bn_w, bn_b : Tensor
        Its weight and bias.

    Returns
    -------
    weight, bias : Parameter
    """
    return _folded(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that does the work of one followed by a batch normalisation.

    Parameters
    ----------
    linear, bn : Module
        In evaluation mode; of as many features as each other, or one.

    Returns
    -------
    Module
        A new linear layer.

    Raises
    ------
    AssertionError
        If one of them is in training mode, there are no running averages, or sizes do not fit.
    """
    fused = _of_evaluation("fuse_linear_bn_eval", linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError("To fuse, linear.out_features == bn.num_features or bn.num_features "
                             f"== 1: got {linear.out_features} and {bn.num_features}")
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    return fused
