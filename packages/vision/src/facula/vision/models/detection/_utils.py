"""What detectors share: coders of boxes, matching of boxes with targets, sampling, top scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import (
    Tensor,
    arange,
    cat,
    dtypes,
    full,
    no_grad,
    randperm,
    stack,
    where,
    zeros,
    zeros_like,
)
from facula.nn import functional as F
from facula.vision.ops import (
    FrozenBatchNorm2d,
    complete_box_iou_loss,
    distance_box_iou_loss,
    generalized_box_iou_loss,
)


def indices(mask: Tensor) -> Tensor:
    """Where a mask of one dimension is true."""
    return mask.nonzero().squeeze(1)


class BalancedPositiveNegativeSampler:
    """Draws boxes, of which up to a given share are positive.

    Parameters
    ----------
    batch_size_per_image : int
        How many to draw.
    positive_fraction : float
        The largest share of positive ones.
    """

    def __init__(self, batch_size_per_image: int, positive_fraction: float) -> None:
        self.batch_size_per_image = batch_size_per_image
        self.positive_fraction = positive_fraction

    def __call__(self, matched_idxs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Masks of the drawn ones: positive where the label is at least 1, negative where 0."""
        positive: list[Tensor] = []
        negative: list[Tensor] = []
        for labels in matched_idxs:
            candidates = indices(labels >= 1), indices(labels == 0)
            wanted = min(len(candidates[0]),
                         int(self.batch_size_per_image * self.positive_fraction))
            for found, some, count in (
                    (positive, candidates[0], wanted),
                    (negative, candidates[1], self.batch_size_per_image - wanted)):
                chosen = some
                if count < len(some):
                    chosen = some[randperm(len(some))[:count].to(some.device)]
                mask = zeros_like(labels, dtype=dtypes.bool_)
                mask[chosen] = True
                found.append(mask)
        return positive, negative


