"""What the layers of networks are made of, where one kernel does better than several operations.

The forward operations with a ``*_grad`` partner return what that needs. Where a gradient is itself
recorded, the derivative rules use plain operations instead, so these have all derivatives.
"""

from __future__ import annotations

from facula.core.declare import primitive
from facula.core.errors import describe
from facula.core.tensor import Tensor


def has_kernel(name: str, input: Tensor) -> bool:
    """Whether the tensor's backend has its own kernel of this name."""
    return name in input._kind.backend.kernels


@primitive(export=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``input @ weight.T + bias`` over the last dimension.

    Parameters
    ----------
    input : Tensor
        ``(*, in_features)``.
    weight : Tensor
        ``(out_features, in_features)``.
    bias : Tensor, optional
        ``(out_features,)``.

    Returns
    -------
    Tensor
        ``(*, out_features)``.

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.
    """
    x, w = input._data.shape, weight._data.shape
    if len(w) != 2 or not x or x[-1] != w[1]:
        raise RuntimeError(f"linear: the shapes do not fit: input has shape {tuple(x)}, weight has "
                           f"shape {tuple(w)}: input's last size must be weight's last")
    if bias is not None and tuple(bias._data.shape) != (w[0],):
        raise RuntimeError(f"linear: bias has shape {tuple(bias.shape)}, but weight makes {w[0]} "
                           f"features: it must have shape ({w[0]},)")
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._kind.dtype is not input._kind.dtype:
            raise RuntimeError(f"linear: the dtypes differ: input is {input.dtype.name}, {name} is "
                               f"{t.dtype.name}: convert one of them")
    return input, weight, bias  # type: ignore[return-value]


def _check_channels(op: str, input: Tensor, size: int, **given: Tensor | None) -> None:
    for name, t in given.items():
        if t is not None and tuple(t._data.shape) != (size,):
            raise RuntimeError(f"{op}: {name} is {describe(t)}, but the input of shape "
                               f"{tuple(input.shape)} needs shape ({size},)")


@primitive(outputs=3, export=False)
def batch_norm_train(input: Tensor, weight: Tensor | None, bias: Tensor | None,
                     eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Each channel with mean 0 and variance 1 over batch and space, then scaled and moved.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *)``.
    weight, bias : Tensor, optional
        ``(C,)``.
    eps : float
        Added to the variance.

    Returns
    -------
    output, mean, variance : Tensor
        The last two are ``(C,)``, the variance without Bessel's correction; they carry no gradient.
    """
    _check_channels("batch_norm", input, input._data.shape[1], weight=weight, bias=bias)
    return input, weight, bias, eps  # type: ignore[return-value]


@primitive(outputs=3, export=False)
def batch_norm_train_grad(grad: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor,
                          variance: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of :func:`batch_norm_train` by input, weight and bias."""
    return grad, input, weight, mean, variance, eps  # type: ignore[return-value]


@primitive(outputs=3, export=False)
def layer_norm_rows(input: Tensor, weight: Tensor | None, bias: Tensor | None,
                    eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Each row of a matrix with mean 0 and variance 1, then scaled and moved.

    Parameters
    ----------
    input : Tensor
        ``(N, D)``.
    weight, bias : Tensor, optional
        ``(D,)``.
    eps : float
        Added to the variance.

    Returns
    -------
    output, mean, factor : Tensor
        The last two are ``(N, 1)``; the factor is 1 / sqrt(variance + eps); they carry no gradient.
    """
    _check_channels("layer_norm", input, input._data.shape[1], weight=weight, bias=bias)
    return input, weight, bias, eps  # type: ignore[return-value]


@primitive(outputs=3, export=False)
def layer_norm_rows_grad(grad: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor,
                         factor: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of :func:`layer_norm_rows` by input, weight and bias."""
    return grad, input, weight, mean, factor  # type: ignore[return-value]
