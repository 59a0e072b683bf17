"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.declare import composite
from facula.core.dtypes import as_dtype
from facula.core.errors import canonical_dim, canonical_dims, describe
from facula.core.ops import compare, convert, creation, reduce, shape, solve, unary, views
from facula.core.ops.decompose import check_matrix
from facula.core.ops.eigen import svdvals
from facula.core.ops.halves import in_float32
from facula.core.ops.statistics import root
from facula.core.tensor import Tensor

where = compare.select_where


def _converted(name: str, x: Tensor, dtype: Any) -> Tensor:
    if dtype is not None:
        x = convert.to(x, dtype=as_dtype(dtype))
    if x._kind.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{name}: the input must be floating or complex, but is "
                           f"{describe(x)}: convert it, or give dtype")
    return x


def _order(name: str, ord: Any) -> float:
    if isinstance(ord, bool) or not isinstance(ord, (int, float)):
        raise RuntimeError(f"{name}: ord={ord!r} is unknown: use a number")
    return float(ord)


def _of_sizes(size: Tensor, p: float, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """``sum(size ** p) ** (1 / p)`` whose derivative at zeros counts as 0, as PyTorch's does."""
    zero = size == 0
    powers = where(0.0 if p > 0 else math.inf,
                   where(1.0, size, zero) ** p, zero)  # type: ignore[operator]
    total = reduce.sum(powers, dims, keepdim)
    none = total == 0
    return where(0.0 if p > 0 else math.inf, where(1.0, total, none) ** (1 / p), none)  # type: ignore[operator]


@composite(space="linalg")
@in_float32
def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *,
                dtype: Any = None) -> Tensor:
    """The p-norm of the elements: ``sum(|x| ** p) ** (1 / p)``.

    Parameters
    ----------
    x : Tensor
    ord : number
        p; infinity means the largest size, minus infinity the smallest, 0 how many are not 0.
    dim : int or sequence of int, optional
        The dimensions to reduce; all by default.
    keepdim : bool
        Keep them with size 1.
    dtype : dtype, optional
        Convert the input to it first.

    Returns
    -------
    Tensor
        Real. Where the norm is 0, its derivative counts as 0.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.vector_norm(facula.tensor([3.0, 4.0]))
    tensor(5.)
    """
    name = "linalg.vector_norm"
    x = _converted(name, x, dtype)
    p = _order(name, ord)
    dims = canonical_dims(name, None if dim == () else dim, x.ndim)
    if p == 2 and not x._kind.dtype.is_complex:
        return root(reduce.sum(unary.square(x), dims, keepdim))
    size = unary.abs(x)
    if p == 2:
        return root(reduce.sum(unary.square(size), dims, keepdim))
    if p == 1:
        return reduce.sum(size, dims, keepdim)
    if p == 0:
        return convert.to(reduce.sum(compare.ne(size, 0), dims, keepdim), dtype=size.dtype)
    if math.isinf(p) or p < 0:
        if 0 in [x._data.shape[d] for d in dims]:
            raise RuntimeError(f"{name}: no elements over dim={dims} of {describe(x)}: the "
                               f"norm of order {ord} needs some")
        if not dims:
            return size
    if math.isinf(p):
        return (reduce.amax if p > 0 else reduce.amin)(size, dims, keepdim)
    return _of_sizes(size, p, dims, keepdim)


