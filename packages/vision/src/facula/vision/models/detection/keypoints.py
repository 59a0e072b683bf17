"""Keypoint R-CNN's keypoints: places as classes of a heat map, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from facula.core import Tensor, cat, dtypes, ones_like, stack, where, zeros
from facula.nn import functional as F
from facula.vision.models.detection._utils import indices


def keypoints_to_heatmap(keypoints: Tensor, rois: Tensor,
                         heatmap_size: int) -> tuple[Tensor, Tensor]:
    """Which cell of its box's heat map each keypoint lies in, and whether it counts.

    Parameters
    ----------
    keypoints : Tensor
        ``(N, K, 3)``: x, y and visibility.
    rois : Tensor
        ``(N, 4)``.
    heatmap_size : int
        The side of the map.

    Returns
    -------
    cells : Tensor
        ``(N, K)``, 0 where it doesn't count.
    valid : Tensor
        ``(N, K)``, 1 where the keypoint is visible and inside its box.
    """
    corner, opposite = rois[:, None, :2], rois[:, None, 2:]
    place = keypoints[..., :2]
    cell = ((place - corner) * (heatmap_size / (opposite - corner))).floor().to(dtypes.int64)
    cell = where(place == opposite, heatmap_size - 1, cell)
    inside = ((cell >= 0) & (cell < heatmap_size)).all(-1)
    valid = (inside & (keypoints[..., 2] > 0)).to(dtypes.int64)
    return (cell[..., 1] * heatmap_size + cell[..., 0]) * valid, valid


def heatmaps_to_keypoints(maps: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """The places of the largest values of heat maps, in the picture, and those values.

    Each map is resized bicubically to its box's whole pixels first.

    Parameters
    ----------
    maps : Tensor
        ``(N, K, M, M)``.
    rois : Tensor
        ``(N, 4)``.

    Returns
    -------
    keypoints : Tensor
        ``(N, K, 3)``: x, y and 1, in float32.
    scores : Tensor
        ``(N, K)``, in float32.
    """
    kinds = maps.shape[1]
    if not len(rois):
        empty = zeros(0, kinds, 3, device=maps.device)
        return empty, empty[..., 0]
    places, scores = [], []
    for heat, box in zip(maps, rois, strict=True):
        left, top, right, bottom = box.tolist()
        wide, high = max(right - left, 1.0), max(bottom - top, 1.0)
        columns, rows = math.ceil(wide), math.ceil(high)
        large = F.interpolate(heat.unsqueeze(1), size=(rows, columns), mode="bicubic",
                              align_corners=False).reshape(kinds, -1)
        score, best = large.max(1)
        x = ((best % columns).to(dtypes.float32) + 0.5) * (wide / columns) + left
        y = ((best // columns).to(dtypes.float32) + 0.5) * (high / rows) + top
        places.append(stack([x, y, ones_like(x)], 1))
        scores.append(score.to(dtypes.float32))
    return stack(places), stack(scores)


def keypointrcnn_loss(keypoint_logits: Tensor, proposals: Sequence[Tensor],
                      gt_keypoints: Sequence[Tensor],
                      keypoint_matched_idxs: Sequence[Tensor]) -> Tensor:
    """The cross entropy of the heat maps' cells, over the keypoints that count."""
    n, kinds, height, width = keypoint_logits.shape
    if height != width:
        raise ValueError(f"keypointrcnn_loss: maps of {height} x {width}: they must be square")
    cells, valid = [], []
    for boxes, points, matched in zip(proposals, gt_keypoints, keypoint_matched_idxs,
                                      strict=True):
        cell, counts = keypoints_to_heatmap(points[matched], boxes, height)
        cells.append(cell.flatten())
        valid.append(counts.flatten())
    chosen = indices(cat(valid))
    if not len(chosen):
        return keypoint_logits.sum() * 0
    logits = keypoint_logits.reshape(n * kinds, height * width)
    return F.cross_entropy(logits[chosen], cat(cells)[chosen])


def keypointrcnn_inference(x: Tensor, boxes: Sequence[Tensor],
                           ) -> tuple[list[Tensor], list[Tensor]]:
    """The keypoints and scores of each picture."""
    found = [heatmaps_to_keypoints(maps, box) for maps, box in zip(
        x.split([len(box) for box in boxes]), boxes, strict=True)]
    return [points for points, _ in found], [scores for _, scores in found]
