"""Non-maximum suppression: of boxes that overlap, those with the highest scores."""

from __future__ import annotations

from facula.autograd import not_differentiable
from facula.core import Tensor, argsort, dtypes, zeros
from facula.core.declare import primitive
from facula.vision.ops import _kernels  # noqa: F401  (registers what the primitive runs)


@primitive(result=dtypes.bool_, export=False)
def suppress(boxes: Tensor, groups: Tensor, threshold: float) -> Tensor:
    """Which boxes, given by falling score, overlap no kept one of their group before them."""
    return boxes, groups, threshold  # type: ignore[return-value]


not_differentiable(suppress, reason="the result is a choice")


def _chosen(boxes: Tensor, scores: Tensor, groups: Tensor | None, threshold: float) -> Tensor:
    boxes, scores = boxes.detach(), scores.detach()
    if boxes.ndim != 2 or boxes.shape[1] != 4 or tuple(scores.shape) != (boxes.shape[0],):
        raise ValueError(f"nms: boxes have shape {tuple(boxes.shape)} and scores "
                         f"{tuple(scores.shape)}: needed are (N, 4) and (N,)")
    if groups is None:
        groups = zeros(len(boxes), dtype=dtypes.int64, device=boxes.device)
    elif tuple(groups.shape) != tuple(scores.shape):
        raise ValueError(f"batched_nms: idxs has shape {tuple(groups.shape)}: one for each of the "
                         f"{len(boxes)} boxes is needed")
    order = argsort(scores, stable=True, dim=0, descending=True)
    wide = boxes if boxes.is_floating_point() else boxes.double()
    keep = suppress(wide[order], groups.long()[order], float(threshold))
    return order[keep]


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the boxes to keep, by falling score.

    A box goes if its overlap (:func:`box_iou`) with a kept one of higher score is above the
    threshold. On OpenCL the overlaps are found on the device; the choice, one after the other by
    nature, on the host.

    Parameters
    ----------
    boxes : Tensor
        Shape (N, 4): x1, y1, x2, y2.
    scores : Tensor
        Shape (N,).
    iou_threshold : float
        The largest overlap that two kept boxes may have.

    Returns
    -------
    Tensor
        int64.

    Raises
    ------
    ValueError
        If a shape does not fit.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import nms
    >>> boxes = facula.tensor([[0.0, 0, 4, 4], [0.0, 0, 4, 3], [5.0, 5, 6, 6]])
    >>> nms(boxes, facula.tensor([0.8, 0.9, 0.1]), 0.5)
    tensor([1, 2])
    """
    return _chosen(boxes, scores, None, iou_threshold)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """:func:`nms` within each group of boxes, ``idxs`` (N,) telling the group.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import batched_nms
    >>> boxes = facula.tensor([[0.0, 0, 4, 4], [0.0, 0, 4, 3]])
    >>> batched_nms(boxes, facula.tensor([0.8, 0.9]), facula.tensor([0, 1]), 0.5)
    tensor([1, 0])
    """
    return _chosen(boxes, scores, idxs, iou_threshold)