def _centred(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Middles and sizes of boxes."""
    size = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + 0.5 * size, size


class BoxCoder:
    """Boxes as shifts and logarithms of sizes, relative to other boxes (arXiv:1506.01497, sec. 3).

    Parameters
    ----------
    weights : tuple of float
        What the four numbers are multiplied with.
    bbox_xform_clip : float
        The largest logarithm that is decoded.
    """

    def __init__(self, weights: tuple[float, float, float, float],
                 bbox_xform_clip: float = math.log(1000.0 / 16)) -> None:
        self.weights = weights
        self.bbox_xform_clip = bbox_xform_clip

    def encode(self, reference_boxes: Sequence[Tensor],
               proposals: Sequence[Tensor]) -> Sequence[Tensor]:
        """Each picture's boxes, relative to its proposals."""
        counts = [len(boxes) for boxes in reference_boxes]
        return self.encode_single(cat(list(reference_boxes)), cat(list(proposals))).split(counts)

    def encode_single(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """Boxes ``(N, 4)`` relative to as many proposals."""
        middle, size = _centred(proposals)
        wanted, wanted_size = _centred(reference_boxes)
        x, y, w, h = self.weights
        shift, scale = (wanted - middle) / size, (wanted_size / size).log()
        return stack([x * shift[:, 0], y * shift[:, 1], w * scale[:, 0], h * scale[:, 1]], 1)

    def decode(self, rel_codes: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """The boxes ``(N, classes, 4)`` of all pictures' codes."""
        together = cat(list(boxes))
        decoded = self.decode_single(rel_codes.reshape(len(together), -1)
                                     if len(together) else rel_codes, together)
        return decoded.reshape(len(together), decoded.shape[1] // 4, 4)

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes of codes ``(N, 4 classes)`` relative to ``(N, 4)``."""
        middle, size = _centred(boxes.to(rel_codes.dtype))
        codes = rel_codes.reshape(len(rel_codes), rel_codes.shape[-1] // 4, 4)
        x, y, w, h = self.weights
        limit = self.bbox_xform_clip
        at_x = codes[..., 0] / x * size[:, :1] + middle[:, :1]
        at_y = codes[..., 1] / y * size[:, 1:] + middle[:, 1:]
        half_w = 0.5 * (codes[..., 2] / w).clamp(max=limit).exp() * size[:, :1]
        half_h = 0.5 * (codes[..., 3] / h).clamp(max=limit).exp() * size[:, 1:]
        return stack([at_x - half_w, at_y - half_h, at_x + half_w, at_y + half_h], 2).flatten(1)


class BoxLinearCoder:
    """Boxes as distances of their sides from other boxes' middles (FCOS).

    Parameters
    ----------
    normalize_by_size : bool
        Whether distances are divided by the other boxes' sizes.
    """

    def __init__(self, normalize_by_size: bool = True) -> None:
        self.normalize_by_size = normalize_by_size

    def encode(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """Distances of the proposals' sides from the middles of the reference boxes."""
        middle = 0.5 * (reference_boxes[..., :2] + reference_boxes[..., 2:])
        sides = cat([middle - proposals[..., :2], proposals[..., 2:] - middle], -1)
        return sides / self._sizes(reference_boxes) if self.normalize_by_size else sides

    def decode(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes whose sides are that far from the middles."""
        boxes = boxes.to(rel_codes.dtype)
        middle = 0.5 * (boxes[..., :2] + boxes[..., 2:])
        if self.normalize_by_size:
            rel_codes = rel_codes * self._sizes(boxes)
        return cat([middle - rel_codes[..., :2], middle + rel_codes[..., 2:]], -1)

    @staticmethod
    def _sizes(boxes: Tensor) -> Tensor:
        size = boxes[..., 2:] - boxes[..., :2]
        return cat([size, size], -1)


class Matcher:
    """For each candidate the target that it fits best, if it fits well enough.

    Parameters
    ----------
    high_threshold, low_threshold : float
        What fits at least as well as the first is matched; below the second is background;
        between them neither.
    allow_low_quality_matches : bool
        Whether the best candidate of each target is matched in any case.
    """

    BELOW_LOW_THRESHOLD = -1
    BETWEEN_THRESHOLDS = -2

    def __init__(self, high_threshold: float, low_threshold: float,
                 allow_low_quality_matches: bool = False) -> None:
        if low_threshold > high_threshold:
            raise ValueError(f"Matcher: low_threshold={low_threshold} is above high_threshold="
                             f"{high_threshold}")
        self.high_threshold = high_threshold
        self.low_threshold = low_threshold
        self.allow_low_quality_matches = allow_low_quality_matches

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        """The target of each candidate, -1 for background, -2 for neither.

        Parameters
        ----------
        match_quality_matrix : Tensor
            How well the targets (rows) and candidates (columns) fit.

        Raises
        ------
        ValueError
            If there are no targets or no candidates.
        """
        if not match_quality_matrix.numel():
            kind = "targets" if match_quality_matrix.shape[0] == 0 else "candidates"
            raise ValueError(f"Matcher: one of the pictures has no {kind}")
        best, target = match_quality_matrix.max(0)
        matches = where(best >= self.high_threshold, target, self.BETWEEN_THRESHOLDS)
        matches = where(best < self.low_threshold, self.BELOW_LOW_THRESHOLD, matches)
        if self.allow_low_quality_matches:
            highest = match_quality_matrix.max(1, keepdim=True)[0]
            matches = where((match_quality_matrix == highest).any(0), target, matches)
        return matches


class SSDMatcher(Matcher):
    """SSD's way: each target takes the candidate that fits it best.

    Parameters
    ----------
    threshold : float
        What fits at least as well is matched as well.
    """

    def __init__(self, threshold: float) -> None:
        super().__init__(threshold, threshold)

    def __call__(self, match_quality_matrix: Tensor) -> Tensor:
        matches = super().__call__(match_quality_matrix)
        best = match_quality_matrix.max(1)[1]
        matches[best] = arange(len(best), dtype=matches.dtype, device=matches.device)
        return matches


def overwrite_eps(model: nn.Module, eps: float) -> None:
    """Set what all frozen batch norms add to the variance (the first published files had 0)."""
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.eps = eps


def per_place(x: Tensor, columns: int) -> Tensor:
    """A map's ``(N, boxes * columns, H, W)`` as ``(N, H * W * boxes, columns)``."""
    n, _, height, width = x.shape
    split = x.reshape(n, -1, columns, height, width).permute(0, 3, 4, 1, 2)
    return split.reshape(n, -1, columns)


def top_scores(scores: Tensor, threshold: float, count: int) -> tuple[Tensor, Tensor]:
    """The largest scores above a threshold, and where they are."""
    places = indices(scores > threshold)
    best, order = scores[places].topk(min(count, len(places)))
    return best, places[order]


def box_loss(kind: str, coder: BoxCoder, anchors: Tensor, targets: Tensor, codes: Tensor,
             beta: float = 1.0, eps: float = 1e-7) -> Tensor:
    """How far boxes are from targets, summed: of their codes (l1), or of the boxes (giou).

    Raises
    ------
    ValueError
        For another kind of loss.
    """
    losses: dict[str, Any] = {"ciou": complete_box_iou_loss, "diou": distance_box_iou_loss,
                              "giou": generalized_box_iou_loss}
    if kind == "l1":
        return F.l1_loss(codes, coder.encode_single(targets, anchors), reduction="sum")
    if kind == "smooth_l1":
        return F.smooth_l1_loss(codes, coder.encode_single(targets, anchors), reduction="sum",
                                beta=beta)
    if kind not in losses:
        raise ValueError(f"box_loss: {kind!r} is unknown: use l1, smooth_l1, ciou, diou or giou")
    loss: Tensor = losses[kind](coder.decode_single(codes, anchors), targets, reduction="sum",
                                eps=eps)
    return loss


def no_match(anchors: Tensor) -> Tensor:
    """The matches of a picture without targets: background everywhere."""
    return full((len(anchors),), -1, dtype=dtypes.int64, device=anchors.device)


def retrieve_out_channels(model: nn.Module, size: tuple[int, int]) -> list[int]:
    """The channels of each feature map, found by trying."""
    was_training = model.training
    model.eval()
    with no_grad():
        device = next(model.parameters()).device
        features: Any = model(zeros(1, 3, size[1], size[0], device=device))
    model.train(was_training)
    return [x.shape[1] for x in ([features] if isinstance(features, Tensor)
                                 else features.values())]
