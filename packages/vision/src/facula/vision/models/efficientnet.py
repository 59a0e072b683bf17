"""EfficientNet V1 and V2: inverted residuals, scaled in width, depth and resolution at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import make_divisible
from facula.vision.models.registry import entry, zero_bias
from facula.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from facula.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "EfficientNet", *[f"EfficientNet_B{i}_Weights" for i in range(8)],
    "EfficientNet_V2_S_Weights", "EfficientNet_V2_M_Weights", "EfficientNet_V2_L_Weights",
    *[f"efficientnet_b{i}" for i in range(8)], "efficientnet_v2_s", "efficientnet_v2_m",
    "efficientnet_v2_l",
]

Layer = Callable[..., nn.Module]


def _channels(channels: float, factor: float) -> int:
    return make_divisible(channels * factor, 8)


@dataclass
class MBConvConfig:
    """A stage of :class:`MBConv`: expansion, kernel, stride, channels, blocks.

    ``fused`` stands for a convolution of all channels in place of the first two.
    """

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    fused: bool = False
    block: Layer | None = None

    def scaled(self, width: float, depth: float) -> MBConvConfig:
        """The same stage, wider and deeper."""
        return replace(self, input_channels=_channels(self.input_channels, width),
                       out_channels=_channels(self.out_channels, width),
                       num_layers=math.ceil(self.num_layers * depth))

    def one(self, first: bool, probability: float, norm: Layer) -> nn.Module:
        """The first block of the stage, or one that follows."""
        row = self if first else replace(self, input_channels=self.out_channels, stride=1)
        make = self.block or (FusedMBConv if self.fused else MBConv)
        return make(row, probability, norm)


FusedMBConvConfig = partial(MBConvConfig, fused=True)


class _Residual(nn.Module):
    """What both blocks share: the input is added where it fits, with stochastic depth."""

    def __init__(self, cnf: MBConvConfig, probability: float, layers: list[nn.Module]) -> None:
        super().__init__()
        if cnf.stride not in (1, 2):
            raise ValueError(f"{type(self).__name__}: stride={cnf.stride} must be 1 or 2")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(probability, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        return self.stochastic_depth(result) + input if self.use_res_connect else result


class MBConv(_Residual):
    """Widen by 1x1, filter each channel, squeeze and excite, narrow by 1x1."""

    def __init__(self, cnf: MBConvConfig, stochastic_depth_prob: float, norm_layer: Layer,
                 se_layer: Layer = SqueezeExcitation) -> None:
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        wide = _channels(cnf.input_channels, cnf.expand_ratio)
        layers: list[nn.Module] = []
        if wide != cnf.input_channels:
            layers.append(conv(cnf.input_channels, wide, 1))
        layers += [
            conv(wide, wide, cnf.kernel, cnf.stride, groups=wide),
            se_layer(wide, max(1, cnf.input_channels // 4),
                     activation=partial(nn.SiLU, inplace=True)),
            conv(wide, cnf.out_channels, 1, activation_layer=None)]
        super().__init__(cnf, stochastic_depth_prob, layers)


class FusedMBConv(_Residual):
    """Widen by a convolution of all channels, narrow by 1x1; without widening, the first only."""

    def __init__(self, cnf: MBConvConfig, stochastic_depth_prob: float,
                 norm_layer: Layer) -> None:
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        wide = _channels(cnf.input_channels, cnf.expand_ratio)
        if wide == cnf.input_channels:
            layers: list[nn.Module] = [conv(wide, cnf.out_channels, cnf.kernel, cnf.stride)]
        else:
            layers = [conv(cnf.input_channels, wide, cnf.kernel, cnf.stride),
                      conv(wide, cnf.out_channels, 1, activation_layer=None)]
        super().__init__(cnf, stochastic_depth_prob, layers)


class EfficientNet(nn.Module):
    """EfficientNet V1 or V2.

    Parameters
    ----------
    inverted_residual_setting : list of MBConvConfig
        The stages.
    dropout : float
        The share of features dropped before the last layer.
    stochastic_depth_prob : float
        The probability that the last block is left out; it grows up to it.
    num_classes : int
        The number of outputs.
    norm_layer : callable, optional
        Another normalisation.
    last_channel : int, optional
        The width of the last convolution; by default four times the last stage's.

    References
    ----------
    M. Tan and Q. V. Le, EfficientNet: rethinking model scaling for convolutional neural networks,
    arXiv:1905.11946, 2019; EfficientNetV2: smaller models and faster training, arXiv:2104.00298,
    2021.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import efficientnet_b0
    >>> efficientnet_b0(num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, inverted_residual_setting: Sequence[MBConvConfig], dropout: float,
                 stochastic_depth_prob: float = 0.2, num_classes: int = 1000,
                 norm_layer: Layer | None = None, last_channel: int | None = None) -> None:
        super().__init__()
        setting = list(inverted_residual_setting)
        if not setting:
            raise ValueError("EfficientNet: inverted_residual_setting is empty")
        if not all(isinstance(row, MBConvConfig) for row in setting):
            raise TypeError("EfficientNet: inverted_residual_setting must hold MBConvConfig only")
        norm = norm_layer or nn.BatchNorm2d
        conv = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.SiLU)
        stages: list[nn.Module] = [conv(3, setting[0].input_channels, 3, 2)]
        blocks = sum(row.num_layers for row in setting)
        done = 0
        for row in setting:
            stages.append(nn.Sequential(*[
                row.one(i == 0, stochastic_depth_prob * (done + i) / blocks, norm)
                for i in range(row.num_layers)]))
            done += row.num_layers
        narrow = setting[-1].out_channels
        wide = 4 * narrow if last_channel is None else last_channel
        self.features = nn.Sequential(*stages, conv(narrow, wide, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True),
                                        nn.Linear(wide, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                zero_bias(module)
            elif isinstance(module, nn.Linear):
                bound = 1.0 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


_B = (MBConvConfig(1, 3, 1, 32, 16, 1), MBConvConfig(6, 3, 2, 16, 24, 2),
      MBConvConfig(6, 5, 2, 24, 40, 2), MBConvConfig(6, 3, 2, 40, 80, 3),
      MBConvConfig(6, 5, 1, 80, 112, 3), MBConvConfig(6, 5, 2, 112, 192, 4),
      MBConvConfig(6, 3, 1, 192, 320, 1))
_S = (FusedMBConvConfig(1, 3, 1, 24, 24, 2), FusedMBConvConfig(4, 3, 2, 24, 48, 4),
      FusedMBConvConfig(4, 3, 2, 48, 64, 4), MBConvConfig(4, 3, 2, 64, 128, 6),
      MBConvConfig(6, 3, 1, 128, 160, 9), MBConvConfig(6, 3, 2, 160, 256, 15))
_M = (FusedMBConvConfig(1, 3, 1, 24, 24, 3), FusedMBConvConfig(4, 3, 2, 24, 48, 5),
      FusedMBConvConfig(4, 3, 2, 48, 80, 5), MBConvConfig(4, 3, 2, 80, 160, 7),
      MBConvConfig(6, 3, 1, 160, 176, 14), MBConvConfig(6, 3, 2, 176, 304, 18),
      MBConvConfig(6, 3, 1, 304, 512, 5))
_L = (FusedMBConvConfig(1, 3, 1, 32, 32, 4), FusedMBConvConfig(4, 3, 2, 32, 64, 7),
      FusedMBConvConfig(4, 3, 2, 64, 96, 7), MBConvConfig(4, 3, 2, 96, 192, 10),
      MBConvConfig(6, 3, 1, 192, 224, 19), MBConvConfig(6, 3, 2, 224, 384, 25),
      MBConvConfig(6, 3, 1, 384, 640, 7))


def _net(setting: Sequence[MBConvConfig], last_channel: int | None, **kwargs: Any) -> EfficientNet:
    return EfficientNet(setting, last_channel=last_channel, **kwargs)


def _b(i: int, width: float, depth: float, dropout: float) -> tuple[Any, Any]:
    options: dict[str, Any] = {"dropout": dropout}
    if i >= 5:
        options["norm_layer"] = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
    setting = [row.scaled(width, depth) for row in _B]
    return entry(f"efficientnet_b{i}", partial(_net, setting, None, **options),
                 f"EfficientNet B{i}")


def _v2(size: str, setting: Sequence[MBConvConfig], dropout: float) -> tuple[Any, Any]:
    norm = partial(nn.BatchNorm2d, eps=0.001)
    return entry(f"efficientnet_v2_{size}",
                 partial(_net, setting, 1280, dropout=dropout, norm_layer=norm),
                 f"EfficientNet V2 {size.upper()}")


efficientnet_b0, EfficientNet_B0_Weights = _b(0, 1.0, 1.0, 0.2)
efficientnet_b1, EfficientNet_B1_Weights = _b(1, 1.0, 1.1, 0.2)
efficientnet_b2, EfficientNet_B2_Weights = _b(2, 1.1, 1.2, 0.3)
efficientnet_b3, EfficientNet_B3_Weights = _b(3, 1.2, 1.4, 0.3)
efficientnet_b4, EfficientNet_B4_Weights = _b(4, 1.4, 1.8, 0.4)
efficientnet_b5, EfficientNet_B5_Weights = _b(5, 1.6, 2.2, 0.4)
efficientnet_b6, EfficientNet_B6_Weights = _b(6, 1.8, 2.6, 0.5)
efficientnet_b7, EfficientNet_B7_Weights = _b(7, 2.0, 3.1, 0.5)
efficientnet_v2_s, EfficientNet_V2_S_Weights = _v2("s", _S, 0.2)
efficientnet_v2_m, EfficientNet_V2_M_Weights = _v2("m", _M, 0.3)
efficientnet_v2_l, EfficientNet_V2_L_Weights = _v2("l", _L, 0.4)
