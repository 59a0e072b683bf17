"""Detection in two stages: proposals of where something is, then what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models.detection.detector import Detector
from facula.vision.models.detection.transform import GeneralizedRCNNTransform, Target


class GeneralizedRCNN(Detector):
    """The way through Faster, Mask and Keypoint R-CNN.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name.
    rpn : Module
        Proposes boxes out of them.
    roi_heads : Module
        Says what is in the boxes.
    transform : Module
        What is done to pictures before, and to detections after.
    """

    def __init__(self, backbone: nn.Module, rpn: nn.Module, roi_heads: nn.Module,
                 transform: GeneralizedRCNNTransform) -> None:
        super().__init__()
        self.transform = transform
        self.backbone = backbone
        self.rpn = rpn
        self.roi_heads = roi_heads

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> Any:
        batch, fitting, features = self._prepare(images, targets)
        proposals, proposal_losses = self.rpn(batch, features, fitting)
        found, detector_losses = self.roi_heads(features, proposals, batch.image_sizes, fitting)
        if self.training:
            return {**detector_losses, **proposal_losses}
        return self._finish(found, batch, images)
