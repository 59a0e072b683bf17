"""The adaptive softmax: frequent classes by a short list, rare ones by smaller clusters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from facula.core.ops import convert, gather, joining, masked, reduce, shape
from facula.core.ops import softmax as soft
from facula.core.tensor import Tensor
from facula.nn.container import ModuleList, Sequential
from facula.nn.layers.linear import Linear
from facula.nn.module import Module


class ASMoutput(NamedTuple):
    """What the adaptive softmax returns: each target's log-probability, and the mean loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    r"""An approximate softmax over many classes, numbered by decreasing frequency.

    The head tells the most frequent classes apart and the clusters of all others; cluster i tells
    its classes apart from a projection of the input to ``in_features / div_value ** (i + 1)``
    numbers. A rare class has the probability

    .. math:: p(c) = p_{head}(cluster) \cdot p_{cluster}(c)

    Parameters
    ----------
    in_features : int
    n_classes : int
    cutoffs : sequence of int
        Where each cluster begins, increasing; the classes below the first are the short list.
    div_value : float
        How fast the projections shrink.
    head_bias : bool
        Whether the head has a bias.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If ``cutoffs`` is not an increasing sequence of class numbers from 1.

    References
    ----------
    Grave et al., "Efficient softmax approximation for GPUs", https://arxiv.org/abs/1609.04309

    Examples
    --------
    >>> import facula
    >>> softmax = facula.nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 40])
    >>> output, loss = softmax(facula.randn(8, 16), facula.randint(0, 100, (8,)))
    >>> output.shape, loss.shape
    (facula.Size([8]), facula.Size([]))
    >>> softmax.log_prob(facula.randn(8, 16)).shape
    facula.Size([8, 100])
    """

    head: Linear
    tail: ModuleList

    def __init__(self, in_features: int, n_classes: int, cutoffs: Sequence[int],
                 div_value: float = 4.0, head_bias: bool = False, device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__()
        listed = list(cutoffs)
        if not listed:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        whole = all(int(c) == c for c in listed)
        if not whole or not all(a < b for a, b in pairwise([0, *listed, n_classes])):
            raise ValueError("cutoffs should be a sequence of unique, positive integers sorted in "
                             "an increasing order, where each value is between 1 and n_classes-1: "
                             f"got cutoffs={listed}, n_classes={n_classes}")
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*listed, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(listed)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            narrow = int(in_features // div_value ** (i + 1))
            self.tail.append(Sequential(
                Linear(in_features, narrow, bias=False, device=device, dtype=dtype),
                Linear(narrow, high - low, bias=False, device=device, dtype=dtype)))

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        self.head.reset_parameters()
        for projection in self.tail:
            for layer in projection.children():
                layer.reset_parameters()  # type: ignore[operator]

    def forward(self, input: Tensor, target: Tensor) -> ASMoutput:
        single = target.ndim == 0
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input.ndim != target.ndim + 1:
            raise RuntimeError(f"{target.ndim}D target tensor expects {target.ndim + 1}D input "
                               f"tensors, but found inputs with size {tuple(input.shape)}")
        x = shape.unsqueeze(input, 0) if single else input
        t: Any = convert.long(shape.unsqueeze(target, 0) if single else target)
        if x.shape[0] != t.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension: "
                               f"got {x.shape[0]} and {t.shape[0]}")
        if bool(((t < 0) | (t >= self.n_classes)).any()):
            raise RuntimeError(f"Target values should be in [0, {self.n_classes - 1}], but values "
                               f"in range [{int(t.min())}, {int(t.max())}] were found.")
        entries = t
        rows_of, values = [], []
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            there = (t >= low) & (t < high)
            entries = masked.where(there, self.shortlist_size + i, entries)
            rows = shape.reshape(masked.nonzero(there), -1)
            if rows.numel():  # a cluster is computed for its own examples alone
                inner = soft.log_softmax(self.tail[i](gather.index_select(x, 0, rows)), 1)
                numbers: Any = gather.index_select(t, 0, rows) - low  # type: ignore[operator]
                values.append(shape.reshape(
                    gather.gather(inner, 1, shape.unsqueeze(numbers, 1)), -1))
                rows_of.append(rows)
        head = soft.log_softmax(self.head(x), 1)
        output = shape.reshape(gather.gather(head, 1, shape.unsqueeze(entries, 1)), -1)
        if rows_of:
            output = gather.index_add(output, 0, joining.cat(rows_of), joining.cat(values))
        loss = -reduce.mean(output)  # type: ignore[operator]
        return ASMoutput(shape.squeeze(output, 0) if single else output, loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes.

        Parameters
        ----------
        input : Tensor
            ``(N, in_features)``.

        Returns
        -------
        Tensor
            ``(N, n_classes)``.
        """
        head: Any = soft.log_softmax(self.head(input), 1)
        parts = [head[:, :self.shortlist_size]]
        for i, projection in enumerate(self.tail):
            column = self.shortlist_size + i
            parts.append(soft.log_softmax(projection(input), 1) + head[:, column:column + 1])
        return joining.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each example.

        Parameters
        ----------
        input : Tensor
            ``(N, in_features)``.

        Returns
        -------
        Tensor
            ``(N,)``, int64.
        """
        # A cluster's classes are less probable than the cluster: where the head's best entry is in
        # the short list, it is the answer, and most examples are done.
        best: Any = reduce.argmax(self.head(input), 1)
        rows = shape.reshape(masked.nonzero(best >= self.shortlist_size), -1)
        if not rows.numel():
            return best
        rest = reduce.argmax(self.log_prob(gather.index_select(input, 0, rows)), 1)
        return gather.index_copy(best, 0, rows, rest)
