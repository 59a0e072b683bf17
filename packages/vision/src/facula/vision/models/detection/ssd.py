"""SSD: detection in one stage on feature maps of six scales."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, cat, dtypes, full, ones, stack, where, zeros
from facula.nn import functional as F
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection._utils import (
    BoxCoder,
    SSDMatcher,
    indices,
    no_match,
    per_place,
    retrieve_out_channels,
    top_scores,
)
from facula.vision.models.detection.anchor_utils import DefaultBoxGenerator
from facula.vision.models.detection.backbone_utils import freeze_before
from facula.vision.models.detection.detector import (
    IMAGE_MEAN,
    IMAGE_STD,
    Detector,
    strongest,
)
from facula.vision.models.detection.transform import GeneralizedRCNNTransform, Target
from facula.vision.models.vgg import VGG16_Weights, vgg16
from facula.vision.ops import box_iou, clip_boxes_to_image

__all__ = ["SSD300_VGG16_Weights", "ssd300_vgg16"]


def _xavier(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class SSDScoringHead(nn.Module):
    """A layer for each feature map, and so many columns for each box of each place."""

    def __init__(self, module_list: nn.ModuleList, num_columns: int) -> None:
        super().__init__()
        self.module_list = module_list
        self.num_columns = num_columns

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        return cat([per_place(layer(features), self.num_columns)
                    for layer, features in zip(self.module_list, x, strict=True)], 1)


def _layers(in_channels: Sequence[int], out_channels: Sequence[int]) -> nn.ModuleList:
    layers = nn.ModuleList([nn.Conv2d(inside, outside, 3, padding=1)
                            for inside, outside in zip(in_channels, out_channels, strict=True)])
    _xavier(layers)
    return layers


class SSDClassificationHead(SSDScoringHead):
    """A score for each class and box of each place."""

    def __init__(self, in_channels: Sequence[int], num_anchors: Sequence[int],
                 num_classes: int) -> None:
        super().__init__(_layers(in_channels, [n * num_classes for n in num_anchors]),
                         num_classes)


class SSDRegressionHead(SSDScoringHead):
    """The code of each box of each place."""

    def __init__(self, in_channels: Sequence[int], num_anchors: Sequence[int]) -> None:
        super().__init__(_layers(in_channels, [4 * n for n in num_anchors]), 4)


class SSDHead(nn.Module):
    """Both heads.

    Parameters
    ----------
    in_channels, num_anchors : list of int
        The channels of each feature map, and the boxes of each of its places.
    num_classes : int
        The classes, background included.
    """

    def __init__(self, in_channels: Sequence[int], num_anchors: Sequence[int],
                 num_classes: int) -> None:
        super().__init__()
        self.classification_head: nn.Module = SSDClassificationHead(in_channels, num_anchors,
                                                                    num_classes)
        self.regression_head: nn.Module = SSDRegressionHead(in_channels, num_anchors)

    def forward(self, x: Sequence[Tensor]) -> dict[str, Tensor]:
        return {"bbox_regression": self.regression_head(x),
                "cls_logits": self.classification_head(x)}


class SSD(Detector):
    """SSD.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name.
    anchor_generator : DefaultBoxGenerator
        Makes the boxes of each place.
    size : tuple of int
        Width and height to which pictures are resized.
    num_classes : int
        The classes, background included.
    image_mean, image_std : list of float, optional
        How pictures are normalised.
    head : Module, optional
        Gives scores and codes of boxes.
    score_thresh, nms_thresh, detections_per_img, topk_candidates
        The smallest score, the overlap from which on a better detection removes another, how many
        are kept, and how many of each class are looked at.
    iou_thresh : float
        From which overlap on a box counts as a target's.
    positive_fraction : float
        The share of targets' boxes among those trained; the others are the hardest ones.

    References
    ----------
    W. Liu et al., SSD: single shot multibox detector, arXiv:1512.02325, 2015.
    """

    def __init__(self, backbone: nn.Module, anchor_generator: DefaultBoxGenerator,
                 size: tuple[int, int], num_classes: int,
                 image_mean: Sequence[float] | None = None,
                 image_std: Sequence[float] | None = None, head: nn.Module | None = None,
                 score_thresh: float = 0.01, nms_thresh: float = 0.45,
                 detections_per_img: int = 200, iou_thresh: float = 0.5,
                 topk_candidates: int = 400, positive_fraction: float = 0.25,
                 **kwargs: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.anchor_generator = anchor_generator
        self.box_coder = BoxCoder((10.0, 10.0, 5.0, 5.0))
        if head is None:
            channels: Any = (getattr(backbone, "out_channels", None)
                             or retrieve_out_channels(backbone, size))
            if len(channels) != len(anchor_generator.aspect_ratios):
                raise ValueError(f"SSD: the backbone gives {len(channels)} feature maps, but "
                                 f"anchor_generator has {len(anchor_generator.aspect_ratios)} "
                                 "aspect_ratios: there must be as many")
            head = SSDHead(channels, anchor_generator.num_anchors_per_location(), num_classes)
        self.head = head
        self.proposal_matcher = SSDMatcher(iou_thresh)
        self.transform = GeneralizedRCNNTransform(
            min(size), max(size), image_mean or IMAGE_MEAN, image_std or IMAGE_STD,
            size_divisible=1, fixed_size=size, **kwargs)
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates
        self.neg_to_pos_ratio = (1.0 - positive_fraction) / positive_fraction

    def compute_loss(self, targets: Sequence[Target], head_outputs: dict[str, Tensor],
                     anchors: Sequence[Tensor],
                     matched_idxs: Sequence[Tensor]) -> dict[str, Tensor]:
        """The losses of boxes and of scores, those of background only where it is hardest."""
        logits = head_outputs["cls_logits"]
        box_losses: Any = 0
        classes, count = [], 0
        for target, codes, anchor, matched in zip(targets, head_outputs["bbox_regression"],
                                                  anchors, matched_idxs, strict=True):
            found = indices(matched >= 0)
            count += len(found)
            wanted = self.box_coder.encode_single(target["boxes"][matched[found]], anchor[found])
            box_losses = box_losses + F.smooth_l1_loss(codes[found], wanted, reduction="sum")
            label = zeros(len(anchor), dtype=dtypes.int64, device=anchor.device)
            label[found] = target["labels"][matched[found]]
            classes.append(label)
        labels = stack(classes)
        losses = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.flatten(),
                                 reduction="none").reshape(labels.shape)
        positive = labels > 0
        allowed = self.neg_to_pos_ratio * positive.sum(1, keepdim=True)
        order = where(positive, float("-inf"), losses.detach()).argsort(1, descending=True)
        hard = order.argsort(1) < allowed
        chosen = losses[positive].sum() + losses[hard].sum()
        return {"bbox_regression": box_losses / max(1, count),
                "classification": chosen / max(1, count)}

    def _one_picture(self, codes: Tensor, scores: Tensor, anchors: Tensor,
                     shape: tuple[int, int]) -> Target:
        boxes = clip_boxes_to_image(self.box_coder.decode_single(codes, anchors), shape)
        found: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
        for label in range(1, scores.shape[1]):  # 0 is background
            best, places = top_scores(scores[:, label], self.score_thresh, self.topk_candidates)
            if len(places):
                found[0].append(boxes[places])
                found[1].append(best)
                found[2].append(full((len(places),), label, dtype=dtypes.int64,
                                     device=scores.device))
        if not found[0]:
            none = boxes[:0]
            return {"boxes": none, "scores": none[:, 0], "labels": none[:, 0].to(dtypes.int64)}
        return strongest(*found, self.nms_thresh, self.detections_per_img)

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None) -> Any:
        batch, fitting, named = self._prepare(images, targets)
        features = list(named.values())
        outputs = self.head(features)
        anchors = self.anchor_generator(batch, features)
        if self.training:
            matched = [self.proposal_matcher(box_iou(target["boxes"], anchor))
                       if len(target["boxes"]) else no_match(anchor)
                       for target, anchor in zip(fitting, anchors, strict=True)]
            return self.compute_loss(fitting, outputs, anchors, matched)
        scores = outputs["cls_logits"].softmax(-1)
        found = [self._one_picture(outputs["bbox_regression"][i], scores[i], anchors[i], shape)
                 for i, shape in enumerate(batch.image_sizes)]
        return self._finish(found, batch, images)


def _extra(inside: int, between: int, outside: int, **options: Any) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, between, 1), nn.ReLU(inplace=True),
                         nn.Conv2d(between, outside, **options), nn.ReLU(inplace=True))


class SSDFeatureExtractorVGG(nn.Module):
    """VGG's layers up to the fourth pooling, scaled, and smaller and smaller maps after it.

    Parameters
    ----------
    backbone : Module
        VGG's layers.
    highres : bool
        Whether pictures have 512 instead of 300 pixels a side: one more map.
    """

    def __init__(self, backbone: nn.Module, highres: bool) -> None:
        super().__init__()
        layers = list(backbone.children())
        pools = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
        layers[pools[2]].ceil_mode = True  # 75 places become 38
        self.scale_weight = nn.Parameter(ones(512) * 20)
        self.features = nn.Sequential(*layers[:pools[3]])
        last = nn.Sequential(
            nn.MaxPool2d(3, 1, 1), nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.ReLU(inplace=True), nn.Conv2d(1024, 1024, 1), nn.ReLU(inplace=True))
        half: dict[str, Any] = {"kernel_size": 3, "padding": 1, "stride": 2}
        extra = [_extra(1024, 256, 512, **half), _extra(512, 128, 256, **half),
                 _extra(256, 128, 256, kernel_size=3), _extra(256, 128, 256, kernel_size=3)]
        if highres:
            extra.append(_extra(256, 128, 256, kernel_size=4))
        for new in (last, *extra):
            _xavier(new)
        self.extra = nn.ModuleList([nn.Sequential(*layers[pools[3]:-1], last), *extra])

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.features(x)
        found = [self.scale_weight.reshape(1, -1, 1, 1) * F.normalize(x)]
        for block in self.extra:
            x = block(x)
            found.append(x)
        return OrderedDict((str(i), y) for i, y in enumerate(found))


def size_is_fixed(name: str, kwargs: dict[str, Any]) -> None:
    """Warn of an argument that has no effect."""
    if kwargs.pop("size", None) is not None:
        warnings.warn(f"{name}: size has no effect: it is fixed", stacklevel=5)


def _vgg(start: Start, num_classes: int, **kwargs: Any) -> SSD:
    size_is_fixed("ssd300_vgg16", kwargs)
    layers = vgg16(weights=start.weights, progress=start.progress).features
    pools = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    freeze_before(list(layers), [0, *pools[:-1]], start.layers)
    generator = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05], steps=[8, 16, 32, 64, 100, 300])
    # The published VGG had its pictures from 0 to 255, less the mean.
    defaults = {"image_mean": [0.48235, 0.45882, 0.40784], "image_std": [1.0 / 255.0] * 3}
    return SSD(SSDFeatureExtractorVGG(layers, False), generator, (300, 300), num_classes,
               **{**defaults, **kwargs})


ssd300_vgg16, SSD300_VGG16_Weights = entry(
    "ssd300_vgg16", _vgg, "SSD on a VGG-16, for pictures of 300 x 300",
    VGG16_Weights.IMAGENET1K_FEATURES, layers=(5, 4))
