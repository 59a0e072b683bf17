"""What the losses share: the sum or mean of their elements."""

from __future__ import annotations

from facula.core import Tensor


def reduced(op: str, loss: Tensor, reduction: str) -> Tensor:
    """A loss, or its sum or mean; the mean of nothing is 0."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    raise ValueError(f"{op}: reduction={reduction!r} must be none, mean or sum")
