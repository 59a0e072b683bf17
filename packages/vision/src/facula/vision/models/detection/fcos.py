"""FCOS: each place says how far the sides of its box are, and how central it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor, cat, where, zeros_like
from facula.nn import functional as F
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection._utils import (
    BoxLinearCoder,
    indices,
    no_match,
    per_place,
    top_scores,
)
from facula.vision.models.detection.anchor_utils import AnchorGenerator
from facula.vision.models.detection.backbone_utils import LastLevelP6P7
from facula.vision.models.detection.detector import (
    IMAGE_MEAN,
    IMAGE_STD,
    Detector,
    checked_backbone,
    detections,
)
from facula.vision.models.detection.faster_rcnn import resnet50_pyramid
from facula.vision.models.detection.retinanet import prior_bias, small_normal
from facula.vision.models.detection.transform import GeneralizedRCNNTransform, Target
from facula.vision.models.resnet import ResNet50_Weights
from facula.vision.ops import (
    clip_boxes_to_image,
    generalized_box_iou_loss,
    sigmoid_focal_loss,
)

__all__ = ["FCOS", "FCOS_ResNet50_FPN_Weights", "fcos_resnet50_fpn"]

Layer = Callable[..., nn.Module]


def _tower(in_channels: int, num_convs: int, norm_layer: Layer | None) -> nn.Sequential:
    """Convolutions, each with a normalisation and a ReLU."""
    norm = norm_layer or partial(nn.GroupNorm, 32)
    layers: list[nn.Module] = []
    for _ in range(num_convs):
        layers += [nn.Conv2d(in_channels, in_channels, 3, padding=1), norm(in_channels), nn.ReLU()]
    return nn.Sequential(*layers)


class FCOSClassificationHead(nn.Module):
    """A score for each class of each place."""

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int, num_convs: int = 4,
                 prior_probability: float = 0.01, norm_layer: Layer | None = None) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.num_anchors = num_anchors
        self.conv = _tower(in_channels, num_convs, norm_layer)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, 3, padding=1)
        small_normal(self)
        prior_bias(self.cls_logits, prior_probability)

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        return cat([per_place(self.cls_logits(self.conv(features)), self.num_classes)
                    for features in x], 1)


class FCOSRegressionHead(nn.Module):
    """The distances of a box's sides from each place, and how central the place is."""

    def __init__(self, in_channels: int, num_anchors: int, num_convs: int = 4,
                 norm_layer: Layer | None = None) -> None:
        super().__init__()
        self.conv = _tower(in_channels, num_convs, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, 3, padding=1)
        self.bbox_ctrness = nn.Conv2d(in_channels, num_anchors, 3, padding=1)
        small_normal(self)

    def forward(self, x: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        wide = [self.conv(features) for features in x]
        return (cat([per_place(F.relu(self.bbox_reg(y)), 4) for y in wide], 1),
                cat([per_place(self.bbox_ctrness(y), 1) for y in wide], 1))


def _centrality(sides: Tensor) -> Tensor:
    """1 in the middle of a box, 0 at its sides: equation 3 of the paper."""
    across, down = sides[..., [0, 2]], sides[..., [1, 3]]
    return ((across.min(-1)[0] / across.max(-1)[0]) * (down.min(-1)[0] / down.max(-1)[0])).sqrt()


class FCOSHead(nn.Module):
    """Both heads.

    Parameters
    ----------
    in_channels : int
        The feature maps' channels.
    num_anchors, num_classes : int
        The boxes of each place, the classes.
    num_convs : int
        How many convolutions come first.
    """

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int,
                 num_convs: int = 4) -> None:
        super().__init__()
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        self.classification_head = FCOSClassificationHead(in_channels, num_anchors, num_classes,
                                                          num_convs)
        self.regression_head = FCOSRegressionHead(in_channels, num_anchors, num_convs)

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor],
                     matched_idxs: Sequence[Tensor]) -> dict[str, Tensor]:
        """The losses of scores, boxes and centrality, divided by the number of targets' places."""
        logits, codes, central = (
            head_outputs[name].flatten(0, 1)
            for name in ("cls_logits", "bbox_regression", "bbox_ctrness"))
        matched = cat(list(matched_idxs))
        found = indices(matched >= 0)
        labels, boxes = [], []
        for target, one in zip(targets, matched_idxs, strict=True):
            own = one[one >= 0]
            labels.append(target["labels"][own])
            boxes.append(target["boxes"][own])
        wanted = zeros_like(logits)
        wanted[found, cat(labels)] = 1.0
        count = max(1, len(found))
        anchor, box = cat(list(anchors))[found], cat(boxes)
        predicted = self.box_coder.decode(codes[found], anchor)
        middle = _centrality(self.box_coder.encode(anchor, box))
        return {
            "classification": sigmoid_focal_loss(logits, wanted, reduction="sum") / count,
            "bbox_regression": generalized_box_iou_loss(predicted, box, reduction="sum") / count,
            "bbox_ctrness": F.binary_cross_entropy_with_logits(
                central.squeeze(1)[found], middle, reduction="sum") / count}

    def forward(self, x: Sequence[Tensor]) -> dict[str, Tensor]:
        codes, central = self.regression_head(x)
        return {"cls_logits": self.classification_head(x), "bbox_regression": codes,
                "bbox_ctrness": central}


