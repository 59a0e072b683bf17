"""Products of vectors, matrices and more, written over :func:`facula.matmul`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core.declare import composite
from facula.core.errors import canonical_dim, describe
from facula.core.ops import binary, complex_numbers, linalg, reduce, shape
from facula.core.tensor import Tensor


def _check(op: str, ndims: tuple[int, ...], *tensors: Tensor) -> None:
    if tuple(t.ndim for t in tensors) != ndims:
        raise RuntimeError(f"{op}: the tensors must have {', '.join(map(str, ndims))} dimensions: "
                           f"{', '.join(map(describe, tensors))}")


def _scaled(x: Any, factor: Any) -> Any:
    return x if factor == 1 else x * factor


def _accumulated(input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """``beta * input + alpha * product``; with beta 0 the input may hold NaN."""
    product = _scaled(product, alpha)
    return product if beta == 0 else binary.add(_scaled(input, beta), product)


@composite(inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; input broadcasts.

    Examples
    --------
    >>> import facula
    >>> facula.addmm(facula.ones(2), facula.ones(2, 3), facula.ones(3, 2))
    tensor([[4., 4.],
            [4., 4.]])
    """
    return _accumulated(input, linalg.mm(mat1, mat2), beta, alpha)


@composite(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``."""
    return _accumulated(input, mv(mat, vec), beta, alpha)


@composite(inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    return _accumulated(input, outer(vec1, vec2), beta, alpha)


@composite(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1,
            alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2)``."""
    return _accumulated(input, linalg.bmm(batch1, batch2), beta, alpha)


@composite(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1,
           alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2).sum(0)``."""
    products = linalg.bmm(batch1, batch2)
    return _accumulated(input, reduce.sum(products, 0, dtype=products.dtype), beta, alpha)


@composite
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors.

    Examples
    --------
    >>> import facula
    >>> facula.dot(facula.tensor([2, 3]), facula.tensor([2, 1]))
    tensor(7)
    """
    _check("dot", (1, 1), input, tensor)
    return linalg.matmul(input, tensor)


@composite
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimension of both."""
    if not input.ndim or not other.ndim:
        return binary.mul(input, other)
    return tensordot(input, other, ([-1], [-1]))


@composite
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector."""
    _check("mv", (2, 1), input, vec)
    return linalg.matmul(input, vec)


@composite
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of an element of one vector with one of the other.

    Examples
    --------
    >>> import facula
    >>> facula.outer(facula.arange(3), facula.arange(2))
    tensor([[0, 0],
            [0, 1],
            [0, 2]])
    """
    _check("outer", (1, 1), input, vec2)
    return binary.mul(shape.unsqueeze(input, 1), vec2)


@composite
def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """The same as :func:`facula.outer`."""
    return outer(input, vec2)


@composite
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    _check("trace", (2,), input)
    return reduce.sum(input.diagonal())  # type: ignore[attr-defined]


@composite
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of input times all of other, as blocks."""
    n = max(input.ndim, other.ndim)
    a = (1,) * (n - input.ndim) + tuple(input.shape)
    b = (1,) * (n - other.ndim) + tuple(other.shape)
    left = shape.reshape(input, [x for s in a for x in (s, 1)])
    right = shape.reshape(other, [x for s in b for x in (1, s)])
    return shape.reshape(binary.mul(left, right), [p * q for p, q in zip(a, b, strict=True)])


@composite
def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices, from left to right."""
    product, *rest = matrices
    for m in rest:
        product = linalg.mm(product, m)
    return product


@composite
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over chosen dimensions of both.

    Parameters
    ----------
    a, b : Tensor
    dims : int or pair of sequences
        The last ``dims`` of a with the first ``dims`` of b, or the dimensions of each.

    Raises
    ------
    RuntimeError
        If the sizes of paired dimensions differ.

    Examples
    --------
    >>> import facula
    >>> facula.tensordot(facula.ones(2, 3, 4), facula.ones(3, 4, 5)).shape
    facula.Size([2, 5])
    """
    if isinstance(dims, int):
        pairs: tuple[Sequence[int], Sequence[int]] = (range(a.ndim - dims, a.ndim), range(dims))
    else:
        pairs = (dims[0], dims[1])
    left = [canonical_dim("tensordot", d, a.ndim) for d in pairs[0]]
    right = [canonical_dim("tensordot", d, b.ndim) for d in pairs[1]]
    if [a.shape[d] for d in left] != [b.shape[d] for d in right]:
        raise RuntimeError(f"tensordot: the sizes of the dimensions {left} of {describe(a)} and "
                           f"{right} of {describe(b)} differ: they must be equal in pairs")
    rest_a = [d for d in range(a.ndim) if d not in left]
    rest_b = [d for d in range(b.ndim) if d not in right]
    size = 1
    for d in left:
        size *= a.shape[d]
    kept = [a.shape[d] for d in rest_a], [b.shape[d] for d in rest_b]
    rows, columns = 1, 1
    for n in kept[0]:
        rows *= n
    for n in kept[1]:
        columns *= n
    x = shape.reshape(shape.permute(a, (*rest_a, *left)), rows, size)
    y = shape.reshape(shape.permute(b, (*right, *rest_b)), size, columns)
    return shape.reshape(linalg.mm(x, y), [*kept[0], *kept[1]])


@composite
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The product of two vectors, the first conjugated where it is complex.

    Examples
    --------
    >>> import facula
    >>> facula.vdot(facula.tensor([1j, 2 + 0j]), facula.tensor([1j, 1 + 0j]))
    tensor(3.+0.j)
    """
    _check("vdot", (1, 1), input, other)
    return dot(complex_numbers.conj(input), other)


@composite
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product of vectors of three elements, along ``dim`` (the first of size 3)."""
    if dim is None:
        dim = next((i for i, n in enumerate(input.shape) if n == 3), -1)
    at = canonical_dim("cross", dim, input.ndim)
    if input.shape[at] != 3 or other.shape[at] != 3:
        raise RuntimeError(f"cross: dimension {at} must have size 3: {describe(input)}, "
                           f"{describe(other)}")
    forward, back = input.roll(-1, at), other.roll(-1, at)  # type: ignore[attr-defined]
    return binary.sub(binary.mul(input, back),
                      binary.mul(forward, other)).roll(-1, at)  # type: ignore[attr-defined]
