"""RegNet X and Y: stages whose widths and depths follow from a quantised straight line."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import make_divisible
from facula.vision.models.registry import entry, zero_bias
from facula.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

_SIZES = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf", "128gf")

__all__ = [
    "RegNet", *[f"RegNet_Y_{size.upper()}_Weights" for size in _SIZES],
    *[f"RegNet_X_{size.upper()}_Weights" for size in _SIZES[:-1]],
    *[f"regnet_y_{size}" for size in _SIZES], *[f"regnet_x_{size}" for size in _SIZES[:-1]],
]

Layer = Callable[..., nn.Module]


class SimpleStemIN(Conv2dNormActivation):
    """The first layer: a 3x3 convolution of stride 2."""

    def __init__(self, width_in: int, width_out: int, norm_layer: Layer,
                 activation_layer: Layer) -> None:
        super().__init__(width_in, width_out, 3, 2, norm_layer=norm_layer,
                         activation_layer=activation_layer)


class BottleneckTransform(nn.Sequential):
    """A 1x1 convolution, one of 3x3 in groups, squeeze-and-excitation if wanted, one of 1x1."""

    def __init__(self, width_in: int, width_out: int, stride: int, norm_layer: Layer,
                 activation_layer: Layer, group_width: int, bottleneck_multiplier: float,
                 se_ratio: float | None) -> None:
        super().__init__()
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer)
        inner = round(width_out * bottleneck_multiplier)
        self.a = conv(width_in, inner, 1, activation_layer=activation_layer)
        self.b = conv(inner, inner, 3, stride, groups=inner // group_width,
                      activation_layer=activation_layer)
        if se_ratio:
            # The share is of the block's input, unlike in the paper on squeeze-and-excitation.
            self.se = SqueezeExcitation(inner, round(se_ratio * width_in),
                                        activation=activation_layer)
        self.c = conv(inner, width_out, 1, activation_layer=None)


class ResBottleneckBlock(nn.Module):
    """The transform, around which the input is led, through a 1x1 convolution if need be."""

    def __init__(self, width_in: int, width_out: int, stride: int, norm_layer: Layer,
                 activation_layer: Layer, group_width: int = 1,
                 bottleneck_multiplier: float = 1.0, se_ratio: float | None = None) -> None:
        super().__init__()
        self.proj = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(width_in, width_out, 1, stride, norm_layer=norm_layer,
                                             activation_layer=None)
        self.f = BottleneckTransform(width_in, width_out, stride, norm_layer, activation_layer,
                                     group_width, bottleneck_multiplier, se_ratio)
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.proj is None else self.proj(x)
        return self.activation(kept + self.f(x))


@dataclass
class BlockParams:
    """What the stages look like: a number of each list for each stage."""

    depths: list[int]
    widths: list[int]
    group_widths: list[int]
    bottleneck_multipliers: list[float]
    strides: list[int]
    se_ratio: float | None = None

    @classmethod
    def from_init_params(cls, depth: int, w_0: int, w_a: float, w_m: float, group_width: int,
                         bottleneck_multiplier: float = 1.0,
                         se_ratio: float | None = None) -> BlockParams:
        """The stages of a RegNet: block j is ``w_0 + w_a j`` wide, rounded to a power of ``w_m``.

        Equal widths in a row make a stage; then widths are rounded to multiples of 8, and to
        multiples of the group's width (equation 2 to 4 of the paper).

        Raises
        ------
        ValueError
            For a line that falls, or does not begin at a positive multiple of 8.
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8:
            raise ValueError(f"RegNet: w_0={w_0}, w_a={w_a}, w_m={w_m}: w_0 must be a positive "
                             "multiple of 8, w_a not negative, w_m above 1")
        line = np.arange(depth) * w_a + w_0
        powers = np.rint(np.log(line / w_0) / math.log(w_m))
        wide = (np.rint(w_0 * w_m ** powers / 8) * 8).astype(int).tolist()
        stages = [(width, len(list(same))) for width, same in itertools.groupby(wide)]
        groups = [min(group_width, int(width * bottleneck_multiplier)) for width, _ in stages]
        widths = [int(make_divisible(int(width * bottleneck_multiplier), group)
                      / bottleneck_multiplier)
                  for (width, _), group in zip(stages, groups, strict=True)]
        count = len(stages)
        return cls([n for _, n in stages], widths, groups, [bottleneck_multiplier] * count,
                   [2] * count, se_ratio)