class FCOS(Detector):
    """FCOS.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name, all with ``backbone.out_channels`` channels.
    num_classes : int
        The classes, background included.
    min_size, max_size, image_mean, image_std
        How pictures are resized and normalised.
    anchor_generator, head : Module, optional
        Its parts; there must be one anchor for each place, whose size is the place's.
    center_sampling_radius : float
        How far from a box's middle its places are, in sizes of places.
    score_thresh, nms_thresh, detections_per_img, topk_candidates
        The smallest score, the overlap from which on a better detection removes another, how many
        are kept, and how many of each feature map are looked at.

    References
    ----------
    Z. Tian et al., FCOS: fully convolutional one-stage object detection, arXiv:1904.01355, 2019.
    """

    def __init__(self, backbone: nn.Module, num_classes: int, min_size: Any = 800,
                 max_size: int = 1333, image_mean: Sequence[float] | None = None,
                 image_std: Sequence[float] | None = None,
                 anchor_generator: AnchorGenerator | None = None, head: Any = None,
                 center_sampling_radius: float = 1.5, score_thresh: float = 0.2,
                 nms_thresh: float = 0.6, detections_per_img: int = 100,
                 topk_candidates: int = 1000, **kwargs: Any) -> None:
        super().__init__()
        channels = checked_backbone(backbone)
        if anchor_generator is not None and not isinstance(anchor_generator, AnchorGenerator):
            raise TypeError(f"FCOS: anchor_generator is a {type(anchor_generator).__name__}: an "
                            "AnchorGenerator is needed")
        self.backbone = backbone
        self.anchor_generator = anchor_generator or AnchorGenerator(
            ((8,), (16,), (32,), (64,), (128,)), ((1.0,),) * 5)
        each = self.anchor_generator.num_anchors_per_location()[0]
        if each != 1:
            raise ValueError(f"FCOS: anchor_generator makes {each} anchors for each place: one is "
                             "needed")
        self.head = head or FCOSHead(channels, each, num_classes)
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        self.transform = GeneralizedRCNNTransform(min_size, max_size, image_mean or IMAGE_MEAN,
                                                  image_std or IMAGE_STD, **kwargs)
        self.center_sampling_radius = center_sampling_radius
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def _match(self, boxes: Tensor, anchors: Tensor, counts: Sequence[int]) -> Tensor:
        """For each place the smallest target that it is central in and of fitting size, or -1."""
        places = (anchors[:, None, :2] + anchors[:, None, 2:]) / 2
        size = anchors[:, 2:3] - anchors[:, :1]
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        fits = (places - middles).abs().max(2)[0] < self.center_sampling_radius * size
        sides = cat([places - boxes[:, :2], boxes[:, 2:] - places], 2)
        fits = fits & (sides.min(2)[0] > 0)
        lowest, highest = size * 4, size * 8
        lowest[:counts[0]] = 0.0  # the first map takes the smallest, the last the largest
        highest[-counts[-1]:] = float("inf")
        farthest = sides.max(2)[0]
        fits = fits & (farthest > lowest) & (farthest < highest)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        best, target = (fits.to(areas.dtype) * (1e8 - areas)).max(1)
        return where(best < 1e-5, -1, target)

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor],
                     num_anchors_per_level: Sequence[int]) -> dict[str, Tensor]:
        """The losses of scores, boxes and centrality."""
        matched = [self._match(target["boxes"], anchor, num_anchors_per_level)
                   if len(target["boxes"]) else no_match(anchor)
                   for target, anchor in zip(targets, anchors, strict=True)]
        losses: dict[str, Tensor] = self.head.compute_loss(targets, head_outputs, anchors, matched)
        return losses

    def _one_level(self, logits: Tensor, codes: Tensor, central: Tensor, anchors: Tensor,
                   shape: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        kinds = logits.shape[-1]
        scores, places = top_scores((logits.sigmoid() * central.sigmoid()).sqrt().flatten(),
                                    self.score_thresh, self.topk_candidates)
        anchor = places // kinds
        boxes = self.box_coder.decode(codes[anchor], anchors[anchor])
        return clip_boxes_to_image(boxes, shape), scores, places % kinds

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> Any:
        batch, fitting, named = self._prepare(images, targets)
        features = list(named.values())
        outputs = self.head(features)
        anchors = self.anchor_generator(batch, features)
        counts = [x.shape[2] * x.shape[3] for x in features]
        if self.training:
            return self.compute_loss(fitting, outputs, anchors, counts)
        levels = list(zip(*[outputs[name].split(counts, 1) for name in (
            "cls_logits", "bbox_regression", "bbox_ctrness")],
            [[part] * len(anchors) for part in anchors[0].split(counts)], strict=True))
        found = detections(levels, batch.image_sizes, self._one_level, self.nms_thresh,
                           self.detections_per_img)
        return self._finish(found, batch, images)


def _first(start: Start, num_classes: int, **kwargs: Any) -> FCOS:
    backbone = resnet50_pyramid(start, returned_layers=[2, 3, 4],
                                extra_blocks=LastLevelP6P7(256, 256))
    return FCOS(backbone, num_classes, **kwargs)


fcos_resnet50_fpn, FCOS_ResNet50_FPN_Weights = entry(
    "fcos_resnet50_fpn", _first, "FCOS on a ResNet-50", ResNet50_Weights.IMAGENET1K_V1)
