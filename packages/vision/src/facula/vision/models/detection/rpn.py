"""The region proposal network: which anchors hold something, and how they should be moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, cat, dtypes, full, where, zeros, zeros_like
from facula.nn import functional as F
from facula.vision.models.detection._utils import (
    BalancedPositiveNegativeSampler,
    BoxCoder,
    Matcher,
    indices,
    per_place,
)
from facula.vision.models.detection.anchor_utils import AnchorGenerator
from facula.vision.models.detection.image_list import ImageList
from facula.vision.ops import (
    Conv2dNormActivation,
    batched_nms,
    box_iou,
    clip_boxes_to_image,
    remove_small_boxes,
)

__all__ = ["AnchorGenerator", "RPNHead", "RegionProposalNetwork"]


class RPNHead(nn.Module):
    """3x3 convolutions, then a score and four numbers for each anchor of each place.

    Parameters
    ----------
    in_channels : int
        The feature maps' channels.
    num_anchors : int
        The anchors of each place.
    conv_depth : int
        How many convolutions come first.
    """

    _version = 2

    def __init__(self, in_channels: int, num_anchors: int, conv_depth: int = 1) -> None:
        super().__init__()
        self.conv = nn.Sequential(*[
            Conv2dNormActivation(in_channels, in_channels, 3, norm_layer=None)
            for _ in range(conv_depth)])
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # there was one convolution, not a list
            for kind in ("weight", "bias"):
                if f"{prefix}conv.{kind}" in state_dict:
                    state_dict[f"{prefix}conv.0.0.{kind}"] = state_dict.pop(f"{prefix}conv.{kind}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def forward(self, x: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        wide = [self.conv(features) for features in x]
        return [self.cls_logits(y) for y in wide], [self.bbox_pred(y) for y in wide]


class RegionProposalNetwork(nn.Module):
    """Proposes boxes.

    Parameters
    ----------
    anchor_generator : AnchorGenerator
        Makes the anchors.
    head : Module
        Gives scores and codes of boxes for them.
    fg_iou_thresh, bg_iou_thresh : float
        From which overlap on an anchor counts as a target's, and below which as background.
    batch_size_per_image, positive_fraction : int, float
        How many anchors of each picture are trained, and the largest share of targets' ones.
    pre_nms_top_n, post_nms_top_n : dict
        How many proposals are kept of each feature map, and of each picture, in
        ``"training"`` and ``"testing"``.
    nms_thresh : float
        The overlap from which on a better proposal removes another.
    score_thresh : float
        The smallest score of a proposal.
    """

    def __init__(self, anchor_generator: nn.Module, head: nn.Module, fg_iou_thresh: float,
                 bg_iou_thresh: float, batch_size_per_image: int, positive_fraction: float,
                 pre_nms_top_n: dict[str, int], post_nms_top_n: dict[str, int],
                 nms_thresh: float, score_thresh: float = 0.0) -> None:
        super().__init__()
        self.anchor_generator = anchor_generator
        self.head = head
        self.box_coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
        self.box_similarity = box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh,
                                        allow_low_quality_matches=True)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image,
                                                             positive_fraction)
        self._pre_nms_top_n = pre_nms_top_n
        self._post_nms_top_n = post_nms_top_n
        self.nms_thresh = nms_thresh
        self.score_thresh = score_thresh
        self.min_size = 1e-3

    def _top_n(self, counts: dict[str, int]) -> int:
        return counts["training" if self.training else "testing"]

    def assign_targets_to_anchors(self, anchors: Sequence[Tensor],
                                  targets: Sequence[dict[str, Tensor]],
                                  ) -> tuple[list[Tensor], list[Tensor]]:
        """For each anchor 1 (a target's), 0 (background) or -1 (neither), and its target."""
        labels, boxes = [], []
        for anchor, target in zip(anchors, targets, strict=True):
            wanted = target["boxes"]
            if not len(wanted):
                labels.append(zeros(len(anchor), dtype=anchor.dtype, device=anchor.device))
                boxes.append(zeros_like(anchor))
                continue
            matched = self.proposal_matcher(self.box_similarity(wanted, anchor))
            label = (matched >= 0).to(anchor.dtype)
            labels.append(where(matched == Matcher.BETWEEN_THRESHOLDS, -1.0, label))
            boxes.append(wanted[matched.clamp(min=0)])
        return labels, boxes

    def filter_proposals(self, proposals: Tensor, objectness: Tensor,
                         image_shapes: Sequence[tuple[int, int]],
                         num_anchors_per_level: Sequence[int],
                         ) -> tuple[list[Tensor], list[Tensor]]:
        """The best proposals of each picture, without those that a better one covers."""
        objectness = objectness.detach().reshape(len(proposals), -1)
        places, levels, offset = [], [], 0
        for level, scores in enumerate(objectness.split(list(num_anchors_per_level), 1)):
            count = min(self._top_n(self._pre_nms_top_n), scores.shape[1])
            places.append(scores.topk(count, 1)[1] + offset)
            levels.append(full((count,), level, dtype=dtypes.int64, device=objectness.device))
            offset += scores.shape[1]
        chosen, level_of = cat(places, 1), cat(levels)
        final_boxes, final_scores = [], []
        for i, shape in enumerate(image_shapes):
            boxes = clip_boxes_to_image(proposals[i][chosen[i]], shape)
            scores, groups = objectness[i][chosen[i]].sigmoid(), level_of
            kept = remove_small_boxes(boxes, self.min_size)
            kept = kept[indices(scores[kept] >= self.score_thresh)]
            boxes, scores, groups = boxes[kept], scores[kept], groups[kept]
            kept = batched_nms(boxes, scores, groups, self.nms_thresh)
            kept = kept[:self._top_n(self._post_nms_top_n)]
            final_boxes.append(boxes[kept])
            final_scores.append(scores[kept])
        return final_boxes, final_scores

    def compute_loss(self, objectness: Tensor, pred_bbox_deltas: Tensor,
                     labels: Sequence[Tensor], regression_targets: Sequence[Tensor],
                     ) -> tuple[Tensor, Tensor]:
        """The losses of scores and of boxes, over a sample of the anchors."""
        drawn_positive, drawn_negative = self.fg_bg_sampler(labels)
        positive = indices(cat(drawn_positive))
        sampled = cat([positive, indices(cat(drawn_negative))])
        box_loss = F.smooth_l1_loss(
            pred_bbox_deltas[positive], cat(list(regression_targets))[positive], beta=1 / 9,
            reduction="sum") / len(sampled)
        objectness_loss = F.binary_cross_entropy_with_logits(
            objectness.flatten()[sampled], cat(list(labels))[sampled])
        return objectness_loss, box_loss

    def forward(self, images: ImageList, features: dict[str, Tensor],
                targets: Sequence[dict[str, Tensor]] | None = None,
                ) -> tuple[list[Tensor], dict[str, Tensor]]:
        maps = list(features.values())
        logits, codes = self.head(maps)
        anchors = self.anchor_generator(images, maps)
        counts = [one.shape[1] * one.shape[2] * one.shape[3] for one in logits]
        objectness = cat([per_place(one, 1) for one in logits], 1)
        deltas = cat([per_place(one, 4) for one in codes], 1).reshape(-1, 4)
        proposals = self.box_coder.decode(deltas.detach(), anchors).reshape(len(anchors), -1, 4)
        boxes, _ = self.filter_proposals(proposals, objectness, images.image_sizes, counts)
        if not self.training:
            return boxes, {}
        if targets is None:
            raise ValueError("RegionProposalNetwork: targets=None: training needs them")
        labels, matched = self.assign_targets_to_anchors(anchors, targets)
        wanted = self.box_coder.encode(matched, anchors)
        objectness_loss, box_loss = self.compute_loss(objectness, deltas, labels, wanted)
        return boxes, {"loss_objectness": objectness_loss, "loss_rpn_box_reg": box_loss}
