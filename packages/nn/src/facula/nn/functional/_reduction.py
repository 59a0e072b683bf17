"""How a loss's elements become one number."""

from __future__ import annotations

import warnings
from typing import Any

from facula.core.ops import reduce as fold
from facula.core.tensor import Tensor


def legacy(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The word that PyTorch's old arguments ``size_average`` and ``reduce`` mean."""
    if size_average is None and reduce is None:
        return reduction
    word = "none" if reduce is False else ("sum" if size_average is False else "mean")
    warnings.warn(f"size_average and reduce args will be deprecated, please use "
                  f"reduction='{word}' instead.", stacklevel=3)
    return word


def reduced(op: str, losses: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of the losses, or they themselves.

    Raises
    ------
    ValueError
        For another word than ``"mean"``, ``"sum"`` or ``"none"``.
    """
    if reduction == "mean":
        return fold.mean(losses)
    if reduction == "sum":
        return fold.sum(losses)
    if reduction == "none":
        return losses
    raise unknown(op, reduction)


def unknown(op: str, reduction: Any) -> ValueError:
    """The error for a word that is no reduction."""
    return ValueError(f"{op}: reduction={reduction!r} is not a valid value for reduction: use "
                      "'mean', 'sum' or 'none'")
