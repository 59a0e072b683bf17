"""The cross entropy right after a linear layer, which need not keep all scores at once."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from facula.autograd.checkpoint import checkpoint
from facula.core.errors import describe
from facula.core.ops import gather, joining, reduce, shape
from facula.core.tensor import Tensor
from facula.nn.functional.classification import cross_entropy
from facula.nn.functional.linear import linear


@dataclasses.dataclass
class LinearCrossEntropyOptions:
    """How :func:`facula.nn.functional.linear_cross_entropy` goes through a batch in pieces.

    Parameters
    ----------
    allow_retain_graph : bool
        Accepted for PyTorch's sake: a graph can always be used again.
    batch_chunk_size : int, optional
        How many examples make a piece; chosen from the sizes where not given.
    chunking_method : str, optional
        Accepted for PyTorch's sake: without ``batch_chunk_size`` a piece's scores take about as
        much memory as the input.
    acc_policy : str
        ``"accurate"``, ``"balanced"``, ``"compact"`` or ``"auto"``; all mean the same here.
    acc_dtype : dtype, optional
        Accepted for PyTorch's sake.

    Examples
    --------
    >>> import facula
    >>> facula.nn.LinearCrossEntropyOptions(batch_chunk_size=64).batch_chunk_size
    64
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.batch_chunk_size is not None and self.batch_chunk_size < 1:
            raise ValueError("LinearCrossEntropyOptions: batch_chunk_size="
                             f"{self.batch_chunk_size} must be at least 1")
        if self.acc_policy not in ("accurate", "balanced", "compact", "auto"):
            raise ValueError(f"LinearCrossEntropyOptions: acc_policy={self.acc_policy!r} must be "
                             "'accurate', 'balanced', 'compact' or 'auto'")

    def rows(self, batch: int, features: int, classes: int) -> int:
        """How many examples make a piece."""
        if self.batch_chunk_size is not None:
            return self.batch_chunk_size
        return max(1, math.ceil(batch * features / max(classes, 1)))


def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *,
                         linear_bias: Tensor | None = None, weight: Tensor | None = None,
                         reduction: str = "mean", ignore_index: int | None = None,
                         label_smoothing: float = 0.0,
                         options: LinearCrossEntropyOptions | None = None) -> Tensor:
    """:func:`cross_entropy` of ``linear(input, linear_weight, linear_bias)``.

    With ``options``, examples are taken in pieces and their scores computed again in backward, so
    that the scores of a large number of classes never stand in memory all at once.

    Parameters
    ----------
    input : Tensor
        ``(N, features)`` or ``(features,)``.
    linear_weight : Tensor
        ``(C, features)``, or ``(C, *out, features)`` for one target per element of ``out``.
    target : Tensor
        Class numbers, ``(N, *out)`` or ``()``; or probabilities, ``(N, C, *out)`` or ``(C,)``.
    linear_bias : Tensor, optional
        ``(C, *out)``.
    weight : Tensor, optional
        ``(C,)``: how much each class counts.
    reduction : str
        ``"mean"``, ``"sum"`` or ``"none"``.
    ignore_index : int, optional
        Examples with this class number do not count; -100 where not given.
    label_smoothing : float
        How much of the target is spread evenly over all classes.
    options : LinearCrossEntropyOptions, optional
        Go through the batch in pieces: for class numbers and weights of two dimensions; otherwise
        they change nothing.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError, RuntimeError
        If the shapes do not fit.

    Examples
    --------
    >>> import facula
    >>> x, w = facula.ones(2, 3), facula.zeros(4, 3)
    >>> facula.nn.functional.linear_cross_entropy(x, w, facula.tensor([0, 3]))
    tensor(1.3863)
    """
    op = "linear_cross_entropy"
    if input.ndim not in (1, 2) or linear_weight.ndim < 2 or (
            linear_weight.shape[-1] != input.shape[-1]):
        raise RuntimeError(f"{op}: the shapes do not fit: input is {describe(input)}, "
                           f"linear_weight is {describe(linear_weight)}: they must be (N, features)"
                           " or (features,), and (C, features) or (C, *out, features)")
    if linear_weight.ndim > 2 and input.ndim == 1:
        raise RuntimeError(f"{op}: linear_weight is {describe(linear_weight)}: with more than 2 "
                           "dimensions it needs a batch, an input of shape (N, features)")
    rest: dict[str, Any] = {"weight": weight, "label_smoothing": label_smoothing}
    numbers = not target.is_floating_point()
    if ignore_index is not None and not numbers:
        raise ValueError(f"{op}: ignore_index={ignore_index} must not be given for targets that "
                         "are probabilities")
    rest["ignore_index"] = -100 if ignore_index is None else ignore_index
    classes, *out, features = linear_weight.shape
    if options is not None and numbers and not out and input.ndim == 2 and (
            label_smoothing == 0.0 and target.ndim == 1 and input.shape[0]):
        rows = options.rows(input.shape[0], features, classes)
        if rows < input.shape[0]:
            return _in_pieces(input, linear_weight, target, linear_bias, rest, reduction, rows)
    flat = shape.reshape(linear_weight, -1, features) if out else linear_weight
    bias = None if linear_bias is None else shape.reshape(linear_bias, -1)
    scores = linear(input, flat, bias)
    if out:
        scores = shape.reshape(scores, input.shape[0], classes, *out)
    return cross_entropy(scores, target, reduction=reduction, **rest)


def _in_pieces(input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | None,
               rest: dict[str, Any], reduction: str, rows: int) -> Tensor:
    def piece(x: Tensor, t: Tensor) -> Tensor:
        return cross_entropy(linear(x, linear_weight, linear_bias), t,
                             reduction="none" if reduction == "none" else "sum", **rest)

    x: Any = input
    t: Any = target
    parts = [checkpoint(piece, x[i:i + rows], t[i:i + rows])
             for i in range(0, input.shape[0], rows)]
    if reduction == "none":
        return joining.cat(parts)
    total = reduce.sum(joining.stack(parts))
    if reduction == "sum":
        return total
    kept = t != rest["ignore_index"]
    weight = rest["weight"]
    count: Any = reduce.sum(kept)
    if weight is not None:
        numbers = t * kept
        count = reduce.sum(gather.index_select(weight, 0, numbers) * kept)  # type: ignore
    return total / count
