"""The connectionist temporal classification loss: labels without an alignment to the frames."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.errors import describe
from facula.core.ops import (
    convert,
    creation,
    gather,
    joining,
    masked,
    pointwise,
    reduce,
    shape,
    unary,
)
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._reduction import unknown

# The logarithm of "impossible". Finite, so that no difference of two is NaN, neither forward nor
# backward; and so low that no sum of log-probabilities comes near.
_IMPOSSIBLE = -1e30


def _lengths(op: str, name: str, value: Any, batch: int, most: int, what: str) -> list[int]:
    """Lengths given as a tensor, a number or numbers, checked."""
    if isinstance(value, Tensor):
        if value.dtype.category != dtypes.INTEGER:
            raise RuntimeError(f"{op}: {name} must hold integers, but is {describe(value)}")
        value = value.tolist()
    listed = [int(n) for n in (value if isinstance(value, (list, tuple)) else [value])]
    if len(listed) != batch:
        raise RuntimeError(f"{op}: {name} has {len(listed)} elements for a batch of {batch}")
    if listed and (min(listed) < 0 or max(listed) > most):
        raise RuntimeError(f"{op}: {name} {listed} must be between 0 and {what}, {most}")
    return listed


def _labels(op: str, targets: Tensor, lengths: list[int]) -> Tensor:
    """The labels as ``(N, longest)``, whichever of the two forms they come in."""
    longest = max(lengths, default=0)
    if targets.ndim == 2:
        return targets[:, :longest]  # type: ignore[index]
    if targets.numel() < sum(lengths):
        raise RuntimeError(f"{op}: target_lengths {lengths} add up to {sum(lengths)}, but targets "
                           f"has {targets.numel()} elements")
    rows, begin = [], 0
    for n in lengths:
        rows.append([begin + i if i < n else 0 for i in range(longest)])
        begin += n
    places = creation.tensor(rows, dtype="int64", device=targets.device)
    if not longest:
        return creation.zeros(len(lengths), 0, dtype="int64", device=targets.device)
    return shape.reshape(gather.index_select(targets, 0, shape.reshape(places, -1)),
                         len(lengths), longest)


def _log_sum(*values: Any) -> Any:
    """``log(exp(a) + exp(b) + ...)`` by elements."""
    top: Any = values[0].detach()
    for v in values[1:]:
        top = top.maximum(v.detach())
    total: Any = unary.exp(values[0] - top)
    for v in values[1:]:
        total = total + unary.exp(v - top)
    return top + unary.log(total)


def _likelihoods(logp: Any, labels: Any, frames: list[int], lengths: list[int],
                 blank: int) -> Any:
    """The log-probability of each example's labels: the sum over all alignments.

    The states are ``blank, l1, blank, l2, ..., blank``. From frame to frame one stays, goes on by
    one, or by two where that skips a blank between different labels.
    """
    batch, longest = labels.shape
    states = 2 * longest + 1
    blanks = creation.full((batch, longest + 1, 1), blank, dtype="int64", device=logp.device)
    path = shape.reshape(joining.cat([blanks[:, :-1], shape.unsqueeze(labels, 2)], 2), batch, -1)
    path = joining.cat([path, blanks[:, -1]], 1)
    wide = shape.expand(shape.unsqueeze(path, 0), logp.shape[0], batch, states)
    scores: Any = pointwise.clamp(gather.gather(logp, 2, wide), _IMPOSSIBLE)

    def impossible(width: int) -> Any:
        return creation.full((batch, width), _IMPOSSIBLE, dtype=logp.dtype, device=logp.device)

    skips: Any = None
    if longest > 1:
        places = creation.arange(2, states, device=logp.device) % 2 == 1  # type: ignore
        skips = (path[:, 2:] != path[:, :-2]) & places
    opening = joining.cat([impossible(min(2, states)) * 0, impossible(max(states - 2, 0))], 1)
    alpha: Any = scores[0] + opening
    ends = creation.tensor(frames, device=logp.device)
    for t in range(1, max(frames, default=0)):
        ways = [alpha]
        if longest:
            ways.append(joining.cat([impossible(1), alpha[:, :-1]], 1))
        if skips is not None:
            ways.append(joining.cat([impossible(2), masked.where(
                skips, alpha[:, :-2], _IMPOSSIBLE)], 1))
        new = _log_sum(*ways) + scores[t]
        running = None if min(frames) > t else shape.unsqueeze(ends > t, 1)
        alpha = new if running is None else masked.where(running, new, alpha)
    last = creation.tensor([[2 * n, max(2 * n - 1, 0)] for n in lengths], device=logp.device)
    final: Any = gather.gather(alpha, 1, last)
    has_label = creation.tensor([n > 0 for n in lengths], device=logp.device)
    total = _log_sum(final[:, 0], masked.where(has_label, final[:, 1], _IMPOSSIBLE))
    if min(frames, default=1) == 0:  # no frame: certain where there is no label either
        certain = creation.tensor([0.0 if n == 0 else _IMPOSSIBLE for n in lengths],
                                  dtype=logp.dtype, device=logp.device)
        total = masked.where(ends == 0, certain, total)
    return total


@guarded
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any,
             blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> Tensor:
    r"""The negative log-likelihood of labels, summed over their alignments to the frames.

    .. math::
        -\log \sum_{\pi \in \mathcal B^{-1}(l)} \prod_t p_t(\pi_t)

    where :math:`\mathcal B` first merges repeated symbols and then takes the blanks out.

    Parameters
    ----------
    log_probs : Tensor
        ``(T, N, C)`` or ``(T, C)``: logarithms of probabilities, as :func:`log_softmax` gives.
    targets : Tensor
        ``(N, S)``, padded, or ``(sum(target_lengths),)``, one example's labels after the other's.
    input_lengths, target_lengths : Tensor, int or sequence of int
        How many frames and labels of each example count: ``(N,)``, or one number without a batch.
    blank : int
        The number of the blank.
    reduction : str
        ``"mean"`` (each loss divided by the number of its labels first), ``"sum"`` or ``"none"``.
    zero_infinity : bool
        Let the losses of examples with too few frames for their labels, which are infinite, and
        their gradients be zero.

    Returns
    -------
    Tensor
        0-d; ``(N,)`` for ``"none"`` of a batch.

    Raises
    ------
    RuntimeError, ValueError
        If shapes, lengths or labels do not fit.

    Notes
    -----
    It can be differentiated any number of times. The gradient is the one by ``log_probs``;
    PyTorch's is the one by the scores below a softmax that it takes for granted. After the
    softmax's own backward the two are the same.

    References
    ----------
    Graves et al., "Connectionist Temporal Classification", ICML 2006,
    https://www.cs.toronto.edu/~graves/icml_2006.pdf

    Examples
    --------
    >>> import facula
    >>> halves = facula.full((2, 1, 2), 0.5).log()
    >>> facula.nn.functional.ctc_loss(halves, facula.tensor([[1]]), [2], [1]).exp()
    tensor(1.3333)
    """
    op = "ctc_loss"
    if reduction not in ("mean", "sum", "none"):
        raise unknown(op, reduction)
    if log_probs.ndim not in (2, 3) or not log_probs.is_floating_point():
        raise RuntimeError(f"{op}: log_probs is {describe(log_probs)}: it must be floating and "
                           "have shape (T, N, C) or (T, C)")
    if targets.dtype.category != dtypes.INTEGER:
        raise RuntimeError(f"{op}: targets must hold integers, but is {describe(targets)}")
    single = log_probs.ndim == 2
    logp = shape.unsqueeze(log_probs, 1) if single else log_probs
    steps, batch, classes = logp.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"{op}: blank={blank} must be in the label range, 0 to {classes - 1}")
    if targets.ndim not in (1, 2):
        raise RuntimeError(f"{op}: targets is {describe(targets)}: it must be 1-d or 2-d")
    if targets.ndim == 2 and targets.shape[0] != batch:
        raise RuntimeError(f"{op}: targets has {targets.shape[0]} rows for a batch of {batch}")
    frames = _lengths(op, "input_lengths", input_lengths, batch, steps, "the number of frames")
    most = targets.shape[1] if targets.ndim == 2 else targets.numel()
    lengths = _lengths(op, "target_lengths", target_lengths, batch, most,
                       "the number of labels given")
    if not steps:
        raise RuntimeError(f"{op}: log_probs has shape {tuple(log_probs.shape)}: there must be a "
                           "frame at least")
    labels = convert.long(convert.to(targets, device=logp.device))
    wide = dtypes.float32 if logp.dtype.itemsize < 4 else logp.dtype  # _IMPOSSIBLE has to fit
    total = _likelihoods(convert.to(logp, dtype=wide), _labels(op, labels, lengths), frames,
                         lengths, blank)
    losses: Any = convert.to(-total, dtype=logp.dtype)
    infinite: Any = total < _IMPOSSIBLE / 2
    if zero_infinity:
        losses = masked.where(infinite, 0.0, losses)
    else:  # the product keeps the gradient from looking finite
        losses = losses * masked.where(infinite, math.inf, 1.0)
    if reduction == "mean":
        counts = creation.tensor([max(n, 1) for n in lengths], dtype=logp.dtype,
                                 device=logp.device)
        return reduce.mean(losses / counts)
    if reduction == "sum":
        return reduce.sum(losses)
    return shape.squeeze(losses, 0) if single else losses
