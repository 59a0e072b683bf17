"""The building blocks that many networks for pictures share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, ones, zeros

Layer = Callable[..., nn.Module]


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation whose statistics and factors are fixed: all four are buffers.

    Parameters
    ----------
    num_features : int
        The channels.
    eps : float
        What is added to the variance.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import FrozenBatchNorm2d
    >>> norm = FrozenBatchNorm2d(3)
    >>> norm, len(list(norm.parameters()))
    (FrozenBatchNorm2d(3, eps=1e-05), 0)
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", ones(num_features))
        self.register_buffer("bias", zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              *args: Any) -> None:
        state_dict.pop(prefix + "num_batches_tracked", None)  # BatchNorm2d's, of no use here
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)

    def __repr__(self) -> str:
        return f"FrozenBatchNorm2d({self.weight.shape[0]}, eps={self.eps})"


def _same(kernel_size: Any, dilation: Any) -> Any:
    """The padding with which a convolution of stride 1 and odd kernel keeps the size."""
    if isinstance(kernel_size, int) and isinstance(dilation, int):
        return (kernel_size - 1) // 2 * dilation
    dims = len(kernel_size) if isinstance(kernel_size, Sequence) else len(dilation)
    kernels = kernel_size if isinstance(kernel_size, Sequence) else [kernel_size] * dims
    dilations = dilation if isinstance(dilation, Sequence) else [dilation] * dims
    return tuple([(k - 1) // 2 * d for k, d in zip(kernels, dilations, strict=True)])


class ConvNormActivation(nn.Sequential):
    """A convolution, a normalisation and an activation: what the next two classes share."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any = 3, stride: Any = 1,
                 padding: Any = None, groups: int = 1, norm_layer: Layer | None = nn.BatchNorm2d,
                 activation_layer: Layer | None = nn.ReLU, dilation: Any = 1,
                 inplace: bool | None = True, bias: bool | None = None,
                 conv_layer: Layer = nn.Conv2d) -> None:
        if padding is None:
            padding = _same(kernel_size, dilation)
        if bias is None:
            bias = norm_layer is None
        layers = [conv_layer(in_channels, out_channels, kernel_size, stride, padding,
                             dilation=dilation, groups=groups, bias=bias)]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels
        if type(self) is ConvNormActivation:
            warnings.warn("ConvNormActivation is a base class: use Conv2dNormActivation or "
                          "Conv3dNormActivation", stacklevel=2)


class Conv2dNormActivation(ConvNormActivation):
    """A convolution of pictures, a normalisation and an activation.

    Parameters
    ----------
    in_channels, out_channels : int
        Before and after.
    kernel_size, stride, dilation : int or tuple of int
        The convolution's.
    padding : int, tuple of int or str, optional
        By default what keeps the size at stride 1.
    groups : int
        The convolution's.
    norm_layer, activation_layer : callable, optional
        What makes the other two; None leaves one out.
    inplace : bool, optional
        Passed to the activation, unless None.
    bias : bool, optional
        By default the convolution has one if there is no normalisation.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import Conv2dNormActivation
    >>> block = Conv2dNormActivation(3, 8, kernel_size=5, stride=2)
    >>> block(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 8, 16, 16])
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any = 3, stride: Any = 1,
                 padding: Any = None, groups: int = 1, norm_layer: Layer | None = nn.BatchNorm2d,
                 activation_layer: Layer | None = nn.ReLU, dilation: Any = 1,
                 inplace: bool | None = True, bias: bool | None = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups,
                         norm_layer, activation_layer, dilation, inplace, bias, nn.Conv2d)


class Conv3dNormActivation(ConvNormActivation):
    """A convolution of volumes, a normalisation and an activation.

    The parameters are :class:`Conv2dNormActivation`'s.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any = 3, stride: Any = 1,
                 padding: Any = None, groups: int = 1, norm_layer: Layer | None = nn.BatchNorm3d,
                 activation_layer: Layer | None = nn.ReLU, dilation: Any = 1,
                 inplace: bool | None = True, bias: bool | None = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups,
                         norm_layer, activation_layer, dilation, inplace, bias, nn.Conv3d)


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what the means of all channels say: ``x * s(W2 d(W1 mean(x)))``.

    Parameters
    ----------
    input_channels : int
        The channels.
    squeeze_channels : int
        The channels between the two 1x1 convolutions.
    activation, scale_activation : callable
        What makes d and s.

    References
    ----------
    J. Hu et al., Squeeze-and-excitation networks, arXiv:1709.01507, 2017.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import SqueezeExcitation
    >>> SqueezeExcitation(8, 2)(facula.ones(1, 8, 4, 4)).shape
    facula.Size([1, 8, 4, 4])
    """

    def __init__(self, input_channels: int, squeeze_channels: int, activation: Layer = nn.ReLU,
                 scale_activation: Layer = nn.Sigmoid) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        squeezed = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(squeezed)) * input


class MLP(nn.Sequential):
    """Linear layers with activations between them, and dropout after each.

    Parameters
    ----------
    in_channels : int
        The features of the input.
    hidden_channels : list of int
        The features after each layer.
    norm_layer : callable, optional
        What makes a normalisation before each activation.
    activation_layer : callable
        What makes the activations.
    inplace : bool, optional
        Passed to activations and dropout, unless None.
    bias : bool
        Whether the linear layers have one.
    dropout : float
        The share of features dropped.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import MLP
    >>> MLP(4, [8, 2])(facula.ones(3, 4)).shape
    facula.Size([3, 2])
    """

    def __init__(self, in_channels: int, hidden_channels: Sequence[int],
                 norm_layer: Layer | None = None, activation_layer: Layer = nn.ReLU,
                 inplace: bool | None = None, bias: bool = True, dropout: float = 0.0) -> None:
        extra = {} if inplace is None else {"inplace": inplace}
        layers: list[nn.Module] = []
        for i, width in enumerate(hidden_channels):
            layers.append(nn.Linear(in_channels, width, bias=bias))
            if i < len(hidden_channels) - 1:
                if norm_layer is not None:
                    layers.append(norm_layer(width))
                layers.append(activation_layer(**extra))
            layers.append(nn.Dropout(dropout, **extra))
            in_channels = width
        super().__init__(*layers)


class Permute(nn.Module):
    """The input with its dimensions in another order (a view).

    Parameters
    ----------
    dims : list of int
        Which dimension stands at each place.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import Permute
    >>> Permute([0, 2, 1])(facula.ones(2, 3, 4)).shape
    facula.Size([2, 4, 3])
    """

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(*self.dims)
