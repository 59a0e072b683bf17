"""Integrals and derivatives of sampled functions."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import canonical_dim, canonical_dims, describe
from facula.core.ops import binary, convert, cumulative, joining, reduce, shape, views
from facula.core.ops.halves import in_float32
from facula.core.tensor import Tensor


def _wide(x: Any) -> Any:
    """Narrow integers as int64, so that sums and differences of neighbours do not wrap."""
    narrow = isinstance(x, Tensor) and x._kind.dtype.category < dtypes.FLOAT and x.itemsize < 8
    return convert.to(x, dtype=dtypes.int64) if narrow else x


def _areas(op: str, y: Tensor, x: Any, dx: Any, dim: int) -> tuple[Tensor, int]:
    """Twice the area of each trapezium along a dimension, and the dimension."""
    if x is not None and dx is not None:
        raise TypeError(f"{op}: both x and dx are given: give one of them")
    if not y.ndim:
        raise IndexError(f"{op}: y must have at least one dimension: {describe(y)}")
    if y._kind.dtype is dtypes.bool_ or (isinstance(x, Tensor) and x._kind.dtype is dtypes.bool_):
        raise RuntimeError(f"{op}: not defined for bool: convert the tensor")
    y, x = _wide(y), _wide(x)
    at = canonical_dim(op, dim, y.ndim)
    n = y.shape[at]
    if not n:
        return views.narrow(y, at, 0, 0), at
    pairs = binary.add(views.narrow(y, at, 1, n - 1), views.narrow(y, at, 0, n - 1))
    if x is None:
        return binary.mul(pairs, 1 if dx is None else dx), at
    if not x.ndim:
        raise IndexError(f"{op}: x must have at least one dimension: {describe(x)}")
    if x.ndim == 1:
        along = 0
        size = x.shape[0]
    else:
        along = canonical_dim(op, at - y.ndim, x.ndim)
        size = x.shape[along]
    if size != n:
        raise RuntimeError(f"{op}: x has {size} points and y {n} along dim={dim}: they must agree")
    steps = cumulative.diff(x, dim=along)
    if x.ndim == 1:
        steps = shape.reshape(steps, n - 1, *(1,) * (y.ndim - at - 1))
    return binary.mul(pairs, steps), at


@composite(method=False)
@in_float32
def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezium rule.

    Parameters
    ----------
    y : Tensor
        The values.
    x : Tensor, optional
        The points: 1-D, or of a shape that broadcasts with y's.
    dx : number, optional
        The distance between points, 1 where neither is given.
    dim : int

    Examples
    --------
    >>> import facula
    >>> facula.trapezoid(facula.tensor([1.0, 5.0, 10.0]), facula.tensor([1.0, 3.0, 6.0]))
    tensor(28.5000)
    """
    areas, at = _areas("trapezoid", y, x, dx, dim)
    return binary.true_divide(reduce.sum(areas, at), 2)


@composite(method=False)
def trapz(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The same as :func:`facula.trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


@composite(method=False)
@in_float32
def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral from the first point to each later one, as :func:`facula.trapezoid`.

    Examples
    --------
    >>> import facula
    >>> facula.cumulative_trapezoid(facula.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    areas, at = _areas("cumulative_trapezoid", y, x, dx, dim)
    return binary.true_divide(cumulative.cumsum(areas, at), 2)


@composite(method=False)
def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None,
             edge_order: int = 1) -> tuple[Tensor, ...]:
    """The derivatives along dimensions by central differences, one-sided at the ends.

    Parameters
    ----------
    input : Tensor
        The values of a function on a grid.
    spacing : number, sequence of numbers, or sequence of Tensor
        The distance between points, one per dimension, or the points' coordinates.
    dim : int or sequence of int, optional
        The dimensions; all where not given.
    edge_order : int
        1 or 2: the order of the differences at the ends.

    Returns
    -------
    tuple of Tensor
        One derivative per dimension, each of the input's shape.

    Raises
    ------
    RuntimeError
        If spacing and dimensions do not agree, or a dimension is shorter than edge_order + 1.

    Examples
    --------
    >>> import facula
    >>> facula.gradient(facula.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient: edge_order={edge_order} must be 1 or 2")
    listed = isinstance(spacing, (list, tuple))
    if dim is None:
        dims = tuple(range(len(spacing) if listed and len(spacing) else input.ndim))
        if listed and len(spacing) not in (1, input.ndim):
            raise RuntimeError(f"gradient: {len(spacing)} spacings for {input.ndim} dimensions: "
                               "give one for each")
        if listed and len(spacing) == 1:
            dims = tuple(range(input.ndim))
    else:
        given = dim if isinstance(dim, (list, tuple)) else (dim,)
        canonical_dims("gradient", tuple(given), input.ndim)
        dims = tuple([canonical_dim("gradient", d, input.ndim) for d in given])
    steps = list(spacing) if listed else [spacing] * len(dims)
    if len(steps) == 1:
        steps = steps * len(dims)
    if len(steps) != len(dims):
        raise RuntimeError(f"gradient: {len(steps)} spacings for {len(dims)} dimensions: give one "
                           "for each")
    for d in dims:
        if input.shape[d] < edge_order + 1:
            raise RuntimeError(f"gradient: dimension {d} has size {input.shape[d]}: at least "
                               f"{edge_order + 1} are needed for edge_order={edge_order}")
    return tuple([_along(input, d, s, edge_order) for d, s in zip(dims, steps, strict=True)])


def _along(f: Tensor, dim: int, spacing: Any, edge_order: int) -> Tensor:
    """One derivative; where the points are given, each difference has weights of its own."""
    n = f.shape[dim]

    def part(start: int, stop: int) -> Any:
        return views.narrow(f, dim, start, stop - start)

    if isinstance(spacing, Tensor):
        if spacing.ndim != 1 or spacing.shape[0] != n:
            raise RuntimeError(f"gradient: the coordinates must be 1-D and {n} for dimension "
                               f"{dim}: {describe(spacing)}")
        steps: Any = shape.reshape(cumulative.diff(spacing), n - 1, *(1,) * (f.ndim - dim - 1))
        left, right = steps[:n - 2], steps[1:]
        middle = (-right / (left * (left + right)) * part(0, n - 2)
                  + (right - left) / (left * right) * part(1, n - 1)
                  + left / (right * (left + right)) * part(2, n))
        first, last = steps[:1], steps[n - 2:]
        if edge_order == 2:
            second, before = steps[1:2], steps[n - 3:n - 2]
    else:
        first = last = second = before = spacing
        middle = (part(2, n) - part(0, n - 2)) / (2 * spacing)
    if edge_order == 1:
        start = (part(1, 2) - part(0, 1)) / first
        end = (part(n - 1, n) - part(n - 2, n - 1)) / last
    else:
        start = _one_sided(part(0, 1), part(1, 2), part(2, 3), first, second)
        end = _one_sided(part(n - 1, n), part(n - 2, n - 1), part(n - 3, n - 2), last, before) * -1
    return joining.cat([start, middle, end] if n > 2 else [start, end], dim)


def _one_sided(f0: Any, f1: Any, f2: Any, h1: Any, h2: Any) -> Any:
    """The derivative at the first of three points, by the parabola through them."""
    both = h1 + h2
    return -(both + h1) / (h1 * both) * f0 + both / (h1 * h2) * f1 - h1 / (h2 * both) * f2
