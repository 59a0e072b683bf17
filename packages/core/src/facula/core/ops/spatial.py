"""Convolution and its two gradients over one to three spatial dimensions.

Tensors are batched, ``(N, C, *spatial)``; ``stride``, ``padding`` and ``dilation`` are tuples with
one int per spatial dimension. The gradients are operations of their own, so that each of the three
is differentiated by the other two, and a transposed convolution is the gradient by the input.
"""

from __future__ import annotations

from facula.core.declare import primitive
from facula.core.errors import describe
from facula.core.tensor import Tensor
from facula.core.windows import Ints, convolved_size


def _check_steps(op: str, rank: int, **steps: Ints) -> None:
    for name, values in steps.items():
        least = 0 if name == "padding" else 1
        if len(values) != rank or min(values, default=least) < least:
            raise ValueError(f"{op}: {name}={values} does not fit: it must hold {rank} ints of "
                             f"at least {least}, one per spatial dimension")


def _check_dtypes(op: str, input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._kind.dtype is not input._kind.dtype:
            raise RuntimeError(f"{op}: the dtypes differ: input is {input.dtype.name}, {name} is "
                               f"{t.dtype.name}: convert one of them")


@primitive(export=False)
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Ints, padding: Ints,
                dilation: Ints, groups: int) -> Tensor:
    """The cross-correlation of a batch with a bank of filters: the work of ``conv2d`` and kin.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *spatial)``.
    weight : Tensor
        ``(O, C // groups, *kernel)``.
    bias : Tensor, optional
        ``(O,)``.
    stride, padding, dilation : tuple of int
        One per spatial dimension.
    groups : int
        Into how many independent parts the channels fall.

    Returns
    -------
    Tensor
        ``(N, O, *out)``.

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit, or the kernel is larger than the padded input.
    """
    x, w = input._data.shape, weight._data.shape
    rank = len(w) - 2
    if not 1 <= rank <= 3 or len(x) != len(w):
        raise RuntimeError(f"convolution: input has {len(x)} dimensions, weight has {len(w)}: both "
                           "must have batch, channels and the same 1 to 3 spatial dimensions")
    _check_steps("convolution", rank, stride=stride, padding=padding, dilation=dilation)
    if groups < 1 or x[1] != w[1] * groups or w[0] % groups:
        raise RuntimeError(
            f"convolution: the channels do not fit: input has {x[1]} (shape {tuple(x)}), weight of "
            f"shape {tuple(w)} with groups={groups} takes {w[1] * groups}, and its {w[0]} outputs "
            "must divide by groups")
    if bias is not None and tuple(bias._data.shape) != (w[0],):
        raise RuntimeError(f"convolution: bias has shape {tuple(bias.shape)}, but weight makes "
                           f"{w[0]} channels: it must have shape ({w[0]},)")
    _check_dtypes("convolution", input, weight, bias)
    if min(convolved_size(x[2:], w[2:], stride, padding, dilation)) < 1:
        raise RuntimeError(f"convolution: the kernel {tuple(w[2:])} with dilation={dilation} is "
                           f"larger than the input {tuple(x[2:])} with padding={padding}")
    return input, weight, bias, stride, padding, dilation, groups  # type: ignore[return-value]


def _check_gradient(op: str, grad: Tensor, input_shape: Ints, weight_shape: Ints, stride: Ints,
                    padding: Ints, dilation: Ints) -> None:
    want = (input_shape[0], weight_shape[0],
            *convolved_size(input_shape[2:], weight_shape[2:], stride, padding, dilation))
    if tuple(grad._data.shape) != want:
        raise RuntimeError(f"{op}: grad is {describe(grad)}, but an input of shape {input_shape} "
                           f"and a weight of shape {weight_shape} make an output of shape {want}")


@primitive(export=False)
def convolution_input_grad(grad: Tensor, weight: Tensor, input_shape: Ints, stride: Ints,
                           padding: Ints, dilation: Ints, groups: int) -> Tensor:
    """The gradient of :func:`convolution` by its input: a transposed convolution of ``grad``."""
    _check_dtypes("convolution_input_grad", grad, weight, None)
    _check_gradient("convolution_input_grad", grad, input_shape, tuple(weight._data.shape), stride,
                    padding, dilation)
    return grad, weight, input_shape, stride, padding, dilation, groups  # type: ignore[return-value]


@primitive(export=False)
def convolution_weight_grad(grad: Tensor, input: Tensor, weight_shape: Ints, stride: Ints,
                            padding: Ints, dilation: Ints, groups: int) -> Tensor:
    """The gradient of :func:`convolution` by its weight."""
    _check_dtypes("convolution_weight_grad", grad, input, None)
    _check_gradient("convolution_weight_grad", grad, tuple(input._data.shape), weight_shape, stride,
                    padding, dilation)
    return grad, input, weight_shape, stride, padding, dilation, groups  # type: ignore[return-value]
