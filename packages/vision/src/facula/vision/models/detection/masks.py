"""Mask R-CNN's masks: what is learnt inside each box, and how it comes into the picture."""

from __future__ import annotations

from collections.abc import Sequence

from facula.core import Tensor, arange, cat, dtypes, zeros
from facula.nn import functional as F
from facula.vision.ops import roi_align


def maskrcnn_inference(x: Tensor, labels: Sequence[Tensor]) -> Sequence[Tensor]:
    """The probabilities ``(boxes, 1, M, M)`` of each picture's masks, for the boxes' classes."""
    together = cat(list(labels))
    chosen = x.sigmoid()[arange(len(together), device=x.device), together]
    return chosen.unsqueeze(1).split([len(one) for one in labels])


def maskrcnn_loss(mask_logits: Tensor, proposals: Sequence[Tensor], gt_masks: Sequence[Tensor],
                  gt_labels: Sequence[Tensor], mask_matched_idxs: Sequence[Tensor]) -> Tensor:
    """The cross entropy between masks inside boxes and the targets', cut out by RoIAlign."""
    side = mask_logits.shape[-1]
    labels = cat([one[matched] for one, matched in zip(gt_labels, mask_matched_idxs, strict=True)])
    if not len(labels):
        return mask_logits.sum() * 0
    targets = []
    for masks, boxes, matched in zip(gt_masks, proposals, mask_matched_idxs, strict=True):
        rois = cat([matched.to(boxes.dtype).unsqueeze(1), boxes], 1)
        targets.append(roi_align(masks.unsqueeze(1).to(boxes.dtype), rois, (side, side),
                                 1.0).squeeze(1))
    chosen = mask_logits[arange(len(labels), device=labels.device), labels]
    return F.binary_cross_entropy_with_logits(chosen, cat(targets))


def _widened(boxes: Tensor, scale: float) -> Tensor:
    """Boxes of the same middles, larger by a factor."""
    middle = (boxes[:, :2] + boxes[:, 2:]) * 0.5
    half = (boxes[:, 2:] - boxes[:, :2]) * (0.5 * scale)
    return cat([middle - half, middle + half], 1)


def _paste(mask: Tensor, box: Sequence[int], height: int, width: int) -> Tensor:
    """A mask of the box's inside as one of the picture; corners are pixels of the box."""
    left, top, right, bottom = box
    size = (max(bottom - top + 1, 1), max(right - left + 1, 1))
    mask = F.interpolate(mask.reshape(1, 1, *mask.shape[-2:]), size=size, mode="bilinear",
                         align_corners=False)[0, 0]
    whole = zeros(height, width, dtype=mask.dtype, device=mask.device)
    x0, x1 = max(left, 0), min(right + 1, width)
    y0, y1 = max(top, 0), min(bottom + 1, height)
    if x0 < x1 and y0 < y1:
        whole[y0:y1, x0:x1] = mask[y0 - top:y1 - top, x0 - left:x1 - left]
    return whole


def paste_masks_in_image(masks: Tensor, boxes: Tensor, img_shape: tuple[int, int],
                         padding: int = 1) -> Tensor:
    """Masks ``(boxes, 1, M, M)`` of the insides of boxes as masks ``(boxes, 1, H, W)``.

    A border of zeros around each mask lets it fade at the sides of its box.
    """
    height, width = img_shape
    side = masks.shape[-1]
    padded = F.pad(masks, (padding,) * 4)
    places = _widened(boxes, (side + 2 * padding) / side).to(dtypes.int64).tolist()
    whole = zeros(len(places), 1, height, width, dtype=masks.dtype, device=masks.device)
    for i, place in enumerate(places):
        whole[i, 0] = _paste(padded[i, 0], place, height, width)
    return whole
