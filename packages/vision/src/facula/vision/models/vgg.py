"""VGG: rows of 3x3 convolutions between poolings, with and without batch normalisation."""

from __future__ import annotations

from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models.registry import no_weights, register_model, zero_bias

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


def _register(depth: int, batch_norm: bool) -> Any:
    name = f"vgg{depth}_bn" if batch_norm else f"vgg{depth}"

    def build(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
        no_weights(name, weights)
        return VGG(_features(depth, batch_norm), **kwargs)

    build.__name__ = build.__qualname__ = name
    with_norm = " with batch normalisation" if batch_norm else ""
    build.__doc__ = f"VGG of {depth} layers{with_norm}; further arguments go to :class:`VGG`."
    return register_model()(build)


vgg11, vgg13, vgg16, vgg19 = (_register(depth, False) for depth in _ROWS)
vgg11_bn, vgg13_bn, vgg16_bn, vgg19_bn = (_register(depth, True) for depth in _ROWS)
