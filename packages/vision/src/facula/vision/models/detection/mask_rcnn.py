"""Mask R-CNN: boxes, what is in them, and which pixels belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula import nn
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection.detector import checked_backbone
from facula.vision.models.detection.faster_rcnn import (
    FasterRCNN,
    checked_pool,
    he_initialised,
    resnet50_pyramid,
    second_version,
)
from facula.vision.models.resnet import ResNet50_Weights
from facula.vision.ops import Conv2dNormActivation, MultiScaleRoIAlign

__all__ = ["MaskRCNN", "MaskRCNN_ResNet50_FPN_Weights", "MaskRCNN_ResNet50_FPN_V2_Weights",
           "maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2"]


class MaskRCNNHeads(nn.Sequential):
    """Convolutions on the features of a box."""

    _version = 2

    def __init__(self, in_channels: int, layers: Sequence[int], dilation: int,
                 norm_layer: Callable[..., nn.Module] | None = None) -> None:
        widths = [in_channels, *layers]
        super().__init__(*[
            Conv2dNormActivation(inside, outside, 3, padding=dilation, dilation=dilation,
                                 norm_layer=norm_layer)
            for inside, outside in zip(widths, layers, strict=False)])
        he_initialised(self)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # the layers had names
            for i in range(len(self)):
                for kind in ("weight", "bias"):
                    old = f"{prefix}mask_fcn{i + 1}.{kind}"
                    if old in state_dict:
                        state_dict[f"{prefix}{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class MaskRCNNPredictor(nn.Sequential):
    """A transposed convolution to twice the size, and a mask for each class.

    Parameters
    ----------
    in_channels, dim_reduced : int
        The channels before and between.
    num_classes : int
        The classes, background included.
    """

    def __init__(self, in_channels: int, dim_reduced: int, num_classes: int) -> None:
        super().__init__()
        self.add_module("conv5_mask", nn.ConvTranspose2d(in_channels, dim_reduced, 2, 2))
        self.add_module("relu", nn.ReLU(inplace=True))
        self.add_module("mask_fcn_logits", nn.Conv2d(dim_reduced, num_classes, 1))
        for name, parameter in self.named_parameters():
            if "weight" in name:
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")


class MaskRCNN(FasterRCNN):
    """Mask R-CNN.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name, all with ``backbone.out_channels`` channels.
    num_classes : int, optional
        The classes, background included, unless both predictors are given.
    mask_roi_pool, mask_head, mask_predictor : Module, optional
        The parts for masks.
    box_predictor : Module, optional
        Instead of ``num_classes``.
    **kwargs
        :class:`FasterRCNN`'s other arguments.

    Notes
    -----
    Targets hold ``"masks"`` ``(N, H, W)`` of 0 and 1 as well, and detections ``(N, 1, H, W)`` of
    probabilities.

    References
    ----------
    K. He et al., Mask R-CNN, arXiv:1703.06870, 2017.
    """

    def __init__(self, backbone: nn.Module, num_classes: int | None = None, *args: Any,
                 mask_roi_pool: MultiScaleRoIAlign | None = None,
                 mask_head: nn.Module | None = None, mask_predictor: nn.Module | None = None,
                 **kwargs: Any) -> None:
        channels = checked_backbone(backbone)
        pool = checked_pool("mask_roi_pool", mask_roi_pool, 14)
        if num_classes is not None and mask_predictor is not None:
            raise ValueError(f"MaskRCNN: num_classes={num_classes} and mask_predictor="
                             f"{mask_predictor}: only one of them is possible")
        super().__init__(backbone, num_classes, *args, **kwargs)
        self.roi_heads.mask_roi_pool = pool
        self.roi_heads.mask_head = mask_head or MaskRCNNHeads(channels, (256,) * 4, 1)
        self.roi_heads.mask_predictor = mask_predictor or MaskRCNNPredictor(
            256, 256, num_classes or 0)


def _first(start: Start, num_classes: int, **kwargs: Any) -> MaskRCNN:
    return MaskRCNN(resnet50_pyramid(start), num_classes, **kwargs)


def _second(start: Start, num_classes: int, **kwargs: Any) -> MaskRCNN:
    backbone, parts = second_version(start)
    head = MaskRCNNHeads(256, (256,) * 4, 1, norm_layer=nn.BatchNorm2d)
    return MaskRCNN(backbone, num_classes, mask_head=head, **parts, **kwargs)


maskrcnn_resnet50_fpn, MaskRCNN_ResNet50_FPN_Weights = entry(
    "maskrcnn_resnet50_fpn", _first, "Mask R-CNN on a ResNet-50", ResNet50_Weights.IMAGENET1K_V1,
    no_eps=True)
maskrcnn_resnet50_fpn_v2, MaskRCNN_ResNet50_FPN_V2_Weights = entry(
    "maskrcnn_resnet50_fpn_v2", _second, "Mask R-CNN, second version, on a ResNet-50",
    ResNet50_Weights.IMAGENET1K_V1, fetched=False)
