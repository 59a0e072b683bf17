"""DenseNet: each layer sees what all layers before it in its block gave."""

from __future__ import annotations

from typing import Any

from facula import nn
from facula.core import Tensor, cat
from facula.vision.models.registry import no_weights, register_model, zero_bias


class _DenseLayer(nn.Module):
    """Batch norm, ReLU and a 1x1 convolution, then the same with 3x3."""

    def __init__(self, num_input_features: int, growth_rate: int, bn_size: int,
                 drop_rate: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = drop_rate

    def forward(self, features: list[Tensor]) -> Tensor:
        x = self.conv1(self.relu1(self.norm1(cat(features, 1))))
        x = self.conv2(self.relu2(self.norm2(x)))
        return nn.functional.dropout(x, self.drop_rate, self.training) if self.drop_rate else x


class _DenseBlock(nn.ModuleDict):
    """Layers, each fed with the block's input and the outputs of all before it."""

    def __init__(self, num_layers: int, inside: int, bn_size: int, growth_rate: int,
                 drop_rate: float) -> None:
        super().__init__()
        for i in range(num_layers):
            self[f"denselayer{i + 1}"] = _DenseLayer(inside + i * growth_rate, growth_rate,
                                                     bn_size, drop_rate)

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
                 num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, num_init_features, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(num_init_features))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        width = num_init_features
        for i, layers in enumerate(block_config, 1):
            self.features.add_module(f"denseblock{i}", _DenseBlock(layers, width, bn_size,
                                                                   growth_rate, drop_rate))
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


@register_model()
def densenet121(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-121: 8.0 million weights; further arguments go to :class:`DenseNet`."""
    no_weights("densenet121", weights)
    return DenseNet(32, (6, 12, 24, 16), 64, **kwargs)


@register_model()
def densenet161(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-161: 28.7 million weights."""
    no_weights("densenet161", weights)
    return DenseNet(48, (6, 12, 36, 24), 96, **kwargs)


@register_model()
def densenet169(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-169: 14.1 million weights."""
    no_weights("densenet169", weights)
    return DenseNet(32, (6, 12, 32, 32), 64, **kwargs)


@register_model()
def densenet201(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-201: 20.0 million weights."""
    no_weights("densenet201", weights)
    return DenseNet(32, (6, 12, 48, 32), 64, **kwargs)
