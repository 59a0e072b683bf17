"""Losses for classes: cross entropy in its forms, and hinges."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.errors import describe
from facula.core.ops import (
    activation,
    convert,
    creation,
    gather,
    masked,
    pointwise,
    shape,
    unary,
)
from facula.core.ops import (
    reduce as fold,
)
from facula.core.ops import (
    softmax as soft,
)
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._reduction import legacy, reduced


def _check_target(op: str, input: Tensor, target: Tensor) -> None:
    x, t = tuple(input.shape), tuple(target.shape)
    want = (x[0], *x[2:]) if len(x) > 1 else ()
    if not x or t != want:
        raise ValueError(f"{op}: the shapes do not fit: input (logits) has shape {x}, target has "
                         f"shape {t}: it must be {want}")
    if target._kind.dtype not in (dtypes.int64, dtypes.int32, dtypes.uint8):
        raise RuntimeError(f"{op}: target must hold class numbers (int64), but is "
                           f"{describe(target)}")


def _pick(op: str, values: Tensor, target: Tensor, kept: Tensor | None) -> Tensor:
    """The value of each example's class along dimension 1 (0 where ignored)."""
    numbers = target if kept is None else target * kept  # type: ignore[operator]
    dim = 1 if values.ndim > 1 else 0
    try:
        return shape.squeeze(gather.gather(values, dim, shape.unsqueeze(numbers, dim)), dim)
    except IndexError as error:
        raise IndexError(f"{op}: target holds a class number outside the {values.shape[dim]} "
                         f"classes of the input: {error}") from None


def _ignoring(target: Tensor, ignore_index: int, classes: int) -> Tensor | None:
    """Which targets count; None where all do, because no class can be the ignored number."""
    if target._kind.device.type == "cpu" and not 0 <= ignore_index < classes and (
            not target.numel() or int(target.numpy().min()) >= 0):
        return None
    return target != ignore_index


@guarded
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None,
             size_average: bool | None = None, ignore_index: int = -100,
             reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """The negative log-likelihood of the right classes.

    Parameters
    ----------
    input : Tensor
        Log-probabilities, ``(N, C, *)`` or ``(C,)``.
    target : Tensor
        Class numbers, ``(N, *)`` or ``()``.
    weight : Tensor, optional
        ``(C,)``: how much each class counts; the mean is weighted too.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    ignore_index : int
        Examples with this number do not count.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.

    Raises
    ------
    ValueError, IndexError
        If the shapes do not fit, or a class number is out of range.

    Examples
    --------
    >>> import facula
    >>> logp = facula.tensor([[-0.5, -1.0]])
    >>> facula.nn.functional.nll_loss(logp, facula.tensor([1]))
    tensor(1.)
    """
    reduction = legacy(size_average, reduce, reduction)
    target = convert.long(target) if target._kind.dtype is not dtypes.int64 else target
    _check_target("nll_loss", input, target)
    return _nll("nll_loss", input, target, weight, ignore_index, reduction)


def _nll(op: str, logp: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int,
         reduction: str) -> Tensor:
    classes = logp.shape[1 if logp.ndim > 1 else 0]
    if weight is None and reduction in ("mean", "sum"):
        try:
            total, count = soft.nll_sums(logp, target, ignore_index)
        except IndexError as error:
            raise _no_class(op, classes, error) from None
        return total / count if reduction == "mean" else total  # type: ignore
    kept = _ignoring(target, ignore_index, classes)
    losses: Any = -_pick(op, logp, target, kept)  # type: ignore[operator]
    counts: Any = None
    if weight is not None:
        if tuple(weight.shape) != (classes,):
            raise RuntimeError(f"{op}: weight is {describe(weight)}: it must have shape "
                               f"({classes},)")
        numbers = target if kept is None else target * kept  # type: ignore[operator]
        counts = shape.reshape(gather.index_select(weight, 0, shape.reshape(numbers, -1)),
                               *target.shape)
        losses = losses * counts
    if kept is not None:  # not a product: an ignored example may hold an infinity
        losses = masked.where(kept, losses, 0.0)
        counts = convert.to(kept, dtype=logp.dtype) if counts is None else counts * kept
    if reduction == "mean" and counts is not None:
        return _over(fold.sum(losses), fold.sum(counts))
    return reduced(op, losses, reduction)


