"""MobileNet V2 and V3: inverted residuals of depthwise convolutions."""

from __future__ import annotations

from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models.registry import no_weights, register_model, zero_bias


def make_divisible(v: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor`` that is not more than a tenth below ``v``."""
    rounded = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * v else rounded


class ConvNormActivation(nn.Sequential):
    """A convolution that keeps the size (but for the stride), a normalisation, an activation."""

    def __init__(self, inside: int, outside: int, kernel_size: int = 3, stride: int = 1,
                 groups: int = 1, dilation: int = 1, norm_layer: Any = nn.BatchNorm2d,
                 activation: Any = nn.ReLU) -> None:
        padding = (kernel_size - 1) // 2 * dilation
        layers = [nn.Conv2d(inside, outside, kernel_size, stride, padding, dilation, groups,
                            bias=False), norm_layer(outside)]
        if activation is not None:
            layers.append(activation(inplace=True))
        super().__init__(*layers)
        self.out_channels = outside


class SqueezeExcitation(nn.Module):
    """Weighs each channel by what its mean says, through two 1x1 convolutions."""

    def __init__(self, inside: int, squeezed: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(inside, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, inside, 1)
        self.activation = nn.ReLU()
        self.scale_activation = nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x))))) * x


class InvertedResidualV2(nn.Module):
    """Widen by a 1x1 convolution, filter each channel by 3x3, narrow again, add the input."""

    def __init__(self, inside: int, outside: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = round(inside * expand_ratio)
        self.use_res_connect = stride == 1 and inside == outside
        block = partial(ConvNormActivation, activation=nn.ReLU6)
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(block(inside, hidden, 1))
        layers += [block(hidden, hidden, stride=stride, groups=hidden),
                   nn.Conv2d(hidden, outside, 1, bias=False), nn.BatchNorm2d(outside)]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


def _initialise(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            zero_bias(module)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
            zero_bias(module)


class MobileNetV2(nn.Module):
    """MobileNet V2.

    Parameters
    ----------
    num_classes : int
        The number of outputs.
    width_mult : float
        The width of all layers, relative to the paper's.
    round_nearest : int
        Widths are multiples of this.
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

    _setting = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0, round_nearest: int = 8,
                 dropout: float = 0.2) -> None:
        super().__init__()
        width = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [ConvNormActivation(3, width, stride=2, activation=nn.ReLU6)]
        for expand, channels, count, stride in self._setting:
            outside = make_divisible(channels * width_mult, round_nearest)
            for i in range(count):
                features.append(InvertedResidualV2(width, outside, stride if i == 0 else 1,
                                                   expand))
                width = outside
        features.append(ConvNormActivation(width, self.last_channel, 1, activation=nn.ReLU6))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout),
                                        nn.Linear(self.last_channel, num_classes))
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class InvertedResidual(nn.Module):
    """V3's block: as V2's, with squeeze-and-excitation and hard swish where the table says."""

    def __init__(self, inside: int, kernel: int, expanded: int, outside: int, excite: bool,
                 hard_swish: bool, stride: int, dilation: int = 1) -> None:
        super().__init__()
        self.use_res_connect = stride == 1 and inside == outside
        block = partial(ConvNormActivation, norm_layer=partial(nn.BatchNorm2d, eps=0.001,
                                                               momentum=0.01))
        active = nn.Hardswish if hard_swish else nn.ReLU
        layers: list[nn.Module] = []
        if expanded != inside:
            layers.append(block(inside, expanded, 1, activation=active))
        layers.append(block(expanded, expanded, kernel, 1 if dilation > 1 else stride, expanded,
                            dilation, activation=active))
        if excite:
            layers.append(SqueezeExcitation(expanded, make_divisible(expanded // 4)))
        layers.append(block(expanded, outside, 1, activation=None))
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.use_res_connect else self.block(x)


# Kernel, expanded channels, channels, squeeze-and-excitation, hard swish, stride.
_LARGE = ((3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2),
          (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1), (3, 240, 80, 0, 1, 2),
          (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1),
          (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1), (5, 672, 160, 1, 1, 2),
          (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1))
_SMALL = ((3, 16, 16, 1, 0, 2), (3, 72, 24, 0, 0, 2), (3, 88, 24, 0, 0, 1), (5, 96, 40, 1, 1, 2),
          (5, 240, 40, 1, 1, 1), (5, 240, 40, 1, 1, 1), (5, 120, 48, 1, 1, 1),
          (5, 144, 48, 1, 1, 1), (5, 288, 96, 1, 1, 2), (5, 576, 96, 1, 1, 1),
          (5, 576, 96, 1, 1, 1))


class MobileNetV3(nn.Module):
    """MobileNet V3.

    Parameters
    ----------
    setting : sequence of tuple
        A row for each block.
    last_channel : int
        The width of the layer before the last.
    num_classes : int
        The number of outputs.
    dropout : float
        The share of features dropped before the last layer.
    width_mult : float
        The width of all layers, relative to the paper's.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244, 2019.
    """

    def __init__(self, setting: Any, last_channel: int, num_classes: int = 1000,
                 dropout: float = 0.2, width_mult: float = 1.0) -> None:
        super().__init__()
        def wide(n: int) -> int:
            return make_divisible(n * width_mult)

        block = partial(ConvNormActivation, activation=nn.Hardswish, norm_layer=partial(
            nn.BatchNorm2d, eps=0.001, momentum=0.01))
        width = wide(16)
        layers: list[nn.Module] = [block(3, width, stride=2)]
        for kernel, expanded, outside, excite, hard_swish, stride in setting:
            layers.append(InvertedResidual(width, kernel, wide(expanded), wide(outside),
                                           bool(excite), bool(hard_swish), stride))
            width = wide(outside)
        layers.append(block(width, 6 * width, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * width, wide(last_channel)), nn.Hardswish(inplace=True),
            nn.Dropout(dropout, inplace=True), nn.Linear(wide(last_channel), num_classes))
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


@register_model()
def mobilenet_v2(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> MobileNetV2:
    """MobileNet V2: 3.5 million weights; further arguments go to :class:`MobileNetV2`."""
    no_weights("mobilenet_v2", weights)
    return MobileNetV2(**kwargs)


@register_model()
def mobilenet_v3_large(*, weights: Any = None, progress: bool = True,
                       **kwargs: Any) -> MobileNetV3:
    """MobileNet V3 large: 5.5 million weights; further arguments go to :class:`MobileNetV3`."""
    no_weights("mobilenet_v3_large", weights)
    return MobileNetV3(_LARGE, 1280, **kwargs)


@register_model()
def mobilenet_v3_small(*, weights: Any = None, progress: bool = True,
                       **kwargs: Any) -> MobileNetV3:
    """MobileNet V3 small: 2.5 million weights."""
    no_weights("mobilenet_v3_small", weights)
    return MobileNetV3(_SMALL, 1024, **kwargs)