@composite(space="linalg")
def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *,
                dtype: Any = None) -> Tensor:
    """The norm of matrices.

    Parameters
    ----------
    A : Tensor
        ``(..., m, n)``.
    ord : {"fro", "nuc", inf, -inf, 1, -1, 2, -2}
        Frobenius; the sum of the singular values; the largest or smallest sum of sizes in a row
        (inf) or column (1); the largest or smallest singular value (2).
    dim : pair of int
        The dimensions of rows and columns.
    keepdim : bool
        Keep them with size 1.
    dtype : dtype, optional
        Convert the input to it first.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.matrix_norm(facula.tensor([[1.0, -2.0], [3.0, 0.0]]), ord=1)
    tensor(4.)
    """
    name = "linalg.matrix_norm"
    A = _converted(name, A, dtype)
    if not isinstance(dim, (tuple, list)) or len(dim) != 2 or A.ndim < 2:
        raise RuntimeError(f"{name}: dim must name two dimensions, but is {dim!r}; the input is "
                           f"{describe(A)}")
    rows, columns = [canonical_dim(name, d, A.ndim) for d in dim]
    if rows == columns:
        raise RuntimeError(f"{name}: dim={tuple(dim)} names a dimension twice")
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord != "nuc" and (isinstance(ord, (str, bool)) or abs(ord) not in (1, 2, math.inf)):
        raise RuntimeError(f"{name}: ord={ord!r} is unknown: use 'fro', 'nuc', inf, -inf, 1, -1, 2 "
                           "or -2")
    if ord == "nuc" or abs(ord) == 2:
        check_matrix(name, A)
        values = svdvals(views.movedim(A, (rows, columns), (-2, -1)))
        y = (reduce.sum(values, -1) if ord == "nuc" else
             reduce.amax(values, -1) if ord > 0 else reduce.amin(values, -1))
        for d in sorted((rows, columns)) if keepdim else ():
            y = shape.unsqueeze(y, d)
        return y
    added, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = reduce.sum(unary.abs(A), added, True)
    y = (reduce.amax if ord > 0 else reduce.amin)(sums, kept, True)
    return y if keepdim else shape.squeeze(y, (rows, columns))


@composite(space="linalg")
def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *,
         dtype: Any = None) -> Tensor:
    """The norm of vectors or of matrices, as the arguments say.

    Parameters
    ----------
    A : Tensor
    ord : number or str, optional
        As for :func:`facula.linalg.matrix_norm` where two dimensions are meant, else as for
        :func:`facula.linalg.vector_norm`; 2 over all elements by default.
    dim : int or sequence of int, optional
        One dimension means vectors, two mean matrices; by default those of A, which must have one
        or two if ``ord`` is given.
    keepdim : bool
        Keep them with size 1.
    dtype : dtype, optional
        Convert the input to it first.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.norm(facula.ones(2, 2), "nuc")
    tensor(2.)
    """
    name = "linalg.norm"
    dims = (dim,) if isinstance(dim, int) else dim
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if dims is None and A.ndim not in (1, 2):
        raise RuntimeError(f"{name}: with ord={ord!r} and no dim the input must have 1 or 2 "
                           f"dimensions, but is {describe(A)}")
    if len(dims) == 2 if dims is not None else A.ndim == 2:
        return matrix_norm(A, ord, (0, 1) if dims is None else dims, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"{name}: ord={ord!r} is for matrices: name two dimensions, not "
                           f"dim={dim!r}; the input is {describe(A)}")
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


@composite(space="linalg")
def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number of matrices: the norm of A times the norm of its inverse.

    Parameters
    ----------
    A : Tensor
        ``(..., m, n)``; square unless p is None, 2 or -2.
    p : {None, "fro", "nuc", inf, -inf, 1, -1, 2, -2}
        The norm, as for :func:`facula.linalg.matrix_norm`; None means 2.

    Returns
    -------
    Tensor
        Real; infinite for a singular matrix.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.cond(facula.tensor([[4.0, 0.0], [0.0, 2.0]]))
    tensor(2.)
    """
    name = "linalg.cond"
    check_matrix(name, A)
    if not A._data.size:
        return creation.zeros(A._data.shape[:-2], dtype=A.dtype.to_real(), device=A.device)
    if p is None or p in (2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]  # type: ignore[index]
        return last / first if p == -2 else first / last  # type: ignore[no-any-return]
    inverse, info = solve.inverted(name, A)
    y = matrix_norm(A, p) * matrix_norm(inverse, p)  # type: ignore[operator]
    return where(y, math.inf, info == 0)