def _no_class(op: str, classes: int, error: IndexError) -> IndexError:
    return IndexError(f"{op}: target holds a class number outside the {classes} classes of the "
                      f"input: {error}")


def _over(total: Any, count: Any) -> Tensor:
    """A mean; NaN where nothing counts, but with the gradient 0."""
    none = count == 0
    return total / masked.where(none, 1.0, count) + masked.where(none, math.nan, 0.0)


@guarded
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None,
                  size_average: bool | None = None, ignore_index: int = -100,
                  reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Tensor:
    """The cross entropy between the softmax of the input and the target.

    Parameters
    ----------
    input : Tensor
        Unnormalised scores, ``(N, C, *)`` or ``(C,)``.
    target : Tensor
        Class numbers, ``(N, *)`` or ``()``, or probabilities in the input's shape.
    weight : Tensor, optional
        ``(C,)``: how much each class counts.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    ignore_index : int
        Examples with this class number do not count.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    label_smoothing : float
        How much of the target is spread evenly over all classes.

    Raises
    ------
    ValueError, IndexError
        If the shapes do not fit, or a class number is out of range.

    Examples
    --------
    >>> import facula
    >>> scores = facula.tensor([[2.0, 0.0]])
    >>> facula.nn.functional.cross_entropy(scores, facula.tensor([0]))
    tensor(0.1269)
    """
    reduction = legacy(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"cross_entropy: label_smoothing={label_smoothing} must be between 0 "
                           "and 1")
    dim = 1 if input.ndim > 1 else 0
    if target._kind.dtype.category >= dtypes.FLOAT:
        return _soft_targets(input, target, weight, reduction, label_smoothing, dim)
    target = convert.long(target) if target._kind.dtype is not dtypes.int64 else target
    _check_target("cross_entropy", input, target)
    if weight is None and not label_smoothing and reduction in ("mean", "sum"):
        try:
            return soft.class_entropy(input, target, ignore_index, reduction == "mean")[0]
        except IndexError as error:
            raise _no_class("cross_entropy", input.shape[dim], error) from None
    logp = soft.log_softmax(input, dim)
    loss: Any = _nll("cross_entropy", logp, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return loss
    smooth = _smooth_loss(logp, target, weight, ignore_index, reduction, dim)
    return loss * (1 - label_smoothing) + smooth * (label_smoothing / input.shape[dim])


def _smooth_loss(logp: Any, target: Tensor, weight: Tensor | None, ignore_index: int,
                 reduction: str, dim: int) -> Any:
    """The loss against equal probabilities, times the number of classes."""
    kept = _ignoring(target, ignore_index, logp.shape[dim])
    if weight is not None:
        logp = logp * shape.reshape(weight, -1, *(1,) * (logp.ndim - 1 - dim))
    losses: Any = -fold.sum(logp, dim)  # type: ignore[operator]
    if kept is not None:
        losses = masked.where(kept, losses, 0.0)
    if reduction != "mean":
        return reduced("cross_entropy", losses, reduction)
    if weight is not None:
        numbers = target if kept is None else target * kept  # type: ignore[operator]
        counts: Any = gather.index_select(weight, 0, shape.reshape(numbers, -1))
        if kept is not None:
            counts = counts * shape.reshape(kept, -1)
        return _over(fold.sum(losses), fold.sum(counts))
    if kept is not None:
        return _over(fold.sum(losses), fold.sum(kept))
    return fold.mean(losses)


def _soft_targets(input: Tensor, target: Any, weight: Tensor | None, reduction: str,
                  label_smoothing: float, dim: int) -> Tensor:
    if input.shape != target.shape:
        raise ValueError(f"cross_entropy: the shapes do not fit: input has shape "
                         f"{tuple(input.shape)}, target (probabilities) has shape "
                         f"{tuple(target.shape)}: they must be equal")
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
    logp: Any = soft.log_softmax(input, dim)
    if weight is not None:
        logp = logp * shape.reshape(weight, -1, *(1,) * (input.ndim - 1 - dim))
    losses: Any = -fold.sum(logp * target, dim)  # type: ignore[operator]
    if reduction == "mean":
        return fold.sum(losses) / max(input.numel() // input.shape[dim], 1)  # type: ignore
    return reduced("cross_entropy", losses, reduction)


def _same_shape(op: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        raise ValueError(f"{op}: the shapes do not fit: input has shape {tuple(input.shape)}, "
                         f"target has shape {tuple(target.shape)}: they must be equal")


@guarded
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Tensor:
    """The cross entropy between probabilities, of the input and the target, for yes.

    Logarithms are cut off at -100, and the derivative, ``(input - target) / (input (1 - input))``,
    by a denominator of at least 1e-12.

    Raises
    ------
    ValueError, RuntimeError
        If the shapes differ; or, on the CPU, an element of the input is not between 0 and 1.

    Examples
    --------
    >>> import facula
    >>> p, t = facula.tensor([0.5, 0.5]), facula.tensor([0.0, 1.0])
    >>> facula.nn.functional.binary_cross_entropy(p, t)
    tensor(0.6931)
    """
    reduction = legacy(size_average, reduce, reduction)
    _same_shape("binary_cross_entropy", input, target)
    p: Any = input
    edge: Any = p.detach() * (1 - p.detach()) < _LEAST
    if p._kind.device.type == "cpu" and p.numel():
        if not bool(((p.detach() >= 0) & (p.detach() <= 1)).all()):
            raise RuntimeError("binary_cross_entropy: all elements of input should be between 0 "
                               f"and 1, but they reach from {float(p.min())} to {float(p.max())}")
        if not bool(edge.any()):
            edge = None
    losses: Any = -(target * _log(p, edge) + (1 - target) * _log(1 - p, edge))  # type: ignore
    if edge is not None:
        slope = (p - target).detach() / _LEAST
        losses = losses + masked.where(edge, (p - p.detach()) * slope, 0.0)
    if weight is not None:
        losses = losses * weight
    return reduced("binary_cross_entropy", losses, reduction)


_LEAST = 1e-12


def _log(p: Any, edge: Tensor | None) -> Any:
    """log(p); where ``edge``, its value cut off at -100 and no derivative."""
    if edge is None:
        return unary.log(p)
    zero = p.detach() == 0
    low: Any = unary.log(masked.where(zero, 1.0, p.detach()))
    low = masked.where(zero, -100.0, low.maximum(-100.0))
    return masked.where(edge, low, unary.log(masked.where(edge, 1.0, p)))


@guarded
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None,
                                     size_average: bool | None = None,
                                     reduce: bool | None = None, reduction: str = "mean",
                                     pos_weight: Tensor | None = None) -> Tensor:
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, without overflow.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; the target holds probabilities.
    weight : Tensor, optional
        How much each element counts.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    pos_weight : Tensor, optional
        How much a yes counts.

    Examples
    --------
    >>> import facula
    >>> x, t = facula.tensor([0.0, 2.0]), facula.tensor([0.0, 1.0])
    >>> facula.nn.functional.binary_cross_entropy_with_logits(x, t)
    tensor(0.4100)
    """
    reduction = legacy(size_average, reduce, reduction)
    _same_shape("binary_cross_entropy_with_logits", input, target)
    soft_loss: Any = -activation.logsigmoid(input)  # type: ignore[operator]
    if pos_weight is not None:
        soft_loss = soft_loss * ((pos_weight - 1) * target + 1)  # type: ignore[operator]
    losses = (1 - target) * input + soft_loss  # type: ignore[operator]
    if weight is not None:
        losses = losses * weight
    return reduced("binary_cross_entropy_with_logits", losses, reduction)


@guarded
def soft_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
                     reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``log(1 + exp(-target * input))`` with targets 1 and -1."""
    reduction = legacy(size_average, reduce, reduction)
    losses = -activation.logsigmoid(target * input)  # type: ignore[operator]
    return reduced("soft_margin_loss", losses, reduction)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None,
                                size_average: bool | None = None, reduce: bool | None = None,
                                reduction: str = "mean") -> Tensor:
    """The mean over classes of the cross entropy of yes and no, from scores ``(N, C)``."""
    reduction = legacy(size_average, reduce, reduction)
    losses: Any = -(target * activation.logsigmoid(input)  # type: ignore[operator]
                    + (1 - target) * activation.logsigmoid(-input))  # type: ignore[operator]
    if weight is not None:
        losses = losses * weight
    return reduced("multilabel_soft_margin_loss", fold.mean(losses, -1), reduction)


@guarded
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Tensor:
    """x where the target is 1, ``max(0, margin - x)`` where it is -1."""
    reduction = legacy(size_average, reduce, reduction)
    far = pointwise.clamp_min(margin - input, 0)  # type: ignore[operator, arg-type]
    losses: Any = (masked.where(target != 1, far, 0.0)
                   + masked.where(target != -1, input, 0.0))
    return reduced("hinge_embedding_loss", losses, reduction)


@guarded
def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0,
                      weight: Tensor | None = None, size_average: bool | None = None,
                      reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``sum over j != target of max(0, margin - x[target] + x[j]) ** p / C``.

    Parameters
    ----------
    input : Tensor
        Scores, ``(N, C)`` or ``(C,)``.
    target : Tensor
        Class numbers, ``(N,)`` or ``()``.
    p : int
        1 or 2.
    margin : float
    weight : Tensor, optional
        ``(C,)``.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    """
    reduction = legacy(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p={p} must be 1 or 2")
    single = input.ndim == 1
    x = shape.unsqueeze(input, 0) if single else input
    t = shape.reshape(target, -1, 1)
    gap: Any = unary.relu(margin - gather.gather(x, 1, t) + x)  # type: ignore[operator]
    gap = gap if p == 1 else gap * gap
    if weight is not None:
        gap = gap * shape.reshape(gather.index_select(weight, 0, shape.reshape(t, -1)), -1, 1)
    others = creation.arange(x.shape[1], device=x.device) != t
    losses = fold.sum(gap * others, 1) / x.shape[1]  # type: ignore[operator]
    return reduced("multi_margin_loss", shape.squeeze(losses, 0) if single else losses, reduction)


@guarded
def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None,
                           reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Hinges between each right class and each wrong one.

    Parameters
    ----------
    input : Tensor
        Scores, ``(N, C)`` or ``(C,)``.
    target : Tensor
        In the input's shape: the right class numbers, then -1.
    size_average, reduce : bool, optional
        PyTorch's old words for ``reduction``.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    """
    reduction = legacy(size_average, reduce, reduction)
    _same_shape("multilabel_margin_loss", input, target)
    single = input.ndim == 1
    x, t = (shape.reshape(v, -1, v.shape[-1]) for v in (input, target))
    n, c = x.shape
    # numbers count until the first -1
    live = convert.long(t < 0).cumsum(1) == 0  # type: ignore[attr-defined]
    numbers: Any = t * live  # type: ignore[operator]
    right = creation.zeros(n, c, dtype=dtypes.int64, device=x.device).scatter_add(
        1, numbers, convert.long(live)) > 0
    scores = gather.gather(x, 1, numbers)
    gap = unary.relu(1 - shape.unsqueeze(scores, 2) + shape.unsqueeze(x, 1))  # type: ignore
    counts = shape.unsqueeze(live, 2) & ~shape.unsqueeze(right, 1)  # type: ignore[operator]
    losses = fold.sum(gap * counts, (1, 2)) / c  # type: ignore[operator]
    return reduced("multilabel_margin_loss", shape.squeeze(losses, 0) if single else losses,
                   reduction)
