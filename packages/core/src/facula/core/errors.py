"""The few words that all error messages share: ``op: what is wrong: the values: what is right``."""

from __future__ import annotations

from typing import Any


class LinAlgError(RuntimeError):
    """A matrix that an operation of linear algebra cannot work with: singular, not definite...

    Examples
    --------
    >>> import facula
    >>> try:
    ...     facula.linalg.inv(facula.zeros(1, 1))
    ... except facula.linalg.LinAlgError as error:
    ...     print(error)
    linalg.inv: the matrix is singular: element 1 of U's diagonal is 0
    """


def describe(value: Any) -> str:
    """A value in an error message: tensors by shape, dtype and device; the rest by ``repr``."""
    shape, kind = getattr(value, "shape", None), getattr(value, "_kind", None)
    if shape is not None and kind is not None:
        return f"Tensor(shape={tuple(shape)}, dtype={kind.dtype.name}, device={kind.device})"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def not_a_tensor(op: str, name: str, value: Any) -> TypeError:
    """The error for an argument that should have been a tensor."""
    return TypeError(f"{op}: {name} must be a Tensor, but is {describe(value)} of type "
                     f"{type(value).__name__}: make one with facula.tensor(...)")


def refuse_complex(op: str, input: Any) -> None:
    """Where an operation needs an order.

    Raises
    ------
    TypeError
        If the tensor is complex.
    """
    if input._kind.dtype.is_complex:
        raise TypeError(f"{op}: complex numbers have no order: {describe(input)}")


def canonical_dim(op: str, dim: Any, ndim: int) -> int:
    """``dim`` counted from the front; a 0-d tensor accepts 0 and -1, as in PyTorch.

    Raises
    ------
    IndexError
        If there is no such dimension.
    """
    try:
        index = dim.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{op}: dim must be an int, but is {describe(dim)}") from None
    bound = ndim or 1
    if not -bound <= index < bound:
        raise IndexError(f"{op}: dim={index} is out of range: the input has {ndim} dimensions, "
                         f"so dim must be between {-bound} and {bound - 1}")
    return index % bound


def canonical_dims(op: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """Sorted distinct dimensions from an int, a sequence, or None for all of them.

    Raises
    ------
    IndexError, RuntimeError
        If one is out of range or named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        one = canonical_dim(op, dim, ndim)
        return (one,) if ndim else ()
    dims = sorted(canonical_dim(op, d, ndim) for d in dim)
    if len(set(dims)) != len(dims):
        raise RuntimeError(f"{op}: dim={tuple(dim)} names a dimension twice: name each one once")
    return tuple(dims) if ndim else ()


def canonical_shape(op: str, sizes: Any) -> tuple[int, ...]:
    """A shape from ``f(2, 3)`` or ``f((2, 3))`` style arguments (already packed in a tuple)."""
    try:
        if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
            sizes = tuple(sizes[0])
        return tuple([s.__index__() for s in sizes])
    except (AttributeError, TypeError):
        raise TypeError(f"{op}: sizes must be ints, but are {describe(tuple(sizes))}") from None
