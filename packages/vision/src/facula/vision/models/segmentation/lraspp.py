"""LR-ASPP: a light head that joins near and far features of a MobileNet."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import IntermediateLayerGetter, places_where_it_halves
from facula.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from facula.vision.models.segmentation._utils import enlarged, entry

__all__ = ["LRASPP", "LRASPP_MobileNet_V3_Large_Weights", "lraspp_mobilenet_v3_large"]


class LRASPPHead(nn.Module):
    """Far features weighed by their mean, and near ones, each through a 1x1 convolution."""

    def __init__(self, low_channels: int, high_channels: int, num_classes: int,
                 inter_channels: int) -> None:
        super().__init__()
        self.cbr = nn.Sequential(nn.Conv2d(high_channels, inter_channels, 1, bias=False),
                                 nn.BatchNorm2d(inter_channels), nn.ReLU(inplace=True))
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.Sigmoid())
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        low, high = input["low"], input["high"]
        far = enlarged(self.cbr(high) * self.scale(high), low.shape[-2:])
        return self.low_classifier(low) + self.high_classifier(far)


class LRASPP(nn.Module):
    """Lite reduced atrous spatial pyramid pooling.

    Parameters
    ----------
    backbone : Module
        Gives a dictionary with ``"low"`` and ``"high"``, near and far features.
    low_channels, high_channels : int
        The channels of both.
    num_classes : int
        The number of classes.
    inter_channels : int
        The channels inside.

    References
    ----------
    A. Howard et al., Searching for MobileNetV3, arXiv:1905.02244, 2019.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.segmentation import lraspp_mobilenet_v3_large
    >>> model = lraspp_mobilenet_v3_large(weights_backbone=None, num_classes=4).eval()
    >>> model(facula.zeros(1, 3, 32, 32))["out"].shape
    facula.Size([1, 4, 32, 32])
    """

    def __init__(self, backbone: nn.Module, low_channels: int, high_channels: int,
                 num_classes: int, inter_channels: int = 128) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        return OrderedDict(out=enlarged(self.classifier(self.backbone(input)), input.shape[-2:]))


def _lraspp(backbone: Any, num_classes: int, aux: bool | None, **kwargs: Any) -> LRASPP:
    if aux:
        raise NotImplementedError("lraspp_mobilenet_v3_large: aux_loss=True: this network has no "
                                  "classifier halfway: leave it out")
    features = backbone.features
    places = places_where_it_halves(features)
    low, high = places[-4], places[-1]
    body = IntermediateLayerGetter(features, {str(low): "low", str(high): "high"})
    return LRASPP(body, features[low].out_channels, features[high].out_channels, num_classes)


lraspp_mobilenet_v3_large, LRASPP_MobileNet_V3_Large_Weights = entry(
    "lraspp_mobilenet_v3_large", _lraspp, "LR-ASPP on a MobileNet V3 large", mobilenet_v3_large,
    MobileNet_V3_Large_Weights.IMAGENET1K_V1, dilated=True)
