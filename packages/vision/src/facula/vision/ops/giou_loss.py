"""The loss by the generalized overlap of boxes."""

from __future__ import annotations

from facula.core import Tensor
from facula.vision.ops.boxes import enclosing, intersection, paired
from facula.vision.ops.reduced import reduced


def pairwise(op: str, boxes1: Tensor, boxes2: Tensor,
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
    one, two, union, overlap = pairwise(op, boxes1, boxes2, eps)
    width, height = enclosing(one, two)
    around = width * height
    return reduced(op, 1 - (overlap - (around - union) / (around + eps)), reduction)
