"""Several variables together: covariances, correlations, and counts in boxes."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.errors import describe
from facula.core.ops import (
    binary,
    complex_numbers,
    convert,
    counting,
    creation,
    linalg,
    reduce,
    shape,
    unary,
)
from facula.core.ops.halves import in_float32
from facula.core.results import HistogramDD
from facula.core.tensor import Tensor


def _weights(name: str, weights: Tensor | None, count: int, category: int) -> None:
    if weights is None:
        return
    if weights.ndim > 1 or weights.numel() != count or weights._kind.dtype.category != category:
        kind = "integers" if category == dtypes.INTEGER else "floating numbers"
        raise RuntimeError(f"cov: {name} must be {count} {kind} in one dimension: "
                           f"{describe(weights)}")
    if weights.numel() and float(weights.detach().min()) < 0:  # type: ignore[attr-defined]
        raise RuntimeError(f"cov: {name} must not hold negative numbers")


@composite
@in_float32
def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None,
        aweights: Tensor | None = None) -> Tensor:
    """The covariances of variables, one per row, over observations, one per column.

    Parameters
    ----------
    input : Tensor
        Of at most 2 dimensions; with fewer, one variable.
    correction : int
        The sum of products is divided by the number of observations less this.
    fweights : Tensor, optional
        How often each observation counts: integers.
    aweights : Tensor, optional
        How important each is: floating numbers.

    Returns
    -------
    Tensor
        Variables by variables; 0-d for one variable.

    Examples
    --------
    >>> import facula
    >>> facula.cov(facula.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(f"cov: the input must have at most 2 dimensions: {describe(input)}")
    if input._kind.dtype is dtypes.bool_:
        raise RuntimeError("cov: not defined for bool: convert the input")
    rows: Any = input if input.ndim == 2 else shape.reshape(input, 1, -1)
    if input._kind.dtype.category < dtypes.FLOAT:
        rows = convert.to(rows, dtype=dtypes.get_default_dtype())
    count = rows.shape[1]
    _weights("fweights", fweights, count, dtypes.INTEGER)
    _weights("aweights", aweights, count, dtypes.FLOAT)
    weight: Any = None
    for given in (fweights, aweights):
        if given is not None:
            weight = given if weight is None else weight * given
    if weight is None:
        total: Any = count
        mean = reduce.sum(rows, 1, True) / count if count else reduce.sum(rows, 1, True)
    else:
        weight = shape.reshape(weight, -1)
        total = reduce.sum(weight)
        mean = reduce.sum(rows * weight, 1, True) / total
    if aweights is not None and correction:
        factor = total - correction * reduce.sum(weight * aweights) / total
    else:
        factor = total - correction
    centred = rows - mean
    left = centred if weight is None else centred * weight
    products = linalg.matmul(convert.to(left, dtype=centred.dtype),
                             complex_numbers.adjoint(centred))
    if isinstance(factor, Tensor):
        factor = convert.to(factor, dtype=centred.dtype.to_real()).clamp(0)  # type: ignore
    else:
        factor = creation.scalar_tensor(max(factor, 0), dtype=centred.dtype.to_real(),
                                        device=centred.device)
    result = binary.true_divide(products, factor)
    return result if input.ndim == 2 else shape.reshape(result, ())


@composite
@in_float32
def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlations of variables, one per row, over observations, one per column.

    Examples
    --------
    >>> import facula
    >>> facula.corrcoef(facula.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c: Any = cov(input)
    if not c.ndim:
        return c / c
    spread = unary.sqrt(complex_numbers.real(c.diagonal()))
    c = c / shape.unsqueeze(spread, 1) / shape.unsqueeze(spread, 0)
    if c.is_complex():
        return complex_numbers.complex(c.real.clamp(-1, 1), c.imag.clamp(-1, 1))
    return c.clamp(-1, 1)


@composite(method=False)
def histogramdd(input: Tensor, bins: Any, *, range: Sequence[float] | None = None,
                weight: Tensor | None = None, density: bool = False) -> HistogramDD:
    """Counts (or summed weights) of points in boxes of a grid, and the grid's edges.

    Parameters
    ----------
    input : Tensor
        ``(..., D)``: points of D coordinates.
    bins : int, sequence of int, or sequence of Tensor
        How many equally wide bins along each dimension, or the ascending edges.
    range : sequence of float, optional
        The lowest and highest edge of each dimension, one after the other.
    weight : Tensor, optional
        One per point.
    density : bool
        Divide by the total and by the volume of each box.

    Examples
    --------
    >>> import facula
    >>> points = facula.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0]])
    >>> facula.histogramdd(points, bins=[2, 2]).hist
    tensor([[0., 1.],
            [2., 0.]])
    """
    if input.ndim < 2 or not input.is_floating_point():
        raise RuntimeError(f"histogramdd: the input must be floating, of at least 2 dimensions: "
                           f"{describe(input)}")
    size = input.shape[-1]
    points: Any = shape.reshape(input.detach(), -1, size)
    given: list[Any] = [bins] * size if isinstance(bins, int) else list(bins)
    if len(given) != size:
        raise RuntimeError(f"histogramdd: bins has {len(given)} entries for {size} coordinates")
    if range is not None and len(range) != 2 * size:
        raise RuntimeError(f"histogramdd: range has {len(range)} numbers: {2 * size} are needed, "
                           "two for each coordinate")
    edges, place, inside = [], None, None
    for d in builtins.range(size):
        column = points[:, d].contiguous()
        if isinstance(given[d], Tensor):
            marks: Any = given[d].detach()
        else:
            low, high = (0.0, 0.0) if range is None else range[2 * d:2 * d + 2]
            marks = counting.equal_edges("histogramdd", column, int(given[d]), low, high)
        edges.append(marks)
        number = marks.shape[0] - 1
        at = counting.searchsorted(marks, column, right=True) - 1  # type: ignore[operator]
        at = at - (column == marks[-1]).long()  # the last bin holds its end
        good = (column >= marks[0]) & (column <= marks[-1])
        inside = good if inside is None else inside & good
        place = at if place is None else place * number + at
    sizes = tuple([e.shape[0] - 1 for e in edges])
    total = math.prod(sizes)
    share = None if weight is None else shape.reshape(weight.detach(), -1)[inside]
    counts = counting.bincount(place[inside], share, minlength=total)  # type: ignore[index]
    hist: Any = shape.reshape(convert.to(counts, dtype=input.dtype), sizes)
    if density:
        hist = hist / hist.sum()
        for d, marks in enumerate(edges):
            width = marks[1:] - marks[:-1]
            hist = hist / shape.reshape(width, -1, *(1,) * (size - 1 - d))
    return HistogramDD(hist, tuple(edges))
