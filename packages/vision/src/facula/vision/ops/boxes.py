"""Boxes (x1, y1, x2, y2): areas, overlaps, conversions, and suppression of doubles."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import Tensor, from_numpy, maximum, minimum, stack, tensor, where
from facula.vision.transforms.functional.resample import clip


def _check(op: str, name: str, boxes: Any) -> None:
    if not isinstance(boxes, Tensor) or boxes.ndim < 1 or boxes.shape[-1] != 4:
        shape = tuple(boxes.shape) if isinstance(boxes, Tensor) else type(boxes).__name__
        raise ValueError(f"{op}: {name} must have shape (..., 4), but has {shape}")


def _wide(boxes: Tensor) -> Tensor:
    """The boxes in a type whose products do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype.itemsize >= 4 else boxes.float()
    return boxes.long()


def box_area(boxes: Tensor) -> Tensor:
    """The areas of boxes (..., 4).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import box_area
    >>> box_area(facula.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])
    """
    _check("box_area", "boxes", boxes)
    x1, y1, x2, y2 = _wide(boxes).unbind(-1)
    return (x2 - x1) * (y2 - y1)


def _overlap(op: str, boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """The areas of the intersections and of the unions of all pairs."""
    _check(op, "boxes1", boxes1)
    _check(op, "boxes2", boxes2)
    one, two = _wide(boxes1).unsqueeze(-2), _wide(boxes2).unsqueeze(-3)
    sides = maximum(minimum(one[..., 2:], two[..., 2:]) - maximum(one[..., :2], two[..., :2]),
                    tensor(0, dtype=one.dtype, device=one.device))
    inside = sides[..., 0] * sides[..., 1]
    return inside, box_area(boxes1).unsqueeze(-1) + box_area(boxes2).unsqueeze(-2) - inside


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Intersection over union of all pairs: (N, 4) and (M, 4) give (N, M).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import box_iou
    >>> box_iou(facula.tensor([[0.0, 0.0, 2.0, 2.0]]), facula.tensor([[1.0, 0.0, 3.0, 2.0]]))
    tensor([[0.3333]])
    """
    inside, union = _overlap("box_iou", boxes1, boxes2)
    return inside / union


def _enclosing(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around each pair."""
    one, two = _wide(boxes1).unsqueeze(-2), _wide(boxes2).unsqueeze(-3)
    sides = maximum(one[..., 2:], two[..., 2:]) - minimum(one[..., :2], two[..., :2])
    return sides[..., 0], sides[..., 1]


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """:func:`box_iou` less the share of the enclosing box that neither covers (arXiv:1902.09630).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import generalized_box_iou
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> generalized_box_iou(box, box + 1)
    tensor([[-0.5000]])
    """
    inside, union = _overlap("generalized_box_iou", boxes1, boxes2)
    width, height = _enclosing(boxes1, boxes2)
    around = width * height
    return inside / union - (around - union) / around


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """:func:`box_iou` less the squared distance of the centres, relative (arXiv:1911.08287)."""
    inside, union = _overlap("distance_box_iou", boxes1, boxes2)
    width, height = _enclosing(boxes1, boxes2)
    one, two = _wide(boxes1).unsqueeze(-2), _wide(boxes2).unsqueeze(-3)
    gap = (one[..., :2] + one[..., 2:] - two[..., :2] - two[..., 2:]) / 2
    return inside / union - (gap * gap).sum(-1) / (width * width + height * height + eps)


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes in another form.

    Parameters
    ----------
    boxes : Tensor
        Shape (..., 4).
    in_fmt, out_fmt : str
        ``"xyxy"`` (two corners), ``"xywh"`` (corner and sizes) or ``"cxcywh"`` (centre and sizes).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import box_convert
    >>> box_convert(facula.tensor([1.0, 1.0, 3.0, 5.0]), "xyxy", "cxcywh")
    tensor([2., 3., 2., 4.])
    """
    _check("box_convert", "boxes", boxes)
    for form in (in_fmt, out_fmt):
        if form not in ("xyxy", "xywh", "cxcywh"):
            raise ValueError(f"box_convert: unknown form {form!r}: use xyxy, xywh or cxcywh")
    if in_fmt == out_fmt:
        return boxes.clone()
    a, b, c, d = boxes.unbind(-1)
    if in_fmt == "xywh":
        a, b, c, d = a, b, a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - 0.5 * c, b - 0.5 * d, a + 0.5 * c, b + 0.5 * d
    if out_fmt == "xywh":
        a, b, c, d = a, b, c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return stack([a, b, c, d], dim=-1)


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes cut at the edges of a picture (height, width)."""
    _check("clip_boxes_to_image", "boxes", boxes)
    height, width = size
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack([clip(x1, 0, width), clip(y1, 0, height), clip(x2, 0, width),
                  clip(y2, 0, height)], dim=-1)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes with both sides at least ``min_size``."""
    _check("remove_small_boxes", "boxes", boxes)
    x1, y1, x2, y2 = boxes.unbind(-1)
    keep = (x2 - x1 >= min_size) & (y2 - y1 >= min_size)
    return keep.nonzero().reshape(-1)


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest box around each mask (N, H, W).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import masks_to_boxes
    >>> masks_to_boxes(facula.tensor([[[0, 0, 0], [0, 1, 1]]]))
    tensor([[1., 1., 2., 1.]])
    """
    boxes = np.zeros((masks.shape[0], 4), np.float32)
    for box, mask in zip(boxes, masks.numpy(force=True), strict=True):
        ys, xs = np.nonzero(mask)
        if len(xs):
            box[:] = xs.min(), ys.min(), xs.max(), ys.max()
    return from_numpy(boxes).to(masks.device)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the boxes to keep, by falling score.

    A box goes if its overlap (:func:`box_iou`) with a kept one of higher score is above the
    threshold. The overlaps are found where the boxes are; the choice, one after the other by
    nature, on the host.

    Parameters
    ----------
    boxes : Tensor
        Shape (N, 4).
    scores : Tensor
        Shape (N,).
    iou_threshold : float
        The largest overlap that two kept boxes may have.

    Returns
    -------
    Tensor
        int64.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import nms
    >>> boxes = facula.tensor([[0.0, 0, 4, 4], [0.0, 0, 4, 3], [5.0, 5, 6, 6]])
    >>> nms(boxes, facula.tensor([0.8, 0.9, 0.1]), 0.5)
    tensor([1, 2])
    """
    _check("nms", "boxes", boxes)
    if boxes.ndim != 2 or tuple(scores.shape) != (boxes.shape[0],):
        raise ValueError(f"nms: boxes have shape {tuple(boxes.shape)} and scores "
                         f"{tuple(scores.shape)}: needed are (N, 4) and (N,)")
    order = np.argsort(-scores.numpy(force=True), kind="stable")
    doubles = (box_iou(boxes, boxes) > iou_threshold).numpy(force=True)
    gone = np.zeros(len(order), bool)
    keep = []
    for i in order:
        if not gone[i]:
            keep.append(i)
            gone |= doubles[i]
    return from_numpy(np.array(keep, np.int64)).to(boxes.device)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """:func:`nms` within each group of boxes, ``idxs`` (N,) telling the group."""
    if not len(boxes):
        return nms(boxes, scores, iou_threshold)
    apart = idxs.to(boxes.dtype) * (boxes.amax() - boxes.amin() + 1)
    return nms(boxes + apart.unsqueeze(1), scores, iou_threshold)


def sigmoid_focal_loss(inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2,
                       reduction: str = "none") -> Tensor:
    """Cross entropy of logits that counts easy examples less (arXiv:1708.02002).

    Parameters
    ----------
    inputs, targets : Tensor
        Logits, and 0 or 1 for each.
    alpha : float
        The weight of the ones; below 0 for none.
    gamma : float
        How much less easy examples count.
    reduction : str
        ``"none"``, ``"mean"`` or ``"sum"``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import sigmoid_focal_loss
    >>> sigmoid_focal_loss(facula.tensor([0.0]), facula.tensor([1.0]), alpha=-1)
    tensor([0.1733])
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"sigmoid_focal_loss: reduction={reduction!r} must be none, mean or sum")
    p = inputs.sigmoid()
    entropy = maximum(inputs, inputs * 0) - inputs * targets + ((-inputs.abs()).exp()).log1p()
    loss = entropy * (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma
    if alpha >= 0:
        loss = where(targets == 1, alpha * loss, (1 - alpha) * loss)
    return loss if reduction == "none" else getattr(loss, reduction)()
