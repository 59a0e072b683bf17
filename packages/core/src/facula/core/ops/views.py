"""More views: parts, splittings, diagonals, windows, and other orders of the dimensions."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes, slot
from facula.core.backends.base import Backend
from facula.core.declare import composite, primitive
from facula.core.declare import view as view_of
from facula.core.devices import CPU, kind_of
from facula.core.errors import canonical_dim, canonical_shape, describe, not_a_tensor
from facula.core.ops import index, shape
from facula.core.tensor import Size, Tensor, Version, from_data

_ALL = slice(None)


@composite(export=False, tells=True)
def view(input: Tensor, *shape_or_dtype: Any) -> Tensor:
    """The same memory in another shape, or its bits as another dtype; never copies.

    Parameters
    ----------
    input : Tensor
    *shape_or_dtype : int, sequence of int, or dtype
        The new sizes, of which one may be -1; or a dtype.

    Raises
    ------
    RuntimeError
        If the strides do not allow it (use ``reshape``), or the sizes do not fit.

    Examples
    --------
    >>> import facula
    >>> facula.arange(6).view(3, -1)
    tensor([[0, 1],
            [2, 3],
            [4, 5]])
    """
    if len(shape_or_dtype) == 1 and isinstance(shape_or_dtype[0], (dtypes.dtype, type)):
        return _view_dtype(input, dtypes.as_dtype(shape_or_dtype[0]))
    seen = shape.seen_as(input, shape_or_dtype)
    if seen is not None:
        return seen
    sizes = canonical_shape("view", shape_or_dtype)
    return shape.view_as_shape(input, shape.infer_shape("view", sizes, input._data.size))


def _view_dtype(input: Tensor, d: dtypes.dtype) -> Tensor:
    """The bits as another dtype; the last dimension grows or shrinks with the size of an element.

    The result shares memory, but is outside the graph.
    """
    if d is input._kind.dtype:
        return shape.view_as_shape(input, tuple(input._data.shape))
    if input._kind.device is not CPU:
        raise NotImplementedError(f"view: bits as another dtype only on the CPU, but the tensor "
                                  f"is on {input.device}: use cpu() first")
    data = input._data
    if d.itemsize != input.itemsize and (not data.ndim or data.strides[-1] != input.itemsize
                                         or data.shape[-1] * input.itemsize % d.itemsize):
        raise RuntimeError(f"view: {describe(input)} with strides {input.stride()} can't be seen "
                           f"as {d.name}: the last dimension must be dense and divisible")
    out = from_data(data.view(d.numpy), kind_of(CPU, d))
    if input._version is None:
        input._version = Version()
    out._version = input._version
    return out


@composite(export=False)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """``view`` in the other's shape."""
    return view(input, tuple(other._data.shape))


@composite(export=False)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """``reshape`` to the other's shape."""
    return shape.reshape(input, tuple(other._data.shape))


@composite
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; copies only if it must."""
    return shape.reshape(input, -1 if input._data.size else 0)


@composite
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of the sizes may be -1.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(2, 6).unflatten(1, (2, 3)).shape
    facula.Size([2, 2, 3])
    """
    at = canonical_dim("unflatten", dim, input.ndim)
    if not sizes:
        raise RuntimeError("unflatten: sizes must not be empty")
    old = tuple(input._data.shape)
    parts = shape.infer_shape("unflatten", canonical_shape("unflatten", (sizes,)), old[at])
    return shape.view_as_shape(input, (*old[:at], *parts, *old[at + 1:]))


# Parts


def _within(dim: int, item: Any) -> tuple[Any, ...]:
    return (*(_ALL,) * dim, item, ...)


