"""Sequences of different lengths: padded, packed, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from facula.core.ops import creation, gather, joining, shape
from facula.core.tensor import Tensor


class PackedSequence(NamedTuple):
    """Sequences of different lengths, step by step and without padding.

    Attributes
    ----------
    data : Tensor
        All elements: first the first steps of all sequences, then the second steps, ...
    batch_sizes : Tensor
        How many sequences reach each step; int64, on the CPU.
    sorted_indices, unsorted_indices : Tensor, optional
        The order of decreasing length, and back.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with its data on another device or of another dtype."""
        data = self.data.to(*args, **kwargs)
        move = [None if t is None else t.to(data.device) for t in self[2:]]
        return PackedSequence(data, self.batch_sizes, *move)

    def cpu(self) -> PackedSequence:
        """The same on the CPU."""
        return self.to("cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same on the first NVIDIA OpenCL GPU."""
        return self.to("cuda")

    def is_pinned(self) -> bool:
        """Whether the data lies in pinned memory."""
        return self.data.is_pinned()

    def pin_memory(self) -> PackedSequence:
        """The same with its data and indices in pinned memory."""
        data, sizes, *order = self
        pinned = [None if t is None else t.pin_memory() for t in order]  # type: ignore[attr-defined]
        return PackedSequence(data.pin_memory(), sizes, *pinned)  # type: ignore[attr-defined]

    def double(self) -> PackedSequence:
        """The same in float64."""
        return PackedSequence(self.data.double(), *self[1:])

    def float(self) -> PackedSequence:
        """The same in float32."""
        return PackedSequence(self.data.float(), *self[1:])

    def half(self) -> PackedSequence:
        """The same in float16."""
        return PackedSequence(self.data.half(), *self[1:])

    def long(self) -> PackedSequence:
        """The same in int64."""
        return PackedSequence(self.data.long(), *self[1:])

    def int(self) -> PackedSequence:
        """The same in int32."""
        return PackedSequence(self.data.int(), *self[1:])

    def short(self) -> PackedSequence:
        """The same in int16."""
        return PackedSequence(self.data.short(), *self[1:])

    def char(self) -> PackedSequence:
        """The same in int8."""
        return PackedSequence(self.data.char(), *self[1:])

    def byte(self) -> PackedSequence:
        """The same in uint8."""
        return PackedSequence(self.data.byte(), *self[1:])

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another."""
    if permutation is None:
        return None
    order = permutation.tolist()
    back = sorted(range(len(order)), key=order.__getitem__)
    return creation.tensor(back, dtype="int64", device=permutation.device)


def _lengths(lengths: Any) -> list[int]:
    return [int(n) for n in (lengths.tolist() if isinstance(lengths, Tensor) else lengths)]


def _positions(sizes: list[int], batch: int) -> list[int]:
    """Where the packed rows stand in a padded ``(T * B)``."""
    return [t * batch + b for t, n in enumerate(sizes) for b in range(n)]


def pack_padded_sequence(input: Tensor, lengths: Any, batch_first: bool = False,
                         enforce_sorted: bool = True) -> PackedSequence:
    """Pack a padded batch of sequences.

    Parameters
    ----------
    input : Tensor
        ``(T, B, *)``, or ``(B, T, *)`` with ``batch_first``.
    lengths : Tensor or sequence of int
        ``(B,)``.
    batch_first : bool
    enforce_sorted : bool
        Refuse lengths that do not decrease, instead of sorting.

    Raises
    ------
    RuntimeError
        If the lengths do not fit, or are not sorted where they must be.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils.rnn import pack_padded_sequence
    >>> x = facula.tensor([[1.0, 2.0], [3.0, 0.0]])
    >>> pack_padded_sequence(x, [2, 1], batch_first=True).data
    tensor([1., 3., 2.])
    """
    sizes = _lengths(lengths)
    x = input.transpose(0, 1) if batch_first else input
    batch = x.shape[1]
    if len(sizes) != batch:
        raise RuntimeError(f"pack_padded_sequence: {len(sizes)} lengths for a batch of {batch}")
    if not sizes or min(sizes) < 1 or max(sizes) > x.shape[0]:
        raise RuntimeError(f"pack_padded_sequence: lengths {sizes} must be between 1 and the "
                           f"number of steps, {x.shape[0]}")
    order: Tensor | None = None
    if enforce_sorted:
        if sizes != sorted(sizes, reverse=True):
            raise RuntimeError("pack_padded_sequence: lengths must be sorted in decreasing order "
                               "when enforce_sorted is True: pass enforce_sorted=False to sort "
                               "them here")
    else:
        places = sorted(range(batch), key=lambda b: -sizes[b])
        order = creation.tensor(places, dtype="int64", device=x.device)
        x = gather.index_select(x, 1, order)
        sizes = [sizes[b] for b in places]
    steps = [sum(n > t for n in sizes) for t in range(sizes[0])]
    rows = creation.tensor(_positions(steps, batch), dtype="int64", device=x.device)
    data = gather.index_select(shape.reshape(x, -1, *x.shape[2:]), 0, rows)
    return PackedSequence(data, creation.tensor(steps, dtype="int64"), order,
                          invert_permutation(order))


def pad_packed_sequence(sequence: PackedSequence, batch_first: bool = False,
                        padding_value: float = 0.0,
                        total_length: int | None = None) -> tuple[Tensor, Tensor]:
    """Undo :func:`pack_padded_sequence`.

    Parameters
    ----------
    sequence : PackedSequence
    batch_first : bool
    padding_value : float
    total_length : int, optional
        Pad to this many steps.

    Returns
    -------
    padded, lengths : Tensor
        ``(T, B, *)``, or ``(B, T, *)`` with ``batch_first``; the lengths on the CPU.
    """
    steps = sequence.batch_sizes.tolist()
    batch, time = steps[0], len(steps)
    if total_length is not None:
        if total_length < time:
            raise ValueError(f"pad_packed_sequence: total_length={total_length} is less than the "
                             f"longest sequence, {time}")
        time = total_length
    data = sequence.data
    rows = creation.tensor(_positions(steps, batch), dtype="int64", device=data.device)
    empty = data.new_full((time * batch, *data.shape[1:]), padding_value)  # type: ignore
    padded = shape.reshape(gather.index_copy(empty, 0, rows, data), time, batch, *data.shape[1:])
    lengths = creation.tensor([sum(n > b for n in steps) for b in range(batch)], dtype="int64")
    back = sequence.unsorted_indices
    if back is not None:
        padded = gather.index_select(padded, 1, back)
        lengths = gather.index_select(lengths, 0, back.to("cpu"))  # type: ignore[attr-defined]
    return (padded.transpose(0, 1) if batch_first else padded), lengths  # type: ignore


def pad_sequence(sequences: Any, batch_first: bool = False, padding_value: float = 0.0,
                 padding_side: str = "right") -> Tensor:
    """Sequences of different lengths as one tensor.

    Parameters
    ----------
    sequences : sequence of Tensor
        Each ``(L, *)``.
    batch_first : bool
        ``(B, T, *)`` instead of ``(T, B, *)``.
    padding_value : float
    padding_side : str
        ``"right"`` or ``"left"``.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.utils.rnn import pad_sequence
    >>> pad_sequence([facula.ones(2), facula.ones(1)], batch_first=True)
    tensor([[1., 1.],
            [1., 0.]])
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: padding_side={padding_side!r} must be 'left' or 'right'")
    listed = list(sequences)
    longest = max(len(s) for s in listed)
    rows = []
    for s in listed:
        missing = longest - len(s)
        if missing:
            filler = s.new_full((missing, *s.shape[1:]), padding_value)
            s = joining.cat([s, filler] if padding_side == "right" else [filler, s])
        rows.append(s)
    return joining.stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Any,
                   batch_first: bool = False) -> list[Tensor]:
    """The sequences that :func:`pad_sequence` put together."""
    x: Any = padded_sequences if batch_first else padded_sequences.transpose(0, 1)  # type: ignore
    return [x[i, :n] for i, n in enumerate(_lengths(lengths))]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences."""
    return pack_padded_sequence(pad_sequence(sequences), [len(s) for s in sequences],
                                enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences that :func:`pack_sequence` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
