"""DenseNet: each layer sees what all layers before it in its block gave."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from facula import nn
from facula.autograd.checkpoint import checkpoint
from facula.core import Tensor, cat
from facula.vision.models.registry import entry, zero_bias

__all__ = [
    "DenseNet", "DenseNet121_Weights", "DenseNet161_Weights", "DenseNet169_Weights",
    "DenseNet201_Weights", "densenet121", "densenet161", "densenet169", "densenet201",
]


class _DenseLayer(nn.Module):
    """Batch norm, ReLU and a 1x1 convolution, then the same with 3x3."""

    def __init__(self, num_input_features: int, growth_rate: int, bn_size: int,
                 drop_rate: float, memory_efficient: bool) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = drop_rate
        self.memory_efficient = memory_efficient

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              *args: Any) -> None:
        for key in [key for key in state_dict if key.startswith(prefix)]:
            # The published files call norm1 to conv2 by names that modules can't have: "norm.1".
            state_dict[re.sub(r"(norm|conv)\.([12])\.(?=[^.]+$)", r"\1\2.", key)
                       ] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _bottleneck(self, *features: Tensor) -> Tensor:
        narrow: Tensor = self.conv1(self.relu1(self.norm1(cat(features, 1))))
        return narrow

    def forward(self, features: list[Tensor]) -> Tensor:
        if self.memory_efficient and any(x.requires_grad for x in features):
            x = checkpoint(self._bottleneck, *features, use_reentrant=False)
        else:
            x = self._bottleneck(*features)
        x = self.conv2(self.relu2(self.norm2(x)))
        return nn.functional.dropout(x, self.drop_rate, self.training) if self.drop_rate else x


class _DenseBlock(nn.ModuleDict):
    """Layers, each fed with the block's input and the outputs of all before it."""

    def __init__(self, num_layers: int, inside: int, bn_size: int, growth_rate: int,
                 drop_rate: float, memory_efficient: bool) -> None:
        super().__init__()
        for i in range(num_layers):
            self[f"denselayer{i + 1}"] = _DenseLayer(inside + i * growth_rate, growth_rate,
                                                     bn_size, drop_rate, memory_efficient)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.values():
            features.append(layer(features))
        return cat(features, 1)


class _Transition(nn.Sequential):
    """A 1x1 convolution that halves the channels, and a pooling that halves the sides."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inside)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(inside, outside, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2)


class DenseNet(nn.Module):
    """The densely connected network.

    Parameters
    ----------
    growth_rate : int
        The channels that each layer adds.
    block_config : tuple of int
        How many layers each block has.
    num_init_features : int
        The channels of the first convolution.
    bn_size : int
        The width of the bottlenecks, in growth rates.
    drop_rate : float
        The share of features dropped after each layer.
    num_classes : int
        The number of outputs.
    memory_efficient : bool
        Compute what each layer concatenates again in the backward pass instead of keeping it.

    References
    ----------
    G. Huang et al., Densely connected convolutional networks, arXiv:1608.06993, 2016.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import DenseNet
    >>> model = DenseNet(8, (2, 2), 16, num_classes=3).eval()
    >>> model(facula.zeros(1, 3, 64, 64)).shape
    facula.Size([1, 3])
    """

    def __init__(self, growth_rate: int = 32, block_config: tuple[int, ...] = (6, 12, 24, 16),
                 num_init_features: int = 64, bn_size: int = 4, drop_rate: float = 0,
                 num_classes: int = 1000, memory_efficient: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, num_init_features, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(num_init_features))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        width = num_init_features
        for i, layers in enumerate(block_config, 1):
            self.features.add_module(f"denseblock{i}", _DenseBlock(
                layers, width, bn_size, growth_rate, drop_rate, memory_efficient))
            width += layers * growth_rate
            if i < len(block_config):
                self.features.add_module(f"transition{i}", _Transition(width, width // 2))
                width //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.Linear):
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.features(x))
        return self.classifier(x.mean((2, 3)))


densenet121, DenseNet121_Weights = entry(
    "densenet121", partial(DenseNet, 32, (6, 12, 24, 16), 64), "DenseNet-121")
densenet161, DenseNet161_Weights = entry(
    "densenet161", partial(DenseNet, 48, (6, 12, 36, 24), 96), "DenseNet-161")
densenet169, DenseNet169_Weights = entry(
    "densenet169", partial(DenseNet, 32, (6, 12, 32, 32), 64), "DenseNet-169")
densenet201, DenseNet201_Weights = entry(
    "densenet201", partial(DenseNet, 32, (6, 12, 48, 32), 64), "DenseNet-201")
