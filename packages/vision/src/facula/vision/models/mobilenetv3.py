"""MobileNet V3: inverted residuals with squeeze-and-excitation and hard swish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import initialise_mobile, make_divisible
from facula.vision.models.registry import entry
from facula.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = ["MobileNetV3", "MobileNet_V3_Large_Weights", "MobileNet_V3_Small_Weights",
           "mobilenet_v3_large", "mobilenet_v3_small"]


class InvertedResidualConfig:
    """A row of the paper's tables 1 and 2, its widths multiplied and rounded.

    Parameters
    ----------
    input_channels, kernel, expanded_channels, out_channels : int
        Widths before, between and after; the depthwise convolution's size.
    use_se : bool
        Whether to squeeze and excite.
    activation : str
        ``"RE"`` for ReLU, ``"HS"`` for hard swish.
    stride, dilation : int
        The depthwise convolution's.
    width_mult : float
        By how much to multiply widths.
    """

    def __init__(self, input_channels: int, kernel: int, expanded_channels: int,
                 out_channels: int, use_se: bool, activation: str, stride: int, dilation: int,
                 width_mult: float) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """A width, multiplied and rounded to a multiple of 8."""
        return make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """V2's block, with squeeze-and-excitation and hard swish where the table says."""

    def __init__(self, cnf: InvertedResidualConfig, norm_layer: Callable[..., nn.Module],
                 se_layer: Callable[..., nn.Module] = partial(
                     SqueezeExcitation, scale_activation=nn.Hardsigmoid)) -> None:
        super().__init__()
        if cnf.stride not in (1, 2):
            raise ValueError(f"InvertedResidual: stride={cnf.stride} must be 1 or 2")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        block = partial(Conv2dNormActivation, norm_layer=norm_layer,
                        activation_layer=nn.Hardswish if cnf.use_hs else nn.ReLU)
        wide = cnf.expanded_channels
        layers: list[nn.Module] = []
        if wide != cnf.input_channels:
            layers.append(block(cnf.input_channels, wide, 1))
        layers.append(block(wide, wide, cnf.kernel, 1 if cnf.dilation > 1 else cnf.stride,
                            groups=wide, dilation=cnf.dilation))
        if cnf.use_se:
            layers.append(se_layer(wide, make_divisible(wide // 4, 8)))
        layers.append(block(wide, cnf.out_channels, 1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1

    def forward(self, input: Tensor) -> Tensor:
        return input + self.block(input) if self.use_res_connect else self.block(input)


class MobileNetV3(nn.Module):
    """MobileNet V3.

    Parameters
    ----------
    inverted_residual_setting : list of InvertedResidualConfig
        A row for each block.
    last_channel : int
        The width of the layer before the last.
    num_classes : int
        The number of outputs.
    block, norm_layer : callable, optional
        Other blocks, another normalisation.
    dropout : float
        The share of features dropped before the last layer.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244, 2019.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import mobilenet_v3_small
    >>> mobilenet_v3_small(num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, inverted_residual_setting: Sequence[InvertedResidualConfig],
                 last_channel: int, num_classes: int = 1000,
                 block: Callable[..., nn.Module] | None = None,
                 norm_layer: Callable[..., nn.Module] | None = None,
                 dropout: float = 0.2) -> None:
        super().__init__()
        setting = list(inverted_residual_setting)
        if not setting:
            raise ValueError("MobileNetV3: inverted_residual_setting is empty")
        if not all(isinstance(row, InvertedResidualConfig) for row in setting):
            raise TypeError("MobileNetV3: inverted_residual_setting must hold "
                            "InvertedResidualConfig only")
        norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        block = block or InvertedResidual
        outer = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.Hardswish)
        narrow = setting[-1].out_channels
        self.features = nn.Sequential(
            outer(3, setting[0].input_channels, 3, 2), *[block(row, norm) for row in setting],
            outer(narrow, 6 * narrow, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * narrow, last_channel), nn.Hardswish(inplace=True),
            nn.Dropout(dropout, inplace=True), nn.Linear(last_channel, num_classes))
        initialise_mobile(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


# Channels, kernel, expanded channels, channels after, squeeze-and-excitation, activation, stride;
# the rows from `tail` on are those that reduced_tail narrows and dilated dilates.
_LARGE = ((16, 3, 16, 16, False, "RE", 1), (16, 3, 64, 24, False, "RE", 2),
          (24, 3, 72, 24, False, "RE", 1), (24, 5, 72, 40, True, "RE", 2),
          (40, 5, 120, 40, True, "RE", 1), (40, 5, 120, 40, True, "RE", 1),
          (40, 3, 240, 80, False, "HS", 2), (80, 3, 200, 80, False, "HS", 1),
          (80, 3, 184, 80, False, "HS", 1), (80, 3, 184, 80, False, "HS", 1),
          (80, 3, 480, 112, True, "HS", 1), (112, 3, 672, 112, True, "HS", 1),
          (112, 5, 672, 160, True, "HS", 2), (160, 5, 960, 160, True, "HS", 1),
          (160, 5, 960, 160, True, "HS", 1))
_SMALL = ((16, 3, 16, 16, True, "RE", 2), (16, 3, 72, 24, False, "RE", 2),
          (24, 3, 88, 24, False, "RE", 1), (24, 5, 96, 40, True, "HS", 2),
          (40, 5, 240, 40, True, "HS", 1), (40, 5, 240, 40, True, "HS", 1),
          (40, 5, 120, 48, True, "HS", 1), (48, 5, 144, 48, True, "HS", 1),
          (48, 5, 288, 96, True, "HS", 2), (96, 5, 576, 96, True, "HS", 1),
          (96, 5, 576, 96, True, "HS", 1))


def _mobilenet_v3(rows: Any, last_channel: int, width_mult: float = 1.0,
                  reduced_tail: bool = False, dilated: bool = False,
                  **kwargs: Any) -> MobileNetV3:
    divide = 2 if reduced_tail else 1
    tail = len(rows) - 3
    setting = []
    for i, (inside, kernel, expanded, outside, excite, active, stride) in enumerate(rows):
        if i >= tail:
            outside //= divide
        if i > tail:
            inside, expanded = inside // divide, expanded // divide
        setting.append(InvertedResidualConfig(
            inside, kernel, expanded, outside, excite, active, stride,
            2 if dilated and i >= tail else 1, width_mult))
    last = InvertedResidualConfig.adjust_channels(last_channel // divide, width_mult)
    return MobileNetV3(setting, last, **kwargs)


mobilenet_v3_large, MobileNet_V3_Large_Weights = entry(
    "mobilenet_v3_large", partial(_mobilenet_v3, _LARGE, 1280), "MobileNet V3 large")
mobilenet_v3_small, MobileNet_V3_Small_Weights = entry(
    "mobilenet_v3_small", partial(_mobilenet_v3, _SMALL, 1024), "MobileNet V3 small")
