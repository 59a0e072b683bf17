"""Losses for numbers, distributions and distances."""

from __future__ import annotations

import math
import warnings
from typing import Any

from facula.core.errors import describe
from facula.core.ops import binary, masked, pointwise, unary
from facula.core.ops import reduce as fold
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._reduction import legacy, reduced
from facula.nn.functional.distance import cosine_similarity, pairwise_distance


def _warn_of_broadcast(op: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        warnings.warn(f"{op}: input has shape {tuple(input.shape)}, target has shape "
                      f"{tuple(target.shape)}: they broadcast, which is likely a mistake: make "
                      "them equal", stacklevel=3)


def _weighted(op: str, losses: Any, input: Tensor, weight: Tensor | None) -> Any:
    """The losses times their weights, which must have the input's shape."""
    if weight is None:
        return losses
    if weight.shape != input.shape:
        raise ValueError(f"{op}: weight has shape {tuple(weight.shape)}, input has shape "
                         f"{tuple(input.shape)}: weights and input must have the same size")
    return losses * weight


def _weighted_mean(op: str, losses: Any, input: Tensor, weight: Tensor | None,
                   reduction: str) -> Tensor:
    """The losses, reduced; a mean is over the weights."""
    losses = _weighted(op, losses, input, weight)
    if weight is not None and reduction == "mean":
        return fold.sum(losses) / fold.sum(weight)  # type: ignore[operator]
    return reduced(op, losses, reduction)


@guarded
def mse_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
             reduce: bool | None = None, reduction: str = "mean",
             weight: Tensor | None = None) -> Tensor:
    """The squared difference.

    Parameters
    ----------
    input, target : Tensor
        Of one shape.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    weight : Tensor, optional
        How much each element counts.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.mse_loss(facula.tensor([1.0, 3.0]), facula.zeros(2))
    tensor(5.)
    """
    reduction = legacy(size_average, reduce, reduction)
    _warn_of_broadcast("mse_loss", input, target)
    return _weighted_mean("mse_loss", unary.square(input - target), input,  # type: ignore
                          weight, reduction)


@guarded
def l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
            reduce: bool | None = None, reduction: str = "mean",
            weight: Tensor | None = None) -> Tensor:
    """The absolute difference; parameters as for :func:`mse_loss`."""
    reduction = legacy(size_average, reduce, reduction)
    _warn_of_broadcast("l1_loss", input, target)
    return _weighted_mean("l1_loss", unary.abs(input - target), input,  # type: ignore
                          weight, reduction)


@guarded
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
                   reduce: bool | None = None, reduction: str = "mean",
                   beta: float = 1.0) -> Tensor:
    """``d ** 2 / (2 beta)`` where the difference d is below ``beta``, else ``|d| - beta / 2``."""
    reduction = legacy(size_average, reduce, reduction)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta={beta} must not be negative")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    _warn_of_broadcast("smooth_l1_loss", input, target)
    d: Any = unary.abs(input - target)  # type: ignore[operator]
    losses = masked.where(d < beta, d * d * (0.5 / beta), d - 0.5 * beta)
    return reduced("smooth_l1_loss", losses, reduction)


@guarded
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
               weight: Tensor | None = None) -> Tensor:
    """``d ** 2 / 2`` where the difference is below ``delta``, else ``delta (|d| - delta / 2)``.

    Unlike those of :func:`mse_loss` and :func:`l1_loss`, its mean counts elements and not weights.
    """
    if delta <= 0:
        raise ValueError(f"huber_loss: delta={delta} must be positive")
    _warn_of_broadcast("huber_loss", input, target)
    d: Any = unary.abs(input - target)  # type: ignore[operator]
    losses = masked.where(d < delta, d * d * 0.5, (d - 0.5 * delta) * delta)
    return reduced("huber_loss", _weighted("huber_loss", losses, input, weight), reduction)


