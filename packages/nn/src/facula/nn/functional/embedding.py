"""Looking rows of a matrix up, alone or in bags, and rows with a single 1."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.errors import describe
from facula.core.ops import (
    compare,
    convert,
    creation,
    cumulative,
    gather,
    joining,
    masked,
    pointwise,
    reduce,
    shape,
    unary,
)
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import ints


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None,
              max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Rows of a matrix, by number.

    Parameters
    ----------
    input : Tensor
        Integers of any shape.
    weight : Tensor
        ``(rows, features)``.
    padding_idx : int, optional
        This row receives no gradient.
    max_norm : float, optional
        Rows that are looked up are first scaled, in place, to at most this norm.
    norm_type : float
        The p of that norm.
    scale_grad_by_freq : bool
        Divide a row's gradient by how often it was looked up.
    sparse : bool
        Accepted for PyTorch's sake; gradients are dense.

    Returns
    -------
    Tensor
        ``(*, features)``.

    Raises
    ------
    IndexError
        If a number is out of range.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.embedding(facula.tensor([1, 0]), facula.tensor([[1.0], [2.0]]))
    tensor([[2.],
            [1.]])
    """
    if input.dtype.category != dtypes.INTEGER:
        raise RuntimeError(f"embedding: input must hold integers, but is {describe(input)}")
    rows = weight.shape[0]
    padding_idx = _padding_row(weight, padding_idx, "embedding")
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    flat = shape.reshape(convert.long(input), -1)
    y = gather.index_select(weight, 0, flat)
    if y.requires_grad and (padding_idx is not None or scale_grad_by_freq):
        factor: Any = None
        if padding_idx is not None:
            factor = convert.to(flat != padding_idx, dtype=weight.dtype)
        if scale_grad_by_freq:
            counts = creation.zeros(rows, dtype=weight.dtype, device=weight.device).index_add(
                0, flat, creation.ones(flat.numel(), dtype=weight.dtype, device=weight.device))
            share = unary.reciprocal(gather.index_select(counts, 0, flat))
            factor = share if factor is None else factor * share
        factor = shape.unsqueeze(factor, -1)
        # The value of y, the gradient of factor * y.
        y = y.detach() + (y * factor - (y * factor).detach())  # type: ignore[operator]
    return shape.reshape(y, *input.shape, weight.shape[1])


def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None,
                  max_norm: float | None = None, norm_type: float = 2,
                  scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                  per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
                  padding_idx: int | None = None) -> Tensor:
    """Sums, means or maxima of rows of a matrix, over bags of numbers.

    Parameters
    ----------
    input : Tensor
        Integers: ``(B, L)``, B bags of equal length; or ``(N,)``, bags one after the other.
    weight : Tensor
        ``(rows, features)``.
    offsets : Tensor, optional
        Where each bag begins in a 1-d ``input``: ``(B,)``, the first of them 0.
    max_norm : float, optional
        Rows that are looked up are first scaled, in place, to at most this norm.
    norm_type : float
        The p of that norm.
    scale_grad_by_freq : bool
        Divide a row's gradient by how often it was looked up; not for ``"max"``.
    mode : str
        ``"sum"``, ``"mean"`` or ``"max"``; an empty bag gives zeros.
    sparse : bool
        Accepted for PyTorch's sake; gradients are dense.
    per_sample_weights : Tensor, optional
        A factor for each number, in the shape of ``input``; only for ``"sum"``.
    include_last_offset : bool
        ``offsets`` has one more element, the end of the last bag.
    padding_idx : int, optional
        This row counts nowhere and receives no gradient.

    Returns
    -------
    Tensor
        ``(B, features)``.

    Raises
    ------
    ValueError, RuntimeError, NotImplementedError
        If the arguments do not fit each other.
    IndexError
        If a number is out of range.

    Examples
    --------
    >>> import facula
    >>> table = facula.tensor([[1.0], [2.0], [4.0]])
    >>> numbers, begins = facula.tensor([0, 1, 2]), facula.tensor([0, 2])
    >>> facula.nn.functional.embedding_bag(numbers, table, begins, mode="sum")
    tensor([[3.],
            [4.]])
    """
    _check_bag(input, weight, offsets, mode, scale_grad_by_freq, per_sample_weights)
    padding_idx = _padding_row(weight, padding_idx, "embedding_bag")
    flat = shape.reshape(convert.long(input), -1)
    count = flat.numel()
    if offsets is None:
        bags, length = input.shape
        places = creation.arange(bags, device=input.device)
        owner = joining.repeat_interleave(places, length, output_size=count)
    else:
        owner, bags = _owners(offsets, count, include_last_offset)
        if include_last_offset:
            flat, count = flat[:owner.numel()], owner.numel()  # type: ignore[index]
    rows: Any = embedding(flat, weight, None, max_norm, norm_type, scale_grad_by_freq)
    padding = None if padding_idx is None else shape.unsqueeze(flat == padding_idx, -1)
    if per_sample_weights is not None:
        rows = rows * shape.reshape(per_sample_weights, -1, 1)[:count]  # type: ignore[index]
    if padding is not None:
        rows = masked.where(padding, float("-inf") if mode == "max" else 0.0, rows)
    if mode == "sum":
        return creation.zeros(bags, weight.shape[1], dtype=weight.dtype,
                              device=weight.device).index_add(0, owner, rows)
    ones: Any = creation.ones(count, 1, dtype=weight.dtype, device=weight.device)
    if padding is not None:
        ones = masked.where(padding, 0.0, ones)
    sizes = creation.zeros(bags, 1, dtype=weight.dtype,
                           device=weight.device).index_add(0, owner, ones)
    if mode == "mean":
        total: Any = creation.zeros(bags, weight.shape[1], dtype=weight.dtype,
                                    device=weight.device).index_add(0, owner, rows)
        return total / pointwise.clamp(sizes, 1)
    least = creation.full((bags, weight.shape[1]), float("-inf"), dtype=weight.dtype,
                          device=weight.device)
    largest = gather.index_reduce(least, 0, owner, rows, "amax")
    return masked.where(sizes == 0, 0.0, largest)


