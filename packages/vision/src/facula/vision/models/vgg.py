"""VGG: rows of 3x3 convolutions between poolings, with and without batch normalisation."""

from __future__ import annotations

from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models.registry import entry, settle, zero_bias

__all__ = [
    "VGG", "VGG11_Weights", "VGG11_BN_Weights", "VGG13_Weights", "VGG13_BN_Weights",
    "VGG16_Weights", "VGG16_BN_Weights", "VGG19_Weights", "VGG19_BN_Weights",
    "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
]

# How many convolutions stand before each of the five poolings.
_ROWS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def _features(depth: int, batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    inside = 3
    for count, width in zip(_ROWS[depth], (64, 128, 256, 512, 512), strict=True):
        for _ in range(count):
            layers.append(nn.Conv2d(inside, width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            inside = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """Convolutions and three linear layers.

    Parameters
    ----------
    features : Module
        The convolutions.
    num_classes : int
        The number of outputs.
    init_weights : bool
        Whether to draw the weights by He's rule.
    dropout : float
        The share of features dropped after each of the first two linear layers.

    References
    ----------
    K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image
    recognition, arXiv:1409.1556, 2014.
    """

    def __init__(self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True,
                 dropout: float = 0.5) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Linear(4096, num_classes))
        if init_weights:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                    zero_bias(module)
                elif isinstance(module, nn.Linear):
                    nn.init.normal_(module.weight, 0.0, 0.01)
                    zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _vgg(depth: int, batch_norm: bool, **kwargs: Any) -> VGG:
    return VGG(_features(depth, batch_norm), **kwargs)


def _prepare(weights: Any, kwargs: dict[str, Any]) -> None:
    settle("vgg", kwargs, "init_weights", False)


def _entry(name: str, depth: int, batch_norm: bool) -> tuple[Any, Any]:
    with_norm = " with batch normalisation" if batch_norm else ""
    return entry(name, partial(_vgg, depth, batch_norm), f"VGG of {depth} layers{with_norm}",
                 _prepare)


vgg11, VGG11_Weights = _entry("vgg11", 11, False)
vgg11_bn, VGG11_BN_Weights = _entry("vgg11_bn", 11, True)
vgg13, VGG13_Weights = _entry("vgg13", 13, False)
vgg13_bn, VGG13_BN_Weights = _entry("vgg13_bn", 13, True)
vgg16, VGG16_Weights = _entry("vgg16", 16, False)
vgg16_bn, VGG16_BN_Weights = _entry("vgg16_bn", 16, True)
vgg19, VGG19_Weights = _entry("vgg19", 19, False)
vgg19_bn, VGG19_BN_Weights = _entry("vgg19_bn", 19, True)
