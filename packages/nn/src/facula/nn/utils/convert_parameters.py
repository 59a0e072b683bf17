"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from facula.core.ops import joining, shape
from facula.core.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other.

    Examples
    --------
    >>> import facula
    >>> layer = facula.nn.Linear(2, 3)
    >>> facula.nn.utils.parameters_to_vector(layer.parameters()).shape
    facula.Size([9])
    """
    return joining.cat([shape.reshape(p, -1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let the parameters have the elements of a vector, in order.

    Raises
    ------
    TypeError
        If the vector is no tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected facula.Tensor, but got: {type(vec).__name__}")
    at = 0
    for p in parameters:
        n = p.numel()
        p.data = shape.reshape(vec.detach()[at:at + n], *p.shape)  # type: ignore[index]
        at += n
