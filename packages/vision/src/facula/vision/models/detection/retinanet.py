"""RetinaNet: detection in one stage, with a loss that looks at what is hard."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor, cat, zeros_like
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection._utils import (
    BoxCoder,
    Matcher,
    box_loss,
    indices,
    no_match,
    per_place,
    top_scores,
)
from facula.vision.models.detection.anchor_utils import AnchorGenerator
from facula.vision.models.detection.backbone_utils import LastLevelP6P7, resnet_fpn
from facula.vision.models.detection.detector import (
    IMAGE_MEAN,
    IMAGE_STD,
    Detector,
    checked_backbone,
    detections,
)
from facula.vision.models.detection.faster_rcnn import resnet50_pyramid
from facula.vision.models.detection.transform import GeneralizedRCNNTransform, Target
from facula.vision.models.resnet import ResNet50_Weights, resnet50
from facula.vision.ops import (
    Conv2dNormActivation,
    box_iou,
    clip_boxes_to_image,
    sigmoid_focal_loss,
)

__all__ = ["RetinaNet", "RetinaNet_ResNet50_FPN_Weights", "RetinaNet_ResNet50_FPN_V2_Weights",
           "retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2"]

Layer = Callable[..., nn.Module]


def small_normal(model: nn.Module) -> None:
    """Draw the weights of convolutions with a deviation of 0.01, with biases of zero."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=0.01)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def prior_bias(layer: nn.Conv2d, probability: float) -> None:
    """Start scores so that everything is there with this probability."""
    nn.init.constant_(layer.bias,  # type: ignore[arg-type]
                      -math.log((1 - probability) / probability))


class _Head(nn.Module):
    """Four convolutions, shared by all feature maps."""

    _version = 2

    def __init__(self, in_channels: int, norm_layer: Layer | None) -> None:
        super().__init__()
        self.conv = nn.Sequential(*[
            Conv2dNormActivation(in_channels, in_channels, norm_layer=norm_layer)
            for _ in range(4)])

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # layers and activations stood in one row
            for i in range(4):
                for kind in ("weight", "bias"):
                    old = f"{prefix}conv.{2 * i}.{kind}"
                    if old in state_dict:
                        state_dict[f"{prefix}conv.{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class RetinaNetClassificationHead(_Head):
    """A score for each class and anchor of each place."""

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int,
                 prior_probability: float = 0.01, norm_layer: Layer | None = None) -> None:
        super().__init__(in_channels, norm_layer)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, 3, padding=1)
        small_normal(self)
        prior_bias(self.cls_logits, prior_probability)
        self.num_classes = num_classes
        self.num_anchors = num_anchors

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     matched_idxs: Sequence[Tensor]) -> Tensor:
        """The focal loss of all scores, divided by the number of targets' anchors."""
        total: Any = 0
        for target, logits, matched in zip(targets, head_outputs["cls_logits"], matched_idxs,
                                           strict=True):
            found = indices(matched >= 0)
            wanted = zeros_like(logits)
            wanted[found, target["labels"][matched[found]]] = 1.0
            counted = indices(matched != Matcher.BETWEEN_THRESHOLDS)
            loss = sigmoid_focal_loss(logits[counted], wanted[counted], reduction="sum")
            total = total + loss / max(1, len(found))
        mean: Tensor = total / len(targets)
        return mean

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        return cat([per_place(self.cls_logits(self.conv(features)), self.num_classes)
                    for features in x], 1)


class RetinaNetRegressionHead(_Head):
    """The code of a box for each anchor of each place."""

    def __init__(self, in_channels: int, num_anchors: int,
                 norm_layer: Layer | None = None) -> None:
        super().__init__(in_channels, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, 3, padding=1)
        small_normal(self)
        self.box_coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
        self._loss_type = "l1"

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor], matched_idxs: Sequence[Tensor]) -> Tensor:
        """How far the boxes of targets' anchors are, divided by their number."""
        total: Any = 0
        for target, codes, anchor, matched in zip(targets, head_outputs["bbox_regression"],
                                                  anchors, matched_idxs, strict=True):
            found = indices(matched >= 0)
            loss = box_loss(self._loss_type, self.box_coder, anchor[found],
                            target["boxes"][matched[found]], codes[found])
            total = total + loss / max(1, len(found))
        mean: Tensor = total / max(1, len(targets))
        return mean

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        return cat([per_place(self.bbox_reg(self.conv(features)), 4) for features in x], 1)


class RetinaNetHead(nn.Module):
    """Both heads.

    Parameters
    ----------
    in_channels : int
        The feature maps' channels.
    num_anchors, num_classes : int
        The anchors of each place, the classes.
    norm_layer : callable, optional
        Makes normalisations.
    """

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int,
                 norm_layer: Layer | None = None) -> None:
        super().__init__()
        self.classification_head = RetinaNetClassificationHead(
            in_channels, num_anchors, num_classes, norm_layer=norm_layer)
        self.regression_head = RetinaNetRegressionHead(in_channels, num_anchors, norm_layer)

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor],
                     matched_idxs: Sequence[Tensor]) -> dict[str, Tensor]:
        """Both losses."""
        return {
            "classification": self.classification_head.compute_loss(targets, head_outputs,
                                                                    matched_idxs),
            "bbox_regression": self.regression_head.compute_loss(targets, head_outputs, anchors,
                                                                 matched_idxs)}

    def forward(self, x: Sequence[Tensor]) -> dict[str, Tensor]:
        return {"cls_logits": self.classification_head(x),
                "bbox_regression": self.regression_head(x)}