def _check_bag(input: Tensor, weight: Tensor, offsets: Tensor | None, mode: str,
               scale_grad_by_freq: bool, per_sample_weights: Tensor | None) -> None:
    op = "embedding_bag"
    if input.dtype.category != dtypes.INTEGER:
        raise RuntimeError(f"{op}: input must hold integers, but is {describe(input)}")
    if weight.ndim != 2:
        raise ValueError(f"{op}: weight must have 2 dimensions, but is {describe(weight)}")
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(f"{op}: if input is 2D, then offsets has to be None, as input is "
                             "treated as a mini-batch of fixed length sequences. However, found "
                             f"offsets of shape {tuple(offsets.shape)}")
    elif input.ndim == 1:
        if offsets is None:
            raise ValueError(f"{op}: offsets has to be a 1D Tensor but got None")
        if offsets.ndim != 1 or offsets.dtype.category != dtypes.INTEGER:
            raise ValueError(f"{op}: offsets has to be a 1D Tensor of integers, but is "
                             f"{describe(offsets)}")
    else:
        raise ValueError(f"{op}: input has to be 1D or 2D Tensor, but got Tensor of dimension "
                         f"{input.ndim}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{op}: mode={mode!r} has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError(f"{op}: max mode does not support scaling the gradient by the frequency")
    if per_sample_weights is None:
        return
    if mode != "sum":
        raise NotImplementedError(f"{op}: per_sample_weights was not None. per_sample_weights is "
                                  f"only supported for mode='sum' (got mode='{mode}')")
    if per_sample_weights.shape != input.shape:
        raise ValueError(f"{op}: If per_sample_weights ({per_sample_weights.shape}) is not None, "
                         f"then it must have the same shape as the input ({input.shape})")
    if per_sample_weights.dtype is not weight.dtype:
        raise TypeError(f"{op}: expected weight ({weight.dtype}) and per_sample_weights "
                        f"({per_sample_weights.dtype}) to have same dtype")


def _owners(offsets: Tensor, count: int, include_last: bool) -> tuple[Tensor, int]:
    """The bag that each number belongs to, and how many bags there are."""
    op = "embedding_bag"
    bags = offsets.numel()
    if include_last:
        if not bags:
            raise ValueError(f"{op}: with include_last_offset=True offsets needs an element at "
                             "least")
        bags -= 1
    if offsets._kind.device.type == "cpu" and offsets.numel():
        begins = offsets.numpy()
        if begins[0] != 0:
            raise ValueError(f"{op}: offsets[0] has to be 0, i.e., the first sequence in the "
                             f"mini-batch has to start from position 0. However, got {begins[0]}")
        if begins[-1] > count:
            raise ValueError(f"{op}: offsets[-1] can not be greater than input's length: got "
                             f"offsets[-1]={begins[-1]}, length {count}")
        if (begins[1:] < begins[:-1]).any():
            raise ValueError(f"{op}: offsets must not decrease, but are {begins.tolist()}")
        if include_last:
            count = int(begins[-1])
    # One more bag begins at each offset: the running count says which one a number is in.
    begun = creation.zeros(count + 1, dtype="int64", device=offsets.device)
    begun = gather.index_add(begun, 0, convert.long(offsets[:bags]),  # type: ignore[index]
                             creation.ones(bags, dtype="int64", device=offsets.device))
    owner: Any = cumulative.cumsum(begun, 0)[:count] - 1  # type: ignore[index]
    return owner, bags


def _padding_row(weight: Tensor, padding_idx: int | None, op: str) -> int | None:
    rows = weight.shape[0]
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ValueError(f"{op}: padding_idx={padding_idx} must be within the {rows} rows of "
                         "weight")
    return padding_idx % rows


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    table = weight.detach()
    numbers = shape.reshape(convert.long(input), -1)
    rows = gather.index_select(table, 0, numbers)
    norms = reduce.sum(unary.abs(rows) ** norm_type, 1, True) ** (1 / norm_type)  # type: ignore
    scaled = rows * masked.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0)
    table.index_copy_(0, numbers, scaled)  # type: ignore[attr-defined]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A 1 in a row of zeros, at the place that each number says.

    Parameters
    ----------
    tensor : Tensor
        int64 numbers of any shape.
    num_classes : int
        The rows' length; the largest number plus one where not given.

    Returns
    -------
    Tensor
        ``(*, num_classes)`` of int64.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.one_hot(facula.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError(f"one_hot: the numbers must be int64, but are {tensor.dtype.name}")
    num_classes, = ints(num_classes, "one_hot", "num_classes")
    if num_classes == -1:
        if not tensor.numel():
            raise RuntimeError("one_hot: num_classes can't be found from an empty tensor: give it")
        num_classes = int(tensor.max()) + 1  # type: ignore[attr-defined]
    elif tensor.numel() and int(tensor.max()) >= num_classes:  # type: ignore[attr-defined]
        raise RuntimeError(f"one_hot: class values must be smaller than num_classes={num_classes}, "
                           f"but the largest is {int(tensor.max())}")  # type: ignore[attr-defined]
    if tensor.numel() and int(tensor.min()) < 0:  # type: ignore[attr-defined]
        raise RuntimeError("one_hot: class values must not be negative")
    places = creation.arange(num_classes, device=tensor.device)
    return convert.long(compare.eq(shape.unsqueeze(tensor, -1), places))
