"""The same elements at other places: flipped, rolled, turned, padded; and triangles of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.base import Backend
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, canonical_dims, canonical_shape, describe
from facula.core.fitting import fitting_number
from facula.core.operation import operation
from facula.core.ops import creation, gather, index, joining, masked, shape, views
from facula.core.tensor import Tensor

_fill_where = operation(masked.masked_fill).extra["inplace"]


def _flip(backend: Backend, input: Any, dims: tuple[int, ...]) -> Any:
    if not input.size:
        return backend.copy(input)
    steps, start = list(input.strides), 0
    for d in dims:
        start += (input.shape[d] - 1) * steps[d]
        steps[d] = -steps[d]
    return backend.copy(backend.as_strided(input, input.shape, tuple(steps), start))


@primitive(method=True, portable=_flip)
def flip(input: Tensor, *dims: Any) -> Tensor:
    """A copy with the order along some dimensions turned around.

    Examples
    --------
    >>> import facula
    >>> facula.flip(facula.tensor([[1, 2], [3, 4]]), (1,))
    tensor([[2, 1],
            [4, 3]])
    """
    return input, canonical_dims("flip", canonical_shape("flip", dims), input.ndim)  # type: ignore


@composite
def fliplr(input: Tensor) -> Tensor:
    """A copy with dimension 1 turned around."""
    if input.ndim < 2:
        raise RuntimeError(f"fliplr: needs at least 2 dimensions, not shape {tuple(input.shape)}")
    return flip(input, 1)


@composite
def flipud(input: Tensor) -> Tensor:
    """A copy with dimension 0 turned around."""
    if input.ndim < 1:
        raise RuntimeError("flipud: needs at least 1 dimension")
    return flip(input, 0)


@composite
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved along dimensions; what leaves at the end comes back in front.

    Parameters
    ----------
    input : Tensor
    shifts : int or sequence of int
    dims : int or sequence of int, optional
        As many as shifts; without, the flattened tensor is rolled.

    Examples
    --------
    >>> import facula
    >>> facula.roll(facula.tensor([1, 2, 3, 4]), 1, 0)
    tensor([4, 1, 2, 3])
    """
    steps = tuple(shifts) if isinstance(shifts, (tuple, list)) else (shifts,)
    if dims is None or dims == ():
        if len(steps) != 1:
            raise RuntimeError(f"roll: shifts={shifts} needs dims: one for each")
        flat = shape.reshape(input, input.numel())
        return shape.reshape(roll(flat, steps[0], 0), tuple(input._data.shape))
    given = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    if len(given) != len(steps):
        raise RuntimeError(f"roll: shifts={steps} and dims={given} must be equally many")
    out = input
    for step, d in zip(steps, given, strict=True):
        at = canonical_dim("roll", d, input.ndim)
        n = input._data.shape[at] if input.ndim else 0
        if n and step % n:
            cut = n - step % n
            out = joining.cat([views.narrow(out, at, cut, n - cut),
                               views.narrow(out, at, 0, cut)], at)
    return shape.clone(out) if out is input else out


