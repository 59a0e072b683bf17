"""Layers that change the shape only."""

from __future__ import annotations

from typing import Any

from facula.core.ops import shape, views
from facula.core.tensor import Tensor
from facula.nn.module import Module


class Flatten(Module):
    """Neighbouring dimensions as one: by default all but the batch.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last of them.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Flatten()(facula.zeros(2, 3, 4)).shape
    facula.Size([2, 12])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return shape.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension as several.

    Parameters
    ----------
    dim : int
    unflattened_size : sequence of int
        The new sizes; one may be -1.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Unflatten(1, (3, 4))(facula.zeros(2, 12)).shape
    facula.Size([2, 3, 4])
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"invalid argument type for dim parameter: {type(dim).__name__}")
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        return views.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