def three_sizes() -> AnchorGenerator:
    """Three sizes in three shapes for each of five maps, a third of an octave apart."""
    sizes = tuple([(x, int(x * 2 ** (1 / 3)), int(x * 2 ** (2 / 3)))
                   for x in (32, 64, 128, 256, 512)])
    return AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5)


class RetinaNet(Detector):
    """RetinaNet.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name, all with ``backbone.out_channels`` channels.
    num_classes : int
        The classes, background included.
    min_size, max_size, image_mean, image_std
        How pictures are resized and normalised.
    anchor_generator, head : Module, optional
        Its parts.
    proposal_matcher : Matcher, optional
        Matches anchors with targets.
    score_thresh, nms_thresh, detections_per_img, topk_candidates
        The smallest score, the overlap from which on a better detection removes another, how many
        are kept, and how many of each feature map are looked at.
    fg_iou_thresh, bg_iou_thresh : float
        From which overlap on an anchor counts as a target's, and below which as background.

    References
    ----------
    T.-Y. Lin et al., Focal loss for dense object detection, arXiv:1708.02002, 2017; second
    version: S. Zhang et al., Bridging the gap between anchor-based and anchor-free detection via
    adaptive training sample selection, arXiv:1912.02424, 2019.
    """

    def __init__(self, backbone: nn.Module, num_classes: int, min_size: Any = 800,
                 max_size: int = 1333, image_mean: Sequence[float] | None = None,
                 image_std: Sequence[float] | None = None,
                 anchor_generator: AnchorGenerator | None = None, head: Any = None,
                 proposal_matcher: Matcher | None = None, score_thresh: float = 0.05,
                 nms_thresh: float = 0.5, detections_per_img: int = 300,
                 fg_iou_thresh: float = 0.5, bg_iou_thresh: float = 0.4,
                 topk_candidates: int = 1000, **kwargs: Any) -> None:
        super().__init__()
        channels = checked_backbone(backbone)
        if anchor_generator is not None and not isinstance(anchor_generator, AnchorGenerator):
            raise TypeError(f"RetinaNet: anchor_generator is a {type(anchor_generator).__name__}: "
                            "an AnchorGenerator is needed")
        self.backbone = backbone
        self.anchor_generator = anchor_generator or three_sizes()
        self.head = head or RetinaNetHead(
            channels, self.anchor_generator.num_anchors_per_location()[0], num_classes)
        self.proposal_matcher = proposal_matcher or Matcher(
            fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True)
        self.box_coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
        self.transform = GeneralizedRCNNTransform(min_size, max_size, image_mean or IMAGE_MEAN,
                                                  image_std or IMAGE_STD, **kwargs)
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor]) -> dict[str, Tensor]:
        """The losses of scores and boxes."""
        matched = [self.proposal_matcher(box_iou(target["boxes"], anchor))
                   if len(target["boxes"]) else no_match(anchor)
                   for target, anchor in zip(targets, anchors, strict=True)]
        losses: dict[str, Tensor] = self.head.compute_loss(targets, head_outputs, anchors, matched)
        return losses

    def _one_level(self, logits: Tensor, codes: Tensor, anchors: Tensor,
                   shape: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        kinds = logits.shape[-1]
        scores, places = top_scores(logits.sigmoid().flatten(), self.score_thresh,
                                    self.topk_candidates)
        anchor = places // kinds
        boxes = self.box_coder.decode_single(codes[anchor], anchors[anchor])
        return clip_boxes_to_image(boxes, shape), scores, places % kinds

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> Any:
        batch, fitting, named = self._prepare(images, targets)
        features = list(named.values())
        outputs = self.head(features)
        anchors = self.anchor_generator(batch, features)
        if self.training:
            return self.compute_loss(fitting, outputs, anchors)
        boxes_each = self.anchor_generator.num_anchors_per_location()
        counts = [x.shape[2] * x.shape[3] * n for x, n in zip(features, boxes_each, strict=True)]
        levels = list(zip(outputs["cls_logits"].split(counts, 1),
                          outputs["bbox_regression"].split(counts, 1),
                          [[part] * len(anchors) for part in anchors[0].split(counts)],
                          strict=True))
        found = detections(levels, batch.image_sizes, self._one_level, self.nms_thresh,
                           self.detections_per_img)
        return self._finish(found, batch, images)


def _first(start: Start, num_classes: int, **kwargs: Any) -> RetinaNet:
    backbone = resnet50_pyramid(start, returned_layers=[2, 3, 4],
                                extra_blocks=LastLevelP6P7(256, 256))
    return RetinaNet(backbone, num_classes, **kwargs)


def _second(start: Start, num_classes: int, **kwargs: Any) -> RetinaNet:
    body = resnet50(weights=start.weights, progress=start.progress)
    backbone = resnet_fpn(body, start.layers, returned_layers=[2, 3, 4],
                          extra_blocks=LastLevelP6P7(2048, 256))
    generator = three_sizes()
    head = RetinaNetHead(256, generator.num_anchors_per_location()[0], num_classes,
                         norm_layer=partial(nn.GroupNorm, 32))
    head.regression_head._loss_type = "giou"
    return RetinaNet(backbone, num_classes, anchor_generator=generator, head=head, **kwargs)


retinanet_resnet50_fpn, RetinaNet_ResNet50_FPN_Weights = entry(
    "retinanet_resnet50_fpn", _first, "RetinaNet on a ResNet-50", ResNet50_Weights.IMAGENET1K_V1,
    no_eps=True)
retinanet_resnet50_fpn_v2, RetinaNet_ResNet50_FPN_V2_Weights = entry(
    "retinanet_resnet50_fpn_v2", _second, "RetinaNet, second version, on a ResNet-50",
    ResNet50_Weights.IMAGENET1K_V1, fetched=False)