@composite
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by ``k`` quarters in the plane of two dimensions, from the first to the second.

    Examples
    --------
    >>> import facula
    >>> facula.rot90(facula.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    if len(dims) != 2 or input.ndim < 2:
        raise RuntimeError(f"rot90: dims={tuple(dims)} must name two of the input's {input.ndim} "
                           "dimensions")
    a, b = [canonical_dim("rot90", d, input.ndim) for d in dims]
    if a == b:
        raise RuntimeError(f"rot90: dims={tuple(dims)} must name two different dimensions")
    turns = k % 4
    if turns == 1:
        return shape.transpose(flip(input, b), a, b)
    if turns == 2:
        return flip(input, a, b)
    if turns == 3:
        return flip(shape.transpose(input, a, b), b)
    return shape.clone(input)


# Triangles


def _outside(op: str, input: Tensor, diagonal: int, below: bool) -> Tensor:
    """Where a matrix lies below, or above, a diagonal."""
    if input.ndim < 2:
        raise RuntimeError(f"{op}: needs at least 2 dimensions, not shape {tuple(input.shape)}")
    n, m = input._data.shape[-2:]
    row = creation.arange(diagonal, n + diagonal, device=input.device).reshape(n, 1)  # type: ignore
    column = creation.arange(m, device=input.device)
    return column < row if below else column > row  # type: ignore[operator]


@composite
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of matrices, up to a diagonal; zeros above it.

    Examples
    --------
    >>> import facula
    >>> facula.tril(facula.ones(2, 3))
    tensor([[1., 0., 0.],
            [1., 1., 0.]])
    """
    return masked.masked_fill(input, _outside("tril", input, diagonal, False), 0)


@composite
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of matrices, from a diagonal on; zeros below it.

    Examples
    --------
    >>> import facula
    >>> facula.triu(facula.ones(2, 3))
    tensor([[1., 1., 1.],
            [0., 1., 1.]])
    """
    return masked.masked_fill(input, _outside("triu", input, diagonal, True), 0)


@composite(export=False)
def tril_(input: Tensor, diagonal: int = 0) -> Tensor:
    """In-place version of :func:`facula.tril`."""
    return _fill_where(input, _outside("tril_", input, diagonal, False), 0)


@composite(export=False)
def triu_(input: Tensor, diagonal: int = 0) -> Tensor:
    """In-place version of :func:`facula.triu`."""
    return _fill_where(input, _outside("triu_", input, diagonal, True), 0)


def _triangle(function: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    positions = np.stack(function(row, offset, col))
    return creation.tensor(positions, dtype=dtypes.int64 if dtype is None else dtype,
                           device=device)


@composite(method=False)
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None,
                 device: Any = None) -> Tensor:
    """Row and column numbers of the lower triangle of a matrix.

    Examples
    --------
    >>> import facula
    >>> facula.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle(np.tril_indices, row, col, offset, dtype, device)


@composite(method=False)
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None,
                 device: Any = None) -> Tensor:
    """Row and column numbers of the upper triangle of a matrix."""
    return _triangle(np.triu_indices, row, col, offset, dtype, device)


# Padding


def _pad_constant(backend: Backend, input: Any, before: tuple[int, ...], after: tuple[int, ...],
                  value: Any) -> Any:
    sizes = tuple([a + n + b for a, n, b in zip(before, input.shape, after, strict=True)])
    out = backend.full(sizes, value, dtypes.as_dtype(input.dtype))
    backend.assign(out[tuple([slice(a, a + n) for a, n in zip(before, input.shape, strict=True)])],
                   input)
    return out


@primitive(export=False, portable=_pad_constant)
def pad_constant(input: Tensor, before: tuple[int, ...], after: tuple[int, ...],
                 value: Any) -> Tensor:
    """The tensor within a frame of one value: so many elements before and after per dimension."""
    number = fitting_number("pad", value, input._kind.dtype)
    return input, tuple(before), tuple(after), number  # type: ignore[return-value]


def _positions(mode: str, n: int, before: int, after: int) -> np.ndarray:
    """Which element stands at each place of a padded dimension."""
    at = np.arange(-before, n + after)
    if mode == "circular":
        return at % n
    if mode == "replicate":
        return np.clip(at, 0, n - 1)
    period = 2 * (n - 1) or 1
    at = np.abs(at) % period
    return np.where(at >= n, period - at, at)


@composite(method=False, export=False)
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant",
        value: Any = None) -> Tensor:
    """The tensor with elements added (or, by negative numbers, taken) at the ends of dimensions.

    Parameters
    ----------
    input : Tensor
    pad : sequence of int
        Pairs (before, after), for the last dimension first.
    mode : str
        ``"constant"``, ``"reflect"`` (the edge itself is not repeated), ``"replicate"`` or
        ``"circular"``.
    value : number, optional
        What to add in mode constant; 0 where not given.

    Raises
    ------
    RuntimeError, NotImplementedError
        If the numbers are not pairs for at most all dimensions, or a dimension is too small for
        the mode.
    """
    amounts = canonical_shape("pad", (pad,))
    if len(amounts) % 2 or len(amounts) > 2 * input.ndim:
        raise RuntimeError(f"pad: pad={amounts} must hold a pair for each of at most "
                           f"{input.ndim} dimensions")
    first = input.ndim - len(amounts) // 2
    pairs = [(0, 0)] * first + list(zip(amounts[-2::-2], amounts[-1::-2], strict=True))
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise NotImplementedError(f"pad: mode={mode!r} is unknown: use 'constant', 'reflect', "
                                  "'replicate' or 'circular'")
    if mode != "constant" and value not in (None, 0):
        raise ValueError(f"pad: value={value} goes with mode='constant', not {mode!r}")
    for d, ((a, b), n) in enumerate(zip(pairs, input._data.shape, strict=True)):
        most = {"reflect": n - 1, "circular": n}.get(mode, max(a, b))
        if a + b + n < 0 or max(a, b) > most or (mode != "constant" and not n):
            raise RuntimeError(f"pad: ({a}, {b}) does not fit dimension {d} of size {n} in mode "
                               f"{mode!r}: {describe(input)}")
    cut = [(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(pairs, input._data.shape, strict=True)]
    if min(amounts, default=0) < 0:
        input = index.getitem(input, tuple([slice(a, b) for a, b in cut]))
        pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if mode == "constant":
        return pad_constant(input, [a for a, _ in pairs], [b for _, b in pairs], value or 0)
    out = input
    for d, (a, b) in enumerate(pairs):
        if a or b:
            where = creation.tensor(_positions(mode, out._data.shape[d], a, b),
                                    device=input.device)
            out = gather.index_select(out, d, where)
    return shape.clone(out) if out is input else out
