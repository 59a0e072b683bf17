"""Functions that return copies where their namesakes return views, and a few of fixed size."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import complex_numbers, creation, joining, masked, sequences, shape, views
from facula.core.tensor import Tensor


def _copying(view: Callable[..., Any], name: str) -> Any:
    @functools.wraps(view)
    def made(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        found = view(input, *args, **kwargs)
        if isinstance(found, Tensor):
            return shape.clone(found)
        return tuple([shape.clone(part) for part in found])

    made.__name__ = made.__qualname__ = f"{name}_copy"
    made.__module__ = __name__
    made.__doc__ = f":func:`facula.{name}`, but in memory of its own."
    return composite(made, method=False)


as_strided_copy = _copying(views.as_strided, "as_strided")
diagonal_copy = _copying(views.diagonal, "diagonal")
permute_copy = _copying(shape.permute, "permute")
select_copy = _copying(views.select, "select")
split_copy = _copying(views.split, "split")
squeeze_copy = _copying(shape.squeeze, "squeeze")
t_copy = _copying(shape.t, "t")
transpose_copy = _copying(shape.transpose, "transpose")
unbind_copy = _copying(views.unbind, "unbind")
unsqueeze_copy = _copying(shape.unsqueeze, "unsqueeze")
view_as_complex_copy = _copying(complex_numbers.view_as_complex, "view_as_complex")
view_as_real_copy = _copying(complex_numbers.view_as_real, "view_as_real")


@composite(method=False)
def alias_copy(input: Tensor) -> Tensor:
    """A copy: the same as :func:`facula.clone`."""
    return shape.clone(input)


@composite(method=False)
def detach_copy(input: Tensor) -> Tensor:
    """A copy outside the graph."""
    return shape.clone(input.detach())


@composite(method=False)
def expand_copy(input: Tensor, size: Any, *, implicit: bool = False) -> Tensor:
    """:meth:`facula.Tensor.expand`, but in memory of its own."""
    return shape.clone(shape.expand(input, size))


@composite(method=False)
def unfold_copy(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """:meth:`facula.Tensor.unfold`, but in memory of its own."""
    return shape.clone(views.unfold(input, dimension, size, step))


@composite(method=False)
def view_copy(input: Tensor, size: Any) -> Tensor:
    """:meth:`facula.Tensor.view`, but in memory of its own."""
    return shape.clone(views.view(input, size))


@composite(method=False)
def slice_copy(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None,
               step: int = 1) -> Tensor:
    """The elements from ``start`` to ``end`` of a dimension, in memory of their own.

    Examples
    --------
    >>> import facula
    >>> facula.slice_copy(facula.arange(6), 0, 1, None, 2)
    tensor([1, 3, 5])
    """
    keys = (slice(None),) * (dim % max(input.ndim, 1))
    return shape.clone(input[(*keys, slice(start, end, step))])  # type: ignore[index]


@composite
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts of the sizes given: :func:`facula.split`."""
    return views.split(input, tuple(split_sizes), dim)


split_with_sizes_copy = _copying(split_with_sizes, "split_with_sizes")


@composite
def unsafe_split(input: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """:func:`facula.split`; PyTorch's graph forgets that these are views, this one does not."""
    return views.split(input, split_size, dim)


@composite
def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The same as :func:`facula.split_with_sizes`."""
    return split_with_sizes(input, split_sizes, dim)


@composite
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """:func:`facula.chunk`; PyTorch's graph forgets that these are views, this one does not."""
    return views.chunk(input, chunks, dim)


@composite
def narrow_copy(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """:func:`facula.narrow`, but in memory of its own."""
    return shape.clone(views.narrow(input, dim, start, length))


@composite
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first ``size`` positions of elements that are not zero, filled up where there are fewer.

    Examples
    --------
    >>> import facula
    >>> facula.nonzero_static(facula.tensor([0, 3, 0, 5]), size=3)
    tensor([[ 1],
            [ 3],
            [-1]])
    """
    if not isinstance(size, int) or size < 0:
        raise RuntimeError(f"nonzero_static: size must be an int of 0 or more, but is "
                           f"{describe(size)}")
    found = masked.nonzero(input)[:size]
    rest = creation.full((size - found.shape[0], input.ndim), fill_value, dtype=found.dtype,
                         device=found.device)
    return joining.cat([found, rest])


@composite(export=False)
def fill_diagonal_(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a value to the main diagonal, in place.

    Parameters
    ----------
    input : Tensor
        A matrix, or a tensor of more dimensions that all have one size.
    fill_value : number
        What to write.
    wrap : bool
        In a matrix of more rows than columns, begin again one row below the diagonal's end.

    Raises
    ------
    RuntimeError
        If the dimensions are too few, or more than two of different sizes.

    Examples
    --------
    >>> import facula
    >>> facula.zeros(5, 2).fill_diagonal_(1, wrap=True)
    tensor([[1., 0.],
            [0., 1.],
            [0., 0.],
            [1., 0.],
            [0., 1.]])
    """
    sizes = tuple(input.shape)
    if len(sizes) < 2:
        raise RuntimeError(f"fill_diagonal_: needs two or more dimensions, but the shape is "
                           f"{sizes}")
    if len(sizes) > 2 and len(set(sizes)) > 1:
        raise RuntimeError(f"fill_diagonal_: more than two dimensions must have one size, but the "
                           f"shape is {sizes}")
    if len(sizes) == 2:
        rows, columns = sizes
        for start in range(0, rows if wrap and columns else min(rows, 1), columns + 1):
            views.diagonal(views.narrow(input, 0, start, rows - start)).fill_(fill_value)
    else:
        steps = input.stride()
        views.as_strided(input, sizes[:1], (sum(steps),), 0).fill_(fill_value)
    return input


@composite(export=False)
def new_empty_strided(input: Tensor, size: Any, stride: Any, dtype: Any = None, device: Any = None,
                      requires_grad: bool = False) -> Tensor:
    """:func:`facula.empty_strided` in this tensor's dtype and on its device."""
    return sequences.empty_strided(
        size, stride, dtype=input.dtype if dtype is None else dtype,
        device=input.device if device is None else device, requires_grad=requires_grad)
