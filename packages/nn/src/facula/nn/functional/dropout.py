"""Dropout: elements or whole channels set to zero at random, the rest scaled up."""

from __future__ import annotations

from facula.core.ops import creation, random
from facula.core.tensor import Tensor


def _check(op: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{op}: p={p} is not a probability: it must be between 0 and 1")


def _finish(input: Tensor, mask: Tensor, inplace: bool) -> Tensor:
    return input.mul_(mask) if inplace else input * mask  # type: ignore


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element zero with probability p, else divided by ``1 - p``.

    The mask comes from the device's random generator: the same seed gives the same mask on every
    device.

    Parameters
    ----------
    input : Tensor
    p : float
        The probability.
    training : bool
        Return the input as it is if False.
    inplace : bool
        Write into the input.

    Raises
    ------
    ValueError
        If p is not a probability.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.dropout(facula.ones(3), 1.0)
    tensor([0., 0., 0.])
    """
    _check("dropout", p)
    if not training or p == 0:
        return input
    return _finish(input, random.dropout_mask(input, p), inplace)


def _of_channels(op: str, rank: int, input: Tensor, p: float, training: bool,
                 inplace: bool) -> Tensor:
    _check(op, p)
    if input.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(f"{op}: input has shape {tuple(input.shape)}: it must have {rank + 1} "
                           f"(unbatched) or {rank + 2} (batched) dimensions")
    if not training or p == 0:
        return input
    size = (*input.shape[:input.ndim - rank], *(1,) * rank)
    return _finish(input, random.dropout_mask(input, p, size=size), inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Tensor:
    """:func:`dropout` of whole channels of signals ``(N, C, L)`` or ``(C, L)``."""
    return _of_channels("dropout1d", 1, input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Tensor:
    """:func:`dropout` of whole channels of pictures ``(N, C, H, W)`` or ``(C, H, W)``."""
    return _of_channels("dropout2d", 2, input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> Tensor:
    """:func:`dropout` of whole channels of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``."""
    return _of_channels("dropout3d", 3, input, p, training, inplace)


# The value that SELU tends to for large negative arguments.
_SELU_FLOOR = -1.7580993408473766


def _alpha(input: Tensor, mask: Tensor, p: float) -> Tensor:
    """Keep where the mask is not zero, else SELU's floor; then restore mean and variance."""
    a = (_SELU_FLOOR ** 2 * p * (1 - p) + (1 - p)) ** -0.5 if p < 1 else 0.0
    keep = (mask != 0).to(input.dtype)  # type: ignore[attr-defined]
    shift = (1 - keep) * (_SELU_FLOOR * a) - _SELU_FLOOR * a * p
    return input * (keep * a) + shift  # type: ignore[operator]


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False,
                  inplace: bool = False) -> Tensor:
    """Dropout that keeps mean and variance of what comes out of SELU."""
    _check("alpha_dropout", p)
    if not training or p == 0:
        return input
    if p == 1:
        y = input * creation.zeros_like(input)  # type: ignore[operator]
    else:
        y = _alpha(input, random.dropout_mask(input, p), p)
    return input.copy_(y) if inplace else y  # type: ignore[attr-defined]


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False,
                          inplace: bool = False) -> Tensor:
    """:func:`alpha_dropout` of whole channels: the dimensions after the second."""
    _check("feature_alpha_dropout", p)
    if not training or p == 0:
        return input
    size = (*input.shape[:2], *(1,) * (input.ndim - 2))
    if p == 1:
        y = input * creation.zeros_like(input)  # type: ignore[operator]
    else:
        y = _alpha(input, random.dropout_mask(input, p, size=size), p)
    return input.copy_(y) if inplace else y  # type: ignore[attr-defined]
