"""MobileNet V2: inverted residuals of depthwise convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import initialise_mobile, make_divisible
from facula.vision.models.registry import entry
from facula.vision.ops.misc import Conv2dNormActivation

__all__ = ["MobileNetV2", "MobileNet_V2_Weights", "mobilenet_v2"]


class InvertedResidual(nn.Module):
    """Widen by a 1x1 convolution, filter each channel by 3x3, narrow again, add the input."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: float,
                 norm_layer: Callable[..., nn.Module] | None = None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"InvertedResidual: stride={stride} must be 1 or 2")
        norm = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, hidden, 1, norm_layer=norm,
                                               activation_layer=nn.ReLU6))
        layers += [
            Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, norm_layer=norm,
                                 activation_layer=nn.ReLU6),
            nn.Conv2d(hidden, oup, 1, bias=False), norm(oup)]
        self.conv = nn.Sequential(*layers)
        self.out_channels = oup
        self._is_cn = stride > 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


# Expansion, channels, blocks, stride.
_SETTING = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1))


class MobileNetV2(nn.Module):
    """MobileNet V2.

    Parameters
    ----------
    num_classes : int
        The number of outputs.
    width_mult : float
        The width of all layers, relative to the paper's.
    inverted_residual_setting : list of list of int, optional
        Of each stage: expansion, channels, blocks, stride; by default the paper's.
    round_nearest : int
        Widths are multiples of this.
    block, norm_layer : callable, optional
        Other blocks, another normalisation.
    dropout : float
        The share of features dropped before the last layer.

    References
    ----------
    M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks,
    arXiv:1801.04381, 2018.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import mobilenet_v2
    >>> mobilenet_v2(width_mult=0.25, num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0,
                 inverted_residual_setting: Sequence[Sequence[int]] | None = None,
                 round_nearest: int = 8, block: Callable[..., nn.Module] | None = None,
                 norm_layer: Callable[..., nn.Module] | None = None,
                 dropout: float = 0.2) -> None:
        super().__init__()
        block = block or InvertedResidual
        norm = norm_layer or nn.BatchNorm2d
        setting = _SETTING if inverted_residual_setting is None else inverted_residual_setting
        if not setting or any(len(row) != 4 for row in setting):
            raise ValueError(f"MobileNetV2: inverted_residual_setting={setting}: each row must "
                             "have expansion, channels, blocks and stride")
        width = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(
            3, width, stride=2, norm_layer=norm, activation_layer=nn.ReLU6)]
        for expand, channels, count, stride in setting:
            outside = make_divisible(channels * width_mult, round_nearest)
            for i in range(count):
                features.append(block(width, outside, stride if i == 0 else 1,
                                      expand_ratio=expand, norm_layer=norm))
                width = outside
        features.append(Conv2dNormActivation(width, self.last_channel, 1, norm_layer=norm,
                                             activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout),
                                        nn.Linear(self.last_channel, num_classes))
        initialise_mobile(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


mobilenet_v2, MobileNet_V2_Weights = entry("mobilenet_v2", MobileNetV2, "MobileNet V2")
