"""ConvNeXt: a ResNet modernised until it looks like a transformer without attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor, full
from facula.vision.models.registry import entry, zero_bias
from facula.vision.ops.misc import Conv2dNormActivation, Permute
from facula.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["ConvNeXt", "ConvNeXt_Tiny_Weights", "ConvNeXt_Small_Weights", "ConvNeXt_Base_Weights",
           "ConvNeXt_Large_Weights", "convnext_tiny", "convnext_small", "convnext_base",
           "convnext_large"]

Layer = Callable[..., nn.Module]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation of the channels of pictures ``(N, C, H, W)``."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A depthwise 7x7 convolution, then a perceptron of each pixel, added with small factors."""

    def __init__(self, dim: int, layer_scale: float, stochastic_depth_prob: float,
                 norm_layer: Layer | None = None) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute([0, 2, 3, 1]), norm(dim),
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]))
        self.layer_scale = nn.Parameter(full((dim, 1, 1), layer_scale))
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


@dataclass
class CNBlockConfig:
    """A stage: its channels, those of the next one if there is one, and its blocks."""

    input_channels: int
    out_channels: int | None
    num_layers: int


class ConvNeXt(nn.Module):
    """ConvNeXt.

    Parameters
    ----------
    block_setting : list of CNBlockConfig
        The stages.
    stochastic_depth_prob : float
        The probability that the last block is left out; it grows up to it.
    layer_scale : float
        By what each block's output is multiplied at first.
    num_classes : int
        The number of outputs.
    block, norm_layer : callable, optional
        Other blocks, another normalisation.

    References
    ----------
    Z. Liu et al., A ConvNet for the 2020s, arXiv:2201.03545, 2022.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import ConvNeXt
    >>> from facula.vision.models.convnext import CNBlockConfig
    >>> model = ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 2)], num_classes=4)
    >>> model(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, block_setting: Sequence[CNBlockConfig], stochastic_depth_prob: float = 0.0,
                 layer_scale: float = 1e-6, num_classes: int = 1000, block: Layer | None = None,
                 norm_layer: Layer | None = None, **kwargs: Any) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("ConvNeXt: block_setting is empty")
        if not all(isinstance(row, CNBlockConfig) for row in block_setting):
            raise TypeError("ConvNeXt: block_setting must hold CNBlockConfig only")
        block = block or CNBlock
        norm = norm_layer or partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [Conv2dNormActivation(
            3, block_setting[0].input_channels, 4, 4, 0, norm_layer=norm, activation_layer=None,
            bias=True)]
        last = sum(row.num_layers for row in block_setting) - 1
        done = 0
        for row in block_setting:
            layers.append(nn.Sequential(*[
                block(row.input_channels, layer_scale, stochastic_depth_prob * (done + i) / last)
                for i in range(row.num_layers)]))
            done += row.num_layers
            if row.out_channels is not None:
                layers.append(nn.Sequential(
                    norm(row.input_channels),
                    nn.Conv2d(row.input_channels, row.out_channels, 2, 2)))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        width = block_setting[-1].out_channels or block_setting[-1].input_channels
        self.classifier = nn.Sequential(norm(width), nn.Flatten(1), nn.Linear(width, num_classes))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))


def _entry(size: str, width: int, third: int, probability: float) -> tuple[Any, Any]:
    setting = [CNBlockConfig(width, 2 * width, 3), CNBlockConfig(2 * width, 4 * width, 3),
               CNBlockConfig(4 * width, 8 * width, third), CNBlockConfig(8 * width, None, 3)]
    return entry(f"convnext_{size}",
                 partial(ConvNeXt, setting, stochastic_depth_prob=probability), f"ConvNeXt {size}")


convnext_tiny, ConvNeXt_Tiny_Weights = _entry("tiny", 96, 9, 0.1)
convnext_small, ConvNeXt_Small_Weights = _entry("small", 96, 27, 0.4)
convnext_base, ConvNeXt_Base_Weights = _entry("base", 128, 27, 0.5)
convnext_large, ConvNeXt_Large_Weights = _entry("large", 192, 27, 0.5)
