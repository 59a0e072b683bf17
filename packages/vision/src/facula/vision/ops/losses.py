"""Losses of detection: focal loss, and those that measure how boxes overlap."""

from __future__ import annotations

from facula.core import Tensor, maximum
from facula.vision.ops.boxes import centre_gap, enclosing, intersection, paired, shape_term


def _reduced(op: str, loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    raise ValueError(f"{op}: reduction={reduction!r} must be none, mean or sum")


def sigmoid_focal_loss(inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2,
                       reduction: str = "none") -> Tensor:
    """Cross entropy of logits that counts easy examples less.

    Parameters
    ----------
    inputs, targets : Tensor
        Logits, and 0 or 1 for each.
    alpha : float
        The weight of the ones, from 0 to 1; -1 for none.
    gamma : float
        How much less easy examples count.
    reduction : str
        ``"none"``, ``"mean"`` or ``"sum"``.

    References
    ----------
    T.-Y. Lin et al., Focal loss for dense object detection, ICCV 2017, arXiv:1708.02002.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import sigmoid_focal_loss
    >>> sigmoid_focal_loss(facula.tensor([0.0]), facula.tensor([1.0]), alpha=-1)
    tensor([0.1733])
    """
    if not (0 <= alpha <= 1 or alpha == -1):
        raise ValueError(f"sigmoid_focal_loss: alpha={alpha} must be from 0 to 1, or -1")
    p = inputs.sigmoid()
    entropy = maximum(inputs, inputs * 0) - inputs * targets + ((-inputs.abs()).exp()).log1p()
    loss = entropy * (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return _reduced("sigmoid_focal_loss", loss, reduction)


def _pairwise(op: str, boxes1: Tensor, boxes2: Tensor,
              eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both boxes in a wide type, the area of the union, and the overlap of each pair."""
    one, two = paired(op, boxes1, boxes2)
    inside, union = intersection(one, two)
    return one, two, union, inside / (union + eps)


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none",
                             eps: float = 1e-7) -> Tensor:
    """1 less the generalized overlap of each box with its partner.

    Parameters
    ----------
    boxes1, boxes2 : Tensor
        Shape (N, 4) or (4,): x1, y1, x2, y2.
    reduction : str
        ``"none"``, ``"mean"`` or ``"sum"``.
    eps : float
        Added to divisors.

    References
    ----------
    H. Rezatofighi et al., Generalized intersection over union, CVPR 2019, arXiv:1902.09630.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import generalized_box_iou_loss
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> generalized_box_iou_loss(box, box + 1)
    tensor([1.5000])
    """
    op = "generalized_box_iou_loss"
    one, two, union, overlap = _pairwise(op, boxes1, boxes2, eps)
    width, height = enclosing(one, two)
    around = width * height
    return _reduced(op, 1 - (overlap - (around - union) / (around + eps)), reduction)


def _distance_loss(op: str, boxes1: Tensor, boxes2: Tensor,
                   eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    one, two, _, overlap = _pairwise(op, boxes1, boxes2, eps)
    width, height = enclosing(one, two)
    diagonal = width * width + height * height + eps
    return 1 - overlap + centre_gap(one, two) / diagonal, overlap, one, two


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none",
                          eps: float = 1e-7) -> Tensor:
    """1 less the overlap of each box with its partner, plus the relative distance of the centres.

    Parameters
    ----------
    boxes1, boxes2, reduction, eps
        As for :func:`generalized_box_iou_loss`.

    References
    ----------
    Z. Zheng et al., Distance-IoU loss, AAAI 2020, arXiv:1911.08287.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import distance_box_iou_loss
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> distance_box_iou_loss(box, box + 1)
    tensor([1.2500])
    """
    op = "distance_box_iou_loss"
    return _reduced(op, _distance_loss(op, boxes1, boxes2, eps)[0], reduction)


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none",
                          eps: float = 1e-7) -> Tensor:
    """:func:`distance_box_iou_loss` with a term for how unlike the shapes are.

    Parameters
    ----------
    boxes1, boxes2, reduction, eps
        As for :func:`generalized_box_iou_loss`.

    References
    ----------
    Z. Zheng et al., Distance-IoU loss, AAAI 2020, arXiv:1911.08287.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import complete_box_iou_loss
    >>> box = facula.tensor([[0.0, 0.0, 1.0, 1.0]])
    >>> complete_box_iou_loss(box, box + 1)
    tensor([1.2500])
    """
    op = "complete_box_iou_loss"
    loss, overlap, one, two = _distance_loss(op, boxes1, boxes2, eps)
    return _reduced(op, loss + shape_term(one, two, overlap, eps), reduction)
