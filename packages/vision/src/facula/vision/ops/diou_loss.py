"""The loss by the overlap of boxes and the distance of their centres."""

from __future__ import annotations

from facula.core import Tensor
from facula.vision.ops.boxes import centre_gap, enclosing
from facula.vision.ops.giou_loss import pairwise
from facula.vision.ops.reduced import reduced


def distance_loss(op: str, boxes1: Tensor, boxes2: Tensor,
                  eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The loss of each pair, their overlaps, and both boxes in a wide type."""
    one, two, _, overlap = pairwise(op, boxes1, boxes2, eps)
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
    return reduced(op, distance_loss(op, boxes1, boxes2, eps)[0], reduction)