class RegNet(nn.Module):
    """RegNet, X without and Y with squeeze-and-excitation.

    Parameters
    ----------
    block_params : BlockParams
        The stages.
    num_classes : int
        The number of outputs.
    stem_width : int
        The channels of the first convolution.
    stem_type, block_type, norm_layer, activation : callable, optional
        Other first layers, blocks, normalisations and activations.

    References
    ----------
    I. Radosavovic et al., Designing network design spaces, arXiv:2003.13678, 2020.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import regnet_x_400mf
    >>> regnet_x_400mf(num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, block_params: BlockParams, num_classes: int = 1000, stem_width: int = 32,
                 stem_type: Layer | None = None, block_type: Layer | None = None,
                 norm_layer: Layer | None = None, activation: Layer | None = None) -> None:
        super().__init__()
        norm, active = norm_layer or nn.BatchNorm2d, activation or nn.ReLU
        block = block_type or ResBottleneckBlock
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm, active)
        self.trunk_output = nn.Sequential()
        width = stem_width
        rows: Sequence[Any] = list(zip(
            block_params.widths, block_params.strides, block_params.depths,
            block_params.group_widths, block_params.bottleneck_multipliers, strict=True))
        for i, (outside, stride, depth, group, multiplier) in enumerate(rows, 1):
            stage = nn.Sequential()
            for j in range(depth):
                stage.add_module(f"block{i}-{j}", block(
                    outside if j else width, outside, 1 if j else stride, norm, active, group,
                    multiplier, block_params.se_ratio))
            self.trunk_output.add_module(f"block{i}", stage)
            width = outside
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # The fan out without regard to groups, as the paper's authors have it.
                fan_out = math.prod(module.kernel_size) * module.out_channels
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, 0.01)
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.avgpool(self.trunk_output(self.stem(x))).flatten(1))


def _entry(name: str, depth: int, w_0: int, w_a: float, w_m: float, group: int) -> tuple[Any, Any]:
    ratio = 0.25 if name.startswith("y") else None
    params = BlockParams.from_init_params(depth, w_0, w_a, w_m, group, se_ratio=ratio)
    return entry(f"regnet_{name}", partial(RegNet, params),
                 f"RegNet {name.replace('_', ' ', 1).replace('_', '.').upper()}")


regnet_y_400mf, RegNet_Y_400MF_Weights = _entry("y_400mf", 16, 48, 27.89, 2.09, 8)
regnet_y_800mf, RegNet_Y_800MF_Weights = _entry("y_800mf", 14, 56, 38.84, 2.4, 16)
regnet_y_1_6gf, RegNet_Y_1_6GF_Weights = _entry("y_1_6gf", 27, 48, 20.71, 2.65, 24)
regnet_y_3_2gf, RegNet_Y_3_2GF_Weights = _entry("y_3_2gf", 21, 80, 42.63, 2.66, 24)
regnet_y_8gf, RegNet_Y_8GF_Weights = _entry("y_8gf", 17, 192, 76.82, 2.19, 56)
regnet_y_16gf, RegNet_Y_16GF_Weights = _entry("y_16gf", 18, 200, 106.23, 2.48, 112)
regnet_y_32gf, RegNet_Y_32GF_Weights = _entry("y_32gf", 20, 232, 115.89, 2.53, 232)
regnet_y_128gf, RegNet_Y_128GF_Weights = _entry("y_128gf", 27, 456, 160.83, 2.52, 264)
regnet_x_400mf, RegNet_X_400MF_Weights = _entry("x_400mf", 22, 24, 24.48, 2.54, 16)
regnet_x_800mf, RegNet_X_800MF_Weights = _entry("x_800mf", 16, 56, 35.73, 2.28, 16)
regnet_x_1_6gf, RegNet_X_1_6GF_Weights = _entry("x_1_6gf", 18, 80, 34.01, 2.25, 24)
regnet_x_3_2gf, RegNet_X_3_2GF_Weights = _entry("x_3_2gf", 25, 88, 26.31, 2.25, 48)
regnet_x_8gf, RegNet_X_8GF_Weights = _entry("x_8gf", 23, 80, 49.56, 2.88, 120)
regnet_x_16gf, RegNet_X_16GF_Weights = _entry("x_16gf", 22, 216, 55.59, 2.1, 128)
regnet_x_32gf, RegNet_X_32GF_Weights = _entry("x_32gf", 23, 320, 69.86, 2.0, 168)
