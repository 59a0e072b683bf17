"""SSDlite: SSD of depthwise convolutions on a MobileNet V3."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import places_where_it_halves
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection._utils import retrieve_out_channels
from facula.vision.models.detection.anchor_utils import DefaultBoxGenerator
from facula.vision.models.detection.backbone_utils import freeze_before
from facula.vision.models.detection.ssd import SSD, SSDScoringHead, size_is_fixed
from facula.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from facula.vision.ops import Conv2dNormActivation

__all__ = ["SSDLite320_MobileNet_V3_Large_Weights", "ssdlite320_mobilenet_v3_large"]

Layer = Callable[..., nn.Module]


def _normal(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 0.03)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _prediction(in_channels: int, out_channels: int, norm_layer: Layer) -> nn.Sequential:
    """A depthwise 3x3 convolution, then one of 1x1."""
    return nn.Sequential(
        Conv2dNormActivation(in_channels, in_channels, 3, groups=in_channels,
                             norm_layer=norm_layer, activation_layer=nn.ReLU6),
        nn.Conv2d(in_channels, out_channels, 1))


def _extra(in_channels: int, out_channels: int, norm_layer: Layer) -> nn.Sequential:
    """Half the width by 1x1, half the size by a depthwise 3x3, the width by 1x1."""
    inside = out_channels // 2
    conv = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.ReLU6)
    return nn.Sequential(conv(in_channels, inside, 1),
                         conv(inside, inside, 3, 2, groups=inside), conv(inside, out_channels, 1))


class SSDLiteHead(nn.Module):
    """Both heads.

    Parameters
    ----------
    in_channels, num_anchors : list of int
        The channels of each feature map, and the boxes of each of its places.
    num_classes : int
        The classes, background included.
    norm_layer : callable
        Makes the normalisations.
    """

    def __init__(self, in_channels: Sequence[int], num_anchors: Sequence[int], num_classes: int,
                 norm_layer: Layer) -> None:
        super().__init__()
        self.classification_head, self.regression_head = (
            SSDScoringHead(nn.ModuleList([
                _prediction(channels, columns * boxes, norm_layer)
                for channels, boxes in zip(in_channels, num_anchors, strict=True)]), columns)
            for columns in (num_classes, 4))
        _normal(self)

    def forward(self, x: Sequence[Tensor]) -> dict[str, Tensor]:
        return {"bbox_regression": self.regression_head(x),
                "cls_logits": self.classification_head(x)}


class SSDLiteFeatureExtractorMobileNet(nn.Module):
    """A MobileNet's layers, cut inside the block ``c4_pos``, and smaller maps after them."""

    def __init__(self, backbone: nn.Module, c4_pos: int, norm_layer: Layer) -> None:
        super().__init__()
        layers: list[Any] = list(backbone.children())
        block = layers[c4_pos]
        if block.use_res_connect:
            raise ValueError(f"SSDLite: block {c4_pos} adds its input: it can't be cut")
        self.features = nn.Sequential(
            nn.Sequential(*layers[:c4_pos], block.block[0]),
            nn.Sequential(block.block[1:], *layers[c4_pos + 1:]))
        widths = [layers[-1].out_channels, 512, 256, 256, 128]
        self.extra = nn.ModuleList([
            _extra(inside, outside, norm_layer)
            for inside, outside in zip(widths, widths[1:], strict=False)])
        _normal(self.extra)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        found: OrderedDict[str, Tensor] = OrderedDict()
        for block in (*self.features, *self.extra):
            x = block(x)
            found[str(len(found))] = x
        return found


def _mobile(start: Start, num_classes: int, norm_layer: Layer | None = None,
            **kwargs: Any) -> SSD:
    size_is_fixed("ssdlite320_mobilenet_v3_large", kwargs)
    norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
    # The published backbone has the whole tail; where none is fetched it is halved.
    body = mobilenet_v3_large(weights=start.weights, progress=start.progress, norm_layer=norm,
                              reduced_tail=start.weights is None)
    if start.weights is None:
        _normal(body)
    stages = places_where_it_halves(body.features)
    freeze_before(list(body.features), stages, start.layers)
    backbone = SSDLiteFeatureExtractorMobileNet(body.features, stages[-2], norm)
    generator = DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95)
    channels = retrieve_out_channels(backbone, (320, 320))
    head = SSDLiteHead(channels, generator.num_anchors_per_location(),
                       num_classes, norm)
    defaults: dict[str, Any] = {
        "score_thresh": 0.001, "nms_thresh": 0.55, "detections_per_img": 300,
        "topk_candidates": 300, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    return SSD(backbone, generator, (320, 320), num_classes, head=head, **{**defaults, **kwargs})


ssdlite320_mobilenet_v3_large, SSDLite320_MobileNet_V3_Large_Weights = entry(
    "ssdlite320_mobilenet_v3_large", _mobile, "SSDlite on a MobileNet V3",
    MobileNet_V3_Large_Weights.IMAGENET1K_V1, layers=(6, 6))
