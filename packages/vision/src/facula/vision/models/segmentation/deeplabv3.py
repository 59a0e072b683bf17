"""DeepLab v3: dilated convolutions of several rates side by side see several scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, cat
from facula.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from facula.vision.models.resnet import (
    ResNet50_Weights,
    ResNet101_Weights,
    resnet50,
    resnet101,
)
from facula.vision.models.segmentation._utils import (
    FCNHead,
    SimpleSegmentationModel,
    enlarged,
    entry,
    of_mobilenet,
    of_resnet,
)

__all__ = ["DeepLabV3", "DeepLabV3_ResNet50_Weights", "DeepLabV3_ResNet101_Weights",
           "DeepLabV3_MobileNet_V3_Large_Weights", "deeplabv3_mobilenet_v3_large",
           "deeplabv3_resnet50", "deeplabv3_resnet101"]

_DILATED = [False, True, True]  # the last two stages keep the size


class DeepLabV3(SimpleSegmentationModel):
    """DeepLab v3.

    Parameters
    ----------
    backbone : Module
        Gives a dictionary with ``"out"``, and ``"aux"`` for the second classifier.
    classifier : Module
        Scores the classes at each place of ``"out"``.
    aux_classifier : Module, optional
        Scores them at each place of ``"aux"``.

    References
    ----------
    L.-C. Chen et al., Rethinking atrous convolution for semantic image segmentation,
    arXiv:1706.05587, 2017.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.segmentation import deeplabv3_mobilenet_v3_large
    >>> model = deeplabv3_mobilenet_v3_large(weights_backbone=None, num_classes=4).eval()
    >>> model(facula.zeros(1, 3, 32, 32))["out"].shape
    facula.Size([1, 4, 32, 32])
    """


class ASPPConv(nn.Sequential):
    """A dilated 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation,
                      bias=False), nn.BatchNorm2d(out_channels), nn.ReLU())


class ASPPPooling(nn.Sequential):
    """The mean of all places, through a 1x1 convolution, for each place."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return enlarged(super().forward(x), x.shape[-2:])


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: a 1x1 convolution, dilated ones and the mean, side by side.

    Parameters
    ----------
    in_channels : int
        Before.
    atrous_rates : sequence of int
        The dilations.
    out_channels : int
        Of each branch, and after.
    """

    def __init__(self, in_channels: int, atrous_rates: Sequence[int],
                 out_channels: int = 256) -> None:
        super().__init__()
        self.convs = nn.ModuleList([
            nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False),
                          nn.BatchNorm2d(out_channels), nn.ReLU()),
            *[ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates],
            ASPPPooling(in_channels, out_channels)])
        self.project = nn.Sequential(
            nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels), nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        return self.project(cat([conv(x) for conv in self.convs], 1))


class DeepLabHead(nn.Sequential):
    """The pyramid, a 3x3 convolution, and a 1x1 convolution to the classes."""

    def __init__(self, in_channels: int, num_classes: int,
                 atrous_rates: Sequence[int] = (12, 24, 36)) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates), nn.Conv2d(256, 256, 3, padding=1, bias=False),
            nn.BatchNorm2d(256), nn.ReLU(), nn.Conv2d(256, num_classes, 1))


def _deeplab(parts: tuple[nn.Module, int, int], num_classes: int, aux: bool | None) -> DeepLabV3:
    body, wide, narrow = parts
    return DeepLabV3(body, DeepLabHead(wide, num_classes),
                     FCNHead(narrow, num_classes) if aux else None)


def _on_resnet(backbone: Any, num_classes: int, aux: bool | None, **kwargs: Any) -> DeepLabV3:
    return _deeplab(of_resnet(backbone, aux), num_classes, aux)


def _on_mobilenet(backbone: Any, num_classes: int, aux: bool | None, **kwargs: Any) -> DeepLabV3:
    return _deeplab(of_mobilenet(backbone, aux), num_classes, aux)


deeplabv3_resnet50, DeepLabV3_ResNet50_Weights = entry(
    "deeplabv3_resnet50", _on_resnet, "DeepLab v3 on a ResNet-50", resnet50,
    ResNet50_Weights.IMAGENET1K_V1, replace_stride_with_dilation=_DILATED)
deeplabv3_resnet101, DeepLabV3_ResNet101_Weights = entry(
    "deeplabv3_resnet101", _on_resnet, "DeepLab v3 on a ResNet-101", resnet101,
    ResNet101_Weights.IMAGENET1K_V1, replace_stride_with_dilation=_DILATED)
deeplabv3_mobilenet_v3_large, DeepLabV3_MobileNet_V3_Large_Weights = entry(
    "deeplabv3_mobilenet_v3_large", _on_mobilenet, "DeepLab v3 on a MobileNet V3 large",
    mobilenet_v3_large, MobileNet_V3_Large_Weights.IMAGENET1K_V1, dilated=True)
