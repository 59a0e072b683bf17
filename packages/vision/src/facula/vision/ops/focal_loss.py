"""Focal loss, for classes of which one is everywhere."""

from __future__ import annotations

from facula.core import Tensor, maximum
from facula.vision.ops.reduced import reduced


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
    return reduced("sigmoid_focal_loss", loss, reduction)
