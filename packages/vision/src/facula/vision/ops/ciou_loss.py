"""The loss by the overlap of boxes, the distance of their centres and their shapes."""

from __future__ import annotations

from facula.core import Tensor
from facula.vision.ops.boxes import shape_term
from facula.vision.ops.diou_loss import distance_loss
from facula.vision.ops.reduced import reduced


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
    loss, overlap, one, two = distance_loss(op, boxes1, boxes2, eps)
    return reduced(op, loss + shape_term(one, two, overlap, eps), reduction)