@composite
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one position of a dimension, as a view without that dimension.

    Examples
    --------
    >>> import facula
    >>> facula.select(facula.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if not input.ndim:
        raise IndexError("select: a 0-d tensor has no dimension to select from")
    at = canonical_dim("select", dim, input.ndim)
    return _getitem(input, _within(at, index))


_getitem = index.getitem


@composite
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A view of ``length`` positions of a dimension from ``start`` on.

    Raises
    ------
    RuntimeError, IndexError
        If they are not there.

    Examples
    --------
    >>> import facula
    >>> facula.narrow(facula.arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    if not input.ndim:
        raise RuntimeError("narrow: a 0-d tensor can't be narrowed")
    at = canonical_dim("narrow", dim, input.ndim)
    size = input._data.shape[at]
    if not isinstance(start, int):
        raise TypeError(f"narrow: start must be an int, but is {describe(start)}")
    if length < 0:
        raise RuntimeError(f"narrow: length={length} is negative")
    if not -size <= start <= size:
        raise IndexError(f"narrow: start={start} is out of range: dimension {at} has size {size}")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"narrow: {start} + {length} go beyond dimension {at} of size {size}")
    return _getitem(input, _within(at, slice(start, start + length)))


def _pieces(input: Tensor, dim: int, edges: Sequence[int]) -> tuple[Tensor, ...]:
    return tuple([_getitem(input, _within(dim, slice(a, b)))
                  for a, b in zip(edges, edges[1:], strict=False)])


@composite
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts: of one size (the last may be smaller), or of the sizes given.

    Examples
    --------
    >>> import facula
    >>> facula.split(facula.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if not tensor.ndim:
        raise RuntimeError("split: a 0-d tensor can't be split")
    at = canonical_dim("split", dim, tensor.ndim)
    n = tensor._data.shape[at]
    if hasattr(split_size_or_sections, "__index__"):
        step = split_size_or_sections.__index__()
        if step < 0 or (not step and n):
            raise RuntimeError(f"split: the size {step} of a part must be positive")
        edges = [*range(0, n, step or 1), n] if n else [0, 0]
    else:
        sizes = canonical_shape("split", (split_size_or_sections,))
        if min(sizes, default=0) < 0 or sum(sizes) != n:
            raise RuntimeError(f"split: the sizes {sizes} must be non-negative and sum to {n}, "
                               f"the size of dimension {at}")
        edges = [0, *np.cumsum(sizes).tolist()]
    return _pieces(tensor, at, edges)


def _split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """:func:`facula.split`."""
    return split(self, split_size, dim)


_split_method.__name__ = _split_method.__qualname__ = "split"
split.operation.extra["method"] = _split_method


@composite
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` views of consecutive parts of equal size; the last may be smaller.

    Examples
    --------
    >>> import facula
    >>> facula.chunk(facula.arange(5), 3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if chunks < 1:
        raise RuntimeError(f"chunk: chunks={chunks} must be positive")
    if not input.ndim:
        raise RuntimeError("chunk: a 0-d tensor can't be split")
    at = canonical_dim("chunk", dim, input.ndim)
    n = input._data.shape[at]
    return split(input, -(-n // chunks), at) if n else split(input, [0] * chunks, at)


_MOST_EMPTY = 1 << 20  # parts without elements: a few hundred bytes each


@composite
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts: a number of nearly equal ones, or cut at the indices given.

    Examples
    --------
    >>> import facula
    >>> facula.tensor_split(facula.arange(5), (1, 4))
    (tensor([0]), tensor([1, 2, 3]), tensor([4]))
    """
    if not input.ndim:
        raise RuntimeError("tensor_split: a 0-d tensor can't be split")
    at = canonical_dim("tensor_split", dim, input.ndim)
    n = input._data.shape[at]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if hasattr(indices_or_sections, "__index__"):
        parts = indices_or_sections.__index__()
        if parts < 1:
            raise RuntimeError(f"tensor_split: the number of parts {parts} must be positive")
        if parts > n + _MOST_EMPTY:
            raise RuntimeError(f"tensor_split: {parts} parts are far more than the {n} elements of "
                               f"dimension {at}")
        small, larger = divmod(n, parts)
        edges = [i * small + min(i, larger) for i in range(parts + 1)]
        return _pieces(input, at, edges)
    edges = [0, *canonical_shape("tensor_split", (indices_or_sections,)), n]
    return _pieces(input, at, edges)


def _named_split(op: str, dim: int, least: int) -> Any:
    def cut(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        at = 0 if op == "hsplit" and input.ndim == 1 else dim
        if input.ndim < least:
            raise RuntimeError(f"{op}: needs at least {least} dimensions, but the input has shape "
                               f"{tuple(input.shape)}")
        if hasattr(indices_or_sections, "__index__") and (
                indices_or_sections < 1 or input.shape[at] % indices_or_sections):
            raise RuntimeError(f"{op}: dimension {at} of size {input.shape[at]} can't be cut into "
                               f"{indices_or_sections} equal parts")
        return tensor_split(input, indices_or_sections, at)
    cut.__name__, cut.__module__ = op, __name__
    cut.__doc__ = f":func:`facula.tensor_split` along dimension {dim}, in equal parts."
    return composite(cut)


hsplit = _named_split("hsplit", 1, 1)
vsplit = _named_split("vsplit", 0, 2)
dsplit = _named_split("dsplit", 2, 3)


@composite
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, as a tuple of views without it.

    Examples
    --------
    >>> import facula
    >>> facula.unbind(facula.tensor([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    if not input.ndim:
        raise RuntimeError("unbind: a 0-d tensor has no slices")
    at = canonical_dim("unbind", dim, input.ndim)
    return tuple([_getitem(input, _within(at, i)) for i in range(input._data.shape[at])])


# Orders


@composite
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Some dimensions at other places, the rest in their order.

    Examples
    --------
    >>> import facula
    >>> facula.movedim(facula.zeros(2, 3, 4), 0, -1).shape
    facula.Size([3, 4, 2])
    """
    n = input.ndim
    froms = source if isinstance(source, (tuple, list)) else (source,)
    tos = destination if isinstance(destination, (tuple, list)) else (destination,)
    f = [canonical_dim("movedim", d, n) for d in froms]
    t = [canonical_dim("movedim", d, n) for d in tos]
    if len(f) != len(t) or len(set(f)) < len(f) or len(set(t)) < len(t):
        raise RuntimeError(f"movedim: source={source} and destination={destination} must name "
                           "equally many dimensions, each once")
    if not n:
        return shape.permute(input, ())
    rest = iter([d for d in range(n) if d not in f])
    placed = dict(zip(t, f, strict=True))
    return shape.permute(input, tuple([placed[d] if d in placed else next(rest)
                                       for d in range(n)]))


@composite
def moveaxis(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The same as :func:`facula.movedim`."""
    return movedim(input, source, destination)


@composite
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """The same as :func:`facula.transpose`."""
    return shape.transpose(input, axis0, axis1)


@composite
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The same as :func:`facula.transpose`."""
    return shape.transpose(input, dim0, dim1)


def _at_least(ndim: int, name: str, place: Any) -> Any:
    def grow(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            t = tensors[0]
            sizes = tuple(t._data.shape)
            return t if len(sizes) >= ndim else shape.view_as_shape(t, place(sizes))
        given = tensors[0] if len(tensors) == 1 else tensors
        if not isinstance(given, (tuple, list)):
            raise not_a_tensor(name, "tensors", given)
        for t in given:
            if not isinstance(t, Tensor):
                raise not_a_tensor(name, "tensors", t)
        return tuple([grow(t) for t in given])
    grow.__name__, grow.__module__ = name, __name__
    grow.__doc__ = f"The tensor (or each of several) as a view of at least {ndim} dimensions."
    return composite(grow, method=False)


atleast_1d = _at_least(1, "atleast_1d", lambda s: (1,))
atleast_2d = _at_least(2, "atleast_2d", lambda s: (1, *s) if s else (1, 1))
atleast_3d = _at_least(3, "atleast_3d", lambda s: (
    (*s, 1) if len(s) == 2 else (1, *s, 1) if s else (1, 1, 1)))


@composite(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    Examples
    --------
    >>> import facula
    >>> facula.broadcast_shapes((2, 1), (3,))
    facula.Size([2, 3])
    """
    sizes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    try:
        return Size(np.broadcast_shapes(*sizes))
    except ValueError:
        raise RuntimeError(f"broadcast_shapes: {', '.join(map(str, sizes))} do not broadcast: "
                           "sizes must be equal or 1") from None


@composite(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of all tensors in the shape that they broadcast to."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    size = broadcast_shapes(*[t._data.shape for t in given])
    return tuple([shape.expand(t, tuple(size)) for t in given])


# Diagonals and windows


def _diagonal_data(backend: Backend, data: Any, offset: int, a: int, b: int) -> Any:
    n, m = data.shape[a], data.shape[b]
    length = max(0, min(n, m - offset) if offset >= 0 else min(n + offset, m))
    start = (offset * data.strides[b] if offset >= 0 else -offset * data.strides[a])
    keep = [d for d in range(data.ndim) if d not in (a, b)]
    sizes = (*[data.shape[d] for d in keep], length)
    steps = (*[data.strides[d] for d in keep], data.strides[a] + data.strides[b])
    return backend.as_strided(data, sizes, steps, start if length else 0)


@view_of
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of a diagonal of two dimensions, as the last dimension.

    Parameters
    ----------
    input : Tensor
    offset : int
        0 is the main diagonal, positive ones lie above it.
    dim1, dim2 : int
        The two dimensions.

    Examples
    --------
    >>> import facula
    >>> facula.diagonal(facula.arange(9).reshape(3, 3), 1)
    tensor([1, 5])
    """
    data = input._data
    a = canonical_dim("diagonal", dim1, data.ndim)
    b = canonical_dim("diagonal", dim2, data.ndim)
    if a == b or data.ndim < 2:
        raise RuntimeError(f"diagonal: dim1={dim1} and dim2={dim2} must be two different "
                           f"dimensions of the input's {data.ndim}")
    seen = _diagonal_data(input._kind.backend, data, offset, a, b)
    return seen, offset, a, b  # type: ignore[return-value]


def _put_diagonal(backend: Backend, grad: Any, size: tuple[int, ...], offset: int, dim1: int,
                  dim2: int) -> Any:
    out = backend.full(size, 0, dtypes.as_dtype(grad.dtype))
    backend.assign(_diagonal_data(backend, out, offset, dim1, dim2), grad)
    return out


@primitive(export=False, portable=_put_diagonal)
def diagonal_put_zeros(grad: Tensor, size: tuple[int, ...], offset: int, dim1: int,
                       dim2: int) -> Tensor:
    """Zeros of a shape with ``grad`` on a diagonal: the derivative of :func:`diagonal`."""
    return grad, tuple(size), offset, dim1, dim2  # type: ignore[return-value]


@composite
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the input's last dimension on a diagonal, zeros elsewhere.

    Examples
    --------
    >>> import facula
    >>> facula.diag_embed(facula.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    n = input.ndim + 1
    a, b = canonical_dim("diag_embed", dim1, n), canonical_dim("diag_embed", dim2, n)
    if a == b:
        raise RuntimeError(f"diag_embed: dim1={dim1} and dim2={dim2} must differ")
    if a > b:
        a, b, offset = b, a, -offset
    side = input._data.shape[-1] + builtins.abs(offset)
    rest = iter(input._data.shape[:-1])
    sizes = tuple([side if d in (a, b) else next(rest) for d in range(n)])
    return diagonal_put_zeros(input, sizes, offset, a, b)


@composite
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix from its diagonal (1-D input), or a copy of a matrix's diagonal.

    Examples
    --------
    >>> import facula
    >>> facula.diag(facula.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim != 2:
        raise RuntimeError(f"diag: takes 1 or 2 dimensions, not {input.ndim}: use diag_embed()")
    return shape.clone(_diagonal(input, diagonal))


_diagonal = diagonal


@composite
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of the input on a diagonal."""
    return diag_embed(ravel(input), offset)


@view_of(export=False)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows along a dimension; the elements of a window form a new last dimension.

    Examples
    --------
    >>> import facula
    >>> facula.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    data = input._data
    sizes, steps = tuple(data.shape) or (1,), tuple(data.strides) or (0,)
    at = canonical_dim("unfold", dimension, data.ndim)
    if size < 0 or size > sizes[at] or step < 1:
        raise RuntimeError(f"unfold: size={size} must be between 0 and {sizes[at]}, the size of "
                           f"dimension {at}, and step={step} positive")
    count = (sizes[at] - size) // step + 1
    if not data.ndim:
        new, strides = (size,), (0,)
    else:
        new = (*sizes[:at], count, *sizes[at + 1:], size)
        strides = (*steps[:at], steps[at] * step, *steps[at + 1:], steps[at])
    return input._kind.backend.as_strided(data, new, strides, 0), at, size, step  # type: ignore


@view_of
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int],
               storage_offset: int | None = None) -> Tensor:
    """A view with any sizes and strides, counted in elements from the tensor's first one.

    Unlike PyTorch's, the offset counts from this tensor's first element, not from the start of its
    memory; None means 0.

    Raises
    ------
    RuntimeError
        If it would reach outside the elements between this tensor's first and last.

    Examples
    --------
    >>> import facula
    >>> facula.as_strided(facula.arange(4), (3, 2), (1, 1))
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    sizes, steps = canonical_shape("as_strided", (size,)), canonical_shape("as_strided", (stride,))
    offset = storage_offset or 0
    data, item = input._data, input.itemsize
    if len(sizes) != len(steps) or min((*sizes, *steps, offset)) < 0:
        raise RuntimeError(f"as_strided: size={sizes} and stride={steps} must have the same "
                           f"length, and no number (nor storage_offset={offset}) be negative")
    last = offset + sum((n - 1) * s for n, s in zip(sizes, steps, strict=True))
    reach = sum((n - 1) * (s // item) for n, s in zip(data.shape, data.strides, strict=True))
    if 0 not in sizes and (last > reach or not data.size):
        raise RuntimeError(f"as_strided: size={sizes}, stride={steps}, storage_offset={offset} "
                           f"reach element {last}, but the last one is {reach}")
    strides = tuple([s * item for s in steps])
    seen = input._kind.backend.as_strided(data, sizes, strides, 0 if 0 in sizes else offset * item)
    return seen, sizes, steps, offset  # type: ignore[return-value]


# Shapes in place


def _reshaped_in_place(name: str, out_of_place: Any) -> Any:
    def change(input: Tensor, *args: Any) -> Tensor:
        version = input._version
        if hasattr(input, "_view") or version is not None and version.live_views():
            raise RuntimeError(f"{name}: a tensor that is a view, or has views, can't change its "
                               f"shape in place: use {name[:-1]}()")
        if input._autograd is None:
            input._data = out_of_place(input, *args)._data
            return input
        if input.is_leaf or not slot.grad_mode.enabled:
            raise RuntimeError(f"{name}: a leaf that requires grad, or a tensor in a graph while "
                               f"nothing is recorded, can't change its shape: use {name[:-1]}()")
        before = from_data(input._data, input._kind)  # takes the tensor's place in the graph
        before._autograd, before._version = input._autograd, version
        after = out_of_place(before, *args)
        input._data, input._autograd, input._version = after._data, after._autograd, after._version
        if hasattr(after, "_view"):
            input._view = after._view
            after._version.add_view(input)
        return input
    change.__name__, change.__module__ = name, __name__
    change.__doc__ = f":func:`facula.{name[:-1]}` in place: only the shape changes."
    return composite(change, export=False)


squeeze_ = _reshaped_in_place("squeeze_", shape.squeeze)
unsqueeze_ = _reshaped_in_place("unsqueeze_", shape.unsqueeze)
transpose_ = _reshaped_in_place("transpose_", shape.transpose)
swapaxes_ = _reshaped_in_place("swapaxes_", shape.transpose)
swapdims_ = _reshaped_in_place("swapdims_", shape.transpose)
t_ = _reshaped_in_place("t_", shape.t)
as_strided_ = _reshaped_in_place("as_strided_", as_strided)
