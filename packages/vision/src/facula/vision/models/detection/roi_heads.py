"""The second stage of R-CNNs: what is in proposed boxes, where exactly, its mask and keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, arange, cat, dtypes, where, zeros
from facula.nn import functional as F
from facula.vision.models.detection._utils import (
    BalancedPositiveNegativeSampler,
    BoxCoder,
    Matcher,
    indices,
    no_match,
)
from facula.vision.models.detection.keypoints import keypointrcnn_inference, keypointrcnn_loss
from facula.vision.models.detection.masks import maskrcnn_inference, maskrcnn_loss
from facula.vision.ops import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes

Target = dict[str, Any]


def fastrcnn_loss(class_logits: Tensor, box_regression: Tensor, labels: Sequence[Tensor],
                  regression_targets: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The cross entropy of the classes, and the smooth distance of the boxes of targets."""
    label, wanted = cat(list(labels)), cat(list(regression_targets))
    classification = F.cross_entropy(class_logits, label)
    positive = indices(label > 0)
    codes = box_regression.reshape(len(label), -1, 4)[positive, label[positive]]
    box = F.smooth_l1_loss(codes, wanted[positive], beta=1 / 9, reduction="sum")
    return classification, box / label.numel()


class RoIHeads(nn.Module):
    """The heads that look at proposed boxes.

    Parameters
    ----------
    box_roi_pool, box_head, box_predictor : Module
        Cut out features of boxes, condense them, and give scores and codes of boxes.
    fg_iou_thresh, bg_iou_thresh : float
        From which overlap on a proposal counts as a target's, and below which as background.
    batch_size_per_image, positive_fraction : int, float
        How many proposals of each picture are trained, and the largest share of targets' ones.
    bbox_reg_weights : tuple of float, optional
        What the codes of boxes are multiplied with; by default (10, 10, 5, 5).
    score_thresh, nms_thresh, detections_per_img : float, float, int
        The smallest score, the overlap from which on a better detection removes another, and how
        many are kept.
    mask_roi_pool, mask_head, mask_predictor : Module, optional
        The same for masks.
    keypoint_roi_pool, keypoint_head, keypoint_predictor : Module, optional
        The same for keypoints.
    """

    def __init__(self, box_roi_pool: nn.Module, box_head: nn.Module, box_predictor: nn.Module,
                 fg_iou_thresh: float, bg_iou_thresh: float, batch_size_per_image: int,
                 positive_fraction: float,
                 bbox_reg_weights: tuple[float, float, float, float] | None, score_thresh: float,
                 nms_thresh: float, detections_per_img: int,
                 mask_roi_pool: nn.Module | None = None, mask_head: nn.Module | None = None,
                 mask_predictor: nn.Module | None = None,
                 keypoint_roi_pool: nn.Module | None = None,
                 keypoint_head: nn.Module | None = None,
                 keypoint_predictor: nn.Module | None = None) -> None:
        super().__init__()
        self.box_similarity = box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image,
                                                             positive_fraction)
        self.box_coder = BoxCoder(bbox_reg_weights or (10.0, 10.0, 5.0, 5.0))
        self.box_roi_pool = box_roi_pool
        self.box_head = box_head
        self.box_predictor = box_predictor
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.mask_roi_pool = mask_roi_pool
        self.mask_head = mask_head
        self.mask_predictor = mask_predictor
        self.keypoint_roi_pool = keypoint_roi_pool
        self.keypoint_head = keypoint_head
        self.keypoint_predictor = keypoint_predictor

    def has_mask(self) -> bool:
        """Whether all three parts for masks are there."""
        return None not in (self.mask_roi_pool, self.mask_head, self.mask_predictor)

    def has_keypoint(self) -> bool:
        """Whether all three parts for keypoints are there."""
        return None not in (self.keypoint_roi_pool, self.keypoint_head, self.keypoint_predictor)

    def assign_targets_to_proposals(self, proposals: Sequence[Tensor], gt_boxes: Sequence[Tensor],
                                    gt_labels: Sequence[Tensor],
                                    ) -> tuple[list[Tensor], list[Tensor]]:
        """For each proposal its target, and the class: 0 is background, -1 neither."""
        matches, labels = [], []
        for boxes, wanted, kinds in zip(proposals, gt_boxes, gt_labels, strict=True):
            if not len(wanted):
                matched = no_match(boxes).clamp(min=0)
                matches.append(matched)
                labels.append(matched)
                continue
            matched = self.proposal_matcher(self.box_similarity(wanted, boxes))
            clamped = matched.clamp(min=0)
            label = kinds[clamped].to(dtypes.int64)
            label = where(matched == Matcher.BELOW_LOW_THRESHOLD, 0, label)
            labels.append(where(matched == Matcher.BETWEEN_THRESHOLDS, -1, label))
            matches.append(clamped)
        return matches, labels

    def _check(self, targets: Sequence[Target] | None) -> None:
        if targets is None:
            return
        needed = ["boxes", "labels", *(["masks"] if self.has_mask() else []),
                  *(["keypoints"] if self.has_keypoint() else [])]
        for i, target in enumerate(targets):
            missing = [name for name in needed if name not in target]
            if missing:
                raise ValueError(f"RoIHeads: target {i} has no {missing}: {needed} are needed")
            for name in needed[:1] + needed[2:]:
                if name != "masks" and not target[name].is_floating_point():
                    raise TypeError(f"RoIHeads: the {name} of target {i} have dtype "
                                    f"{target[name].dtype}: a floating one is needed")
            if target["labels"].dtype != dtypes.int64:
                raise TypeError(f"RoIHeads: the labels of target {i} have dtype "
                                f"{target['labels'].dtype}: int64 is needed")

    def select_training_samples(self, proposals: Sequence[Tensor],
                                targets: Sequence[Target] | None,
                                ) -> tuple[list[Tensor], list[Tensor], list[Tensor], Any]:
        """A sample of proposals (and targets' own boxes), with targets, classes and codes."""
        if targets is None:
            raise ValueError("RoIHeads: targets=None: training needs them")
        wanted = [target["boxes"].to(boxes.dtype)
                  for target, boxes in zip(targets, proposals, strict=True)]
        candidates = [cat([boxes, own]) for boxes, own in zip(proposals, wanted, strict=True)]
        matches, labels = self.assign_targets_to_proposals(
            candidates, wanted, [target["labels"] for target in targets])
        drawn_positive, drawn_negative = self.fg_bg_sampler(labels)
        chosen = [indices(one | other)
                  for one, other in zip(drawn_positive, drawn_negative, strict=True)]
        boxes, matched, classes, fitting = [], [], [], []
        for i, places in enumerate(chosen):
            boxes.append(candidates[i][places])
            matched.append(matches[i][places])
            classes.append(labels[i][places])
            own = wanted[i] if len(wanted[i]) else zeros(1, 4, dtype=boxes[i].dtype,
                                                         device=boxes[i].device)
            fitting.append(own[matched[i]])
        return boxes, matched, classes, self.box_coder.encode(fitting, boxes)

    def postprocess_detections(self, class_logits: Tensor, box_regression: Tensor,
                               proposals: Sequence[Tensor],
                               image_shapes: Sequence[tuple[int, int]],
                               ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Boxes, scores and classes of each picture."""
        kinds = class_logits.shape[-1]
        counts = [len(boxes) for boxes in proposals]
        decoded = self.box_coder.decode(box_regression, proposals)
        found: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
        for boxes, scores, shape in zip(decoded.split(counts),
                                        class_logits.softmax(-1).split(counts), image_shapes,
                                        strict=True):
            boxes = clip_boxes_to_image(boxes, shape)[:, 1:].reshape(-1, 4)  # 0 is background
            scores = scores[:, 1:].flatten()
            labels = arange(1, kinds, device=scores.device).repeat(len(scores) // (kinds - 1))
            kept = indices(scores > self.score_thresh)
            kept = kept[remove_small_boxes(boxes[kept], 1e-2)]
            boxes, scores, labels = boxes[kept], scores[kept], labels[kept]
            kept = batched_nms(boxes, scores, labels, self.nms_thresh)[:self.detections_per_img]
            for values, all_values in zip((boxes, scores, labels), found, strict=True):
                all_values.append(values[kept])
        return found

    def forward(self, features: dict[str, Tensor], proposals: Sequence[Tensor],
                image_shapes: Sequence[tuple[int, int]],
                targets: Sequence[Target] | None = None,
                ) -> tuple[list[Target], dict[str, Tensor]]:
        self._check(targets)
        matched: list[Tensor] = []
        labels: list[Tensor] = []
        boxes = list(proposals)
        if self.training:
            boxes, matched, labels, wanted = self.select_training_samples(proposals, targets)
        pooled = self.box_roi_pool(features, boxes, image_shapes)
        logits, codes = self.box_predictor(self.box_head(pooled))
        if not self.training:
            found = [{"boxes": box, "labels": label, "scores": score}
                     for box, score, label in zip(*self.postprocess_detections(
                         logits, codes, boxes, image_shapes), strict=True)]
            self._describe(features, image_shapes, found)
            return found, {}
        classification, regression = fastrcnn_loss(logits, codes, labels, wanted)
        losses = {"loss_classifier": classification, "loss_box_reg": regression}
        positive = [indices(label > 0) for label in labels]
        boxes = [box[places] for box, places in zip(boxes, positive, strict=True)]
        matched = [match[places] for match, places in zip(matched, positive, strict=True)]
        return [], losses | self._losses(features, image_shapes, boxes, matched, targets or [])

    def _mask_logits(self, features: dict[str, Tensor], boxes: Sequence[Tensor],
                     image_shapes: Sequence[tuple[int, int]]) -> Tensor:
        parts: tuple[Any, ...] = (self.mask_roi_pool, self.mask_head, self.mask_predictor)
        return parts[2](parts[1](parts[0](features, boxes, image_shapes)))

    def _keypoint_logits(self, features: dict[str, Tensor], boxes: Sequence[Tensor],
                         image_shapes: Sequence[tuple[int, int]]) -> Tensor:
        parts: tuple[Any, ...] = (self.keypoint_roi_pool, self.keypoint_head,
                                  self.keypoint_predictor)
        return parts[2](parts[1](parts[0](features, boxes, image_shapes)))

    def _describe(self, features: dict[str, Tensor], image_shapes: Sequence[tuple[int, int]],
                  found: list[Target]) -> None:
        """Add masks and keypoints to detections."""
        boxes = [one["boxes"] for one in found]
        if self.has_mask():
            logits = self._mask_logits(features, boxes, image_shapes)
            for one, mask in zip(found, maskrcnn_inference(
                    logits, [one["labels"] for one in found]), strict=True):
                one["masks"] = mask
        if self.has_keypoint():
            logits = self._keypoint_logits(features, boxes, image_shapes)
            for one, points, scores in zip(found, *keypointrcnn_inference(logits, boxes),
                                           strict=True):
                one["keypoints"] = points
                one["keypoints_scores"] = scores

    def _losses(self, features: dict[str, Tensor], image_shapes: Sequence[tuple[int, int]],
                boxes: list[Tensor], matched: list[Tensor],
                targets: Sequence[Target]) -> dict[str, Tensor]:
        """The losses of masks and keypoints, over the targets' proposals."""
        losses = {}
        if self.has_mask():
            losses["loss_mask"] = maskrcnn_loss(
                self._mask_logits(features, boxes, image_shapes), boxes,
                [target["masks"] for target in targets],
                [target["labels"] for target in targets], matched)
        if self.has_keypoint():
            losses["loss_keypoint"] = keypointrcnn_loss(
                self._keypoint_logits(features, boxes, image_shapes), boxes,
                [target["keypoints"] for target in targets], matched)
        return losses
