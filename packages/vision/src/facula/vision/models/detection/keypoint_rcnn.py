"""Keypoint R-CNN: boxes around people, and where their joints are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.nn import functional as F
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection.detector import checked_backbone
from facula.vision.models.detection.faster_rcnn import (
    FasterRCNN,
    checked_pool,
    he_initialised,
    resnet50_pyramid,
)
from facula.vision.models.resnet import ResNet50_Weights
from facula.vision.ops import MultiScaleRoIAlign

__all__ = ["KeypointRCNN", "KeypointRCNN_ResNet50_FPN_Weights", "keypointrcnn_resnet50_fpn"]


class KeypointRCNNHeads(nn.Sequential):
    """Convolutions on the features of a box."""

    def __init__(self, in_channels: int, layers: Sequence[int]) -> None:
        blocks: list[nn.Module] = []
        for channels in layers:
            blocks += [nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(inplace=True)]
            in_channels = channels
        super().__init__(*blocks)
        he_initialised(self)


class KeypointRCNNPredictor(nn.Module):
    """A heat map for each keypoint, of four times the size.

    Parameters
    ----------
    in_channels : int
        The channels before.
    num_keypoints : int
        The keypoints.
    """

    def __init__(self, in_channels: int, num_keypoints: int) -> None:
        super().__init__()
        self.kps_score_lowres = nn.ConvTranspose2d(in_channels, num_keypoints, 4, 2, 1)
        nn.init.kaiming_normal_(self.kps_score_lowres.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.kps_score_lowres.bias)  # type: ignore[arg-type]
        self.up_scale = 2
        self.out_channels = num_keypoints

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.kps_score_lowres(x), scale_factor=float(self.up_scale),
                             mode="bilinear", align_corners=False)


class KeypointRCNN(FasterRCNN):
    """Keypoint R-CNN.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name, all with ``backbone.out_channels`` channels.
    num_classes : int, optional
        The classes, background included, unless ``box_predictor`` is given.
    min_size : int or tuple of int, optional
        The shorter side; by default one of six is drawn while training.
    keypoint_roi_pool, keypoint_head, keypoint_predictor : Module, optional
        The parts for keypoints.
    num_keypoints : int, optional
        The keypoints of each box, 17 by default.
    **kwargs
        :class:`FasterRCNN`'s other arguments.

    Notes
    -----
    Targets hold ``"keypoints"`` ``(N, K, 3)`` of x, y and visibility as well, and so do
    detections, with ``"keypoints_scores"`` ``(N, K)``.

    References
    ----------
    K. He et al., Mask R-CNN, arXiv:1703.06870, 2017, section 5.
    """

    def __init__(self, backbone: nn.Module, num_classes: int | None = None, min_size: Any = None,
                 *args: Any, keypoint_roi_pool: MultiScaleRoIAlign | None = None,
                 keypoint_head: nn.Module | None = None,
                 keypoint_predictor: nn.Module | None = None, num_keypoints: int | None = None,
                 **kwargs: Any) -> None:
        channels = checked_backbone(backbone)
        pool = checked_pool("keypoint_roi_pool", keypoint_roi_pool, 14)
        if num_keypoints is not None and keypoint_predictor is not None:
            raise ValueError(f"KeypointRCNN: num_keypoints={num_keypoints} and keypoint_predictor="
                             f"{keypoint_predictor}: only one of them is possible")
        super().__init__(backbone, num_classes, min_size or (640, 672, 704, 736, 768, 800), *args,
                         **kwargs)
        self.roi_heads.keypoint_roi_pool = pool
        self.roi_heads.keypoint_head = keypoint_head or KeypointRCNNHeads(channels, (512,) * 8)
        self.roi_heads.keypoint_predictor = keypoint_predictor or KeypointRCNNPredictor(
            512, num_keypoints or 17)


def _first(start: Start, num_classes: int, **kwargs: Any) -> KeypointRCNN:
    return KeypointRCNN(resnet50_pyramid(start), num_classes, **kwargs)


keypointrcnn_resnet50_fpn, KeypointRCNN_ResNet50_FPN_Weights = entry(
    "keypointrcnn_resnet50_fpn", _first, "Keypoint R-CNN on a ResNet-50",
    ResNet50_Weights.IMAGENET1K_V1, classes=2, no_eps=True)
