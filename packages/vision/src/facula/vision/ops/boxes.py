"""Boxes (x1, y1, x2, y2): areas, overlaps, conversions, clipping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core import Tensor, clamp, from_numpy, maximum, minimum, no_grad, stack
from facula.vision.ops.suppression import batched_nms as batched_nms
from facula.vision.ops.suppression import nms as nms


def _check(op: str, name: str, boxes: Any) -> None:
    if not isinstance(boxes, Tensor) or boxes.ndim < 1 or boxes.shape[-1] != 4:
        shape = tuple(boxes.shape) if isinstance(boxes, Tensor) else type(boxes).__name__
        raise ValueError(f"{op}: {name} must have shape (..., 4), but has {shape}")


def _wide(boxes: Tensor) -> Tensor:
    """The boxes in a type whose products do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype.itemsize >= 4 else boxes.float()
    return boxes.long()


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The areas of boxes (..., 4), given in a form of :func:`box_convert`.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import box_area
    >>> box_area(facula.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])
    """
    _check("box_area", "boxes", boxes)
    _check_form("box_area", fmt)
    a, b, c, d = _wide(boxes).unbind(-1)
    return (c - a) * (d - b) if fmt == "xyxy" else c * d


def paired(op: str, boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes that are compared one with one, in types whose products do not overflow."""
    _check(op, "boxes1", boxes1)
    _check(op, "boxes2", boxes2)
    if boxes1.shape != boxes2.shape:
        raise ValueError(f"{op}: boxes1 has shape {tuple(boxes1.shape)}, boxes2 "
                         f"{tuple(boxes2.shape)}: they must be equal")
    return _wide(boxes1), _wide(boxes2)


def _all_pairs(op: str, boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes (N, 1, 4) and (1, M, 4), which broadcast to every pair."""
    _check(op, "boxes1", boxes1)
    _check(op, "boxes2", boxes2)
    return _wide(boxes1).unsqueeze(-2), _wide(boxes2).unsqueeze(-3)


def intersection(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """The areas of what boxes share, and of what they cover together."""
    sides = clamp(minimum(one[..., 2:], two[..., 2:]) - maximum(one[..., :2], two[..., :2]), min=0)
    inside = sides[..., 0] * sides[..., 1]
    return inside, box_area(one) + box_area(two) - inside


def enclosing(one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around each pair."""
    sides = clamp(maximum(one[..., 2:], two[..., 2:]) - minimum(one[..., :2], two[..., :2]), min=0)
    return sides[..., 0], sides[..., 1]


def centre_gap(one: Tensor, two: Tensor) -> Tensor:
    """The squared distance of the centres of each pair."""
    gap = (one[..., :2] + one[..., 2:] - two[..., :2] - two[..., 2:]) / 2
    return (gap * gap).sum(-1)


def shape_term(one: Tensor, two: Tensor, overlap: Tensor, eps: float) -> Tensor:
    """What unlike ratios of sides cost: ``v**2 / (1 - overlap + v)``, the divisor held fixed."""
    angles = [((b[..., 2] - b[..., 0]) / (b[..., 3] - b[..., 1])).atan() for b in (one, two)]
    v = 4 / math.pi ** 2 * (angles[1] - angles[0]) ** 2
    with no_grad():
        alpha = v / (1 - overlap + v + eps)
    return alpha * v


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of all pairs: (N, 4) and (M, 4) give (N, M).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import box_iou
    >>> box_iou(facula.tensor([[0.0, 0.0, 2.0, 2.0]]), facula.tensor([[1.0, 0.0, 3.0, 2.0]]))
    tensor([[0.3333]])
    """
    _check_form("box_iou", fmt)
    one, two = _all_pairs("box_iou", boxes1, boxes2)
    if fmt != "xyxy":
        one, two = box_convert(one, fmt, "xyxy"), box_convert(two, fmt, "xyxy")
    inside, union = intersection(one, two)
    return inside / union


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
    one, two = _all_pairs("generalized_box_iou", boxes1, boxes2)
    inside, union = intersection(one, two)
    width, height = enclosing(one, two)
    around = width * height
    return inside / union - (around - union) / around


def _distanced(op: str, boxes1: Tensor, boxes2: Tensor,
               eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    one, two = _all_pairs(op, boxes1, boxes2)
    inside, union = intersection(one, two)
    width, height = enclosing(one, two)
    overlap = inside / union
    return overlap - centre_gap(one, two) / (width ** 2 + height ** 2 + eps), overlap, one, two


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """:func:`box_iou` less the squared distance of the centres, relative (arXiv:1911.08287).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import distance_box_iou
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> distance_box_iou(box, box + 1)
    tensor([[-0.2500]])
    """
    return _distanced("distance_box_iou", boxes1, boxes2, eps)[0]


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """:func:`distance_box_iou` less a term for unlike ratios of sides (arXiv:1911.08287).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import complete_box_iou
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> complete_box_iou(box, box + 1)
    tensor([[-0.2500]])
    """
    value, overlap, one, two = _distanced("complete_box_iou", boxes1, boxes2, eps)
    return value - shape_term(one, two, overlap, eps)


_FORMS = ("xyxy", "xywh", "cxcywh")


def _check_form(op: str, form: str) -> None:
    if form not in _FORMS:
        raise ValueError(f"{op}: unknown form {form!r}: use xyxy, xywh or cxcywh")


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
        _check_form("box_convert", form)
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
    """Boxes cut at the edges of a picture (height, width).

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import clip_boxes_to_image
    >>> clip_boxes_to_image(facula.tensor([[-5, 2, 30, 40]]), (20, 10))
    tensor([[ 0,  2, 10, 20]])
    """
    _check("clip_boxes_to_image", "boxes", boxes)
    height, width = size
    x1, y1, x2, y2 = boxes.unbind(-1)
    return stack([clamp(x1, 0, width), clamp(y1, 0, height), clamp(x2, 0, width),
                  clamp(y2, 0, height)], dim=-1)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes with both sides at least ``min_size``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import remove_small_boxes
    >>> remove_small_boxes(facula.tensor([[0, 0, 9, 9], [0, 0, 9, 1]]), 2)
    tensor([0])
    """
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
