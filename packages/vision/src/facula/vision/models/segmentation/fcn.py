"""FCN: a network for classification made fully convolutional, so that it classifies places."""

from __future__ import annotations

from typing import Any

from facula.vision.models.resnet import (
    ResNet50_Weights,
    ResNet101_Weights,
    resnet50,
    resnet101,
)
from facula.vision.models.segmentation._utils import (
    FCNHead,
    SimpleSegmentationModel,
    entry,
    of_resnet,
)

__all__ = ["FCN", "FCN_ResNet50_Weights", "FCN_ResNet101_Weights", "fcn_resnet50",
           "fcn_resnet101"]

_DILATED = [False, True, True]  # the last two stages keep the size


class FCN(SimpleSegmentationModel):
    """The fully convolutional network.

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
    J. Long et al., Fully convolutional networks for semantic segmentation, arXiv:1411.4038, 2014.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.segmentation import fcn_resnet50
    >>> model = fcn_resnet50(weights_backbone=None, num_classes=4).eval()
    >>> model(facula.zeros(1, 3, 32, 32))["out"].shape
    facula.Size([1, 4, 32, 32])
    """


def _fcn(backbone: Any, num_classes: int, aux: bool | None, **kwargs: Any) -> FCN:
    body, wide, narrow = of_resnet(backbone, aux)
    return FCN(body, FCNHead(wide, num_classes), FCNHead(narrow, num_classes) if aux else None)


fcn_resnet50, FCN_ResNet50_Weights = entry(
    "fcn_resnet50", _fcn, "FCN on a ResNet-50", resnet50, ResNet50_Weights.IMAGENET1K_V1,
    replace_stride_with_dilation=_DILATED)
fcn_resnet101, FCN_ResNet101_Weights = entry(
    "fcn_resnet101", _fcn, "FCN on a ResNet-101", resnet101, ResNet101_Weights.IMAGENET1K_V1,
    replace_stride_with_dilation=_DILATED)