@guarded
def kl_div(input: Tensor, target: Tensor, size_average: bool | None = None,
           reduce: bool | None = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """The Kullback-Leibler divergence of the target from ``exp(input)``, element by element.

    Parameters
    ----------
    input : Tensor
        Log-probabilities.
    target : Tensor
        Probabilities, or their logarithms with ``log_target``.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"batchmean"`` (the divergence proper), ``"mean"``, ``"sum"`` or ``"none"``.
    log_target : bool
    """
    reduction = legacy(size_average, reduce, reduction)
    if reduction == "mean":
        warnings.warn("reduction: 'mean' divides the total loss by both the batch size and the "
                      "support size.'batchmean' divides only by the batch size, and aligns with "
                      "the KL div math definition.'mean' will be changed to behave the same as "
                      "'batchmean' in the next major release.", stacklevel=2)
    x: Any = target
    if log_target:
        losses = unary.exp(x) * (x - input)
    else:
        empty = x == 0  # 0 log 0 = 0
        logs = unary.log(masked.where(empty, 1.0, x))
        losses = masked.where(empty, 0.0, x * (logs - input))
    if reduction == "batchmean":
        return fold.sum(losses) / (input.shape[0] if input.ndim else 1)  # type: ignore
    return reduced("kl_div", losses, reduction)


@guarded
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False,
                     size_average: bool | None = None, eps: float = 1e-8,
                     reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """The negative log-likelihood of counts under Poisson rates.

    Parameters
    ----------
    input : Tensor
        The rates, or their logarithms with ``log_input``.
    target : Tensor
        Counts.
    log_input : bool
    full : bool
        Add Stirling's approximation of the target's factorial.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    eps : float
        Keeps the logarithm away from 0.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    """
    reduction = legacy(size_average, reduce, reduction)
    x: Any = input
    losses = unary.exp(x) - target * x if log_input else x - target * unary.log(x + eps)
    if full:
        t: Any = target
        safe = masked.where(t > 1, t, 1.0)
        stirling = safe * unary.log(safe) - safe + unary.log(safe * (2 * math.pi)) * 0.5
        losses = losses + masked.where(t > 1, stirling, 0.0)
    return reduced("poisson_nll_loss", losses, reduction)


def gaussian_nll_loss(input: Tensor, target: Tensor, var: Any, full: bool = False,
                      eps: float = 1e-6, reduction: str = "mean") -> Tensor:
    """The negative log-likelihood under normal distributions of mean ``input``, variance ``var``.

    Raises
    ------
    ValueError
        If ``var`` does not fit the input or is negative.
    """
    if not isinstance(var, Tensor):
        var = input.new_full(tuple(input.shape), var)  # type: ignore[attr-defined]
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif not (input.shape[:-1] == var.shape[:-1] and var.shape[-1] == 1) and var.ndim:
            raise ValueError(f"gaussian_nll_loss: var is of incorrect size {tuple(var.shape)}: the "
                             f"input has shape {tuple(input.shape)}")
    if bool((var < 0).any()):
        raise ValueError("gaussian_nll_loss: var has negative entry/entries")
    v = masked.where(var < eps, var + (eps - var).detach(), var)
    losses: Any = (unary.log(v) + unary.square(input - target) / v) * 0.5  # type: ignore
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced("gaussian_nll_loss", losses, reduction)


@guarded
def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
                          size_average: bool | None = None, reduce: bool | None = None,
                          reduction: str = "mean") -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1."""
    reduction = legacy(size_average, reduce, reduction)
    if target.ndim != input1.ndim - 1 or input1.ndim not in (1, 2):
        raise ValueError(f"cosine_embedding_loss: target is {describe(target)}: inputs of shape "
                         f"{tuple(input1.shape)} need one number each")
    similarity: Any = cosine_similarity(input1, input2, -1, 1e-6)
    near: Any = pointwise.clamp_min(similarity - margin, 0)  # type: ignore[arg-type]
    losses: Any = (masked.where(target == 1, 1 - similarity, 0.0)
                   + masked.where(target == -1, near, 0.0))
    return reduced("cosine_embedding_loss", losses, reduction)


@guarded
def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``."""
    reduction = legacy(size_average, reduce, reduction)
    losses = pointwise.clamp_min(-target * (input1 - input2) + margin, 0)  # type: ignore
    return reduced("margin_ranking_loss", losses, reduction)


@guarded
def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0,
                        p: float = 2, eps: float = 1e-6, swap: bool = False,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        ``(N, D)`` or ``(D,)``.
    margin : float
        Positive.
    p : float
        Of the norm.
    eps : float
        Added to the differences.
    swap : bool
        Take the smaller of the negative's distances to anchor and positive.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    """
    reduction = legacy(size_average, reduce, reduction)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)
    return triplet_margin_with_distance_loss(anchor, positive, negative,
                                             distance_function=distance, margin=margin, swap=swap,
                                             reduction=reduction)


def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *,
                                      distance_function: Any = None, margin: float = 1.0,
                                      swap: bool = False, reduction: str = "mean") -> Tensor:
    """:func:`triplet_margin_loss` with any distance (the Euclidean one where not given)."""
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss: margin={margin} must be positive")
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = binary.minimum(far, distance(positive, negative))
    losses = pointwise.clamp_min(near - far + margin, 0)  # type: ignore[arg-type]
    return reduced("triplet_margin_loss", losses, reduction)
