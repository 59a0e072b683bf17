"""Padding layers."""

from __future__ import annotations

from typing import Any, ClassVar

from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn.layers.convolution import repeated
from facula.nn.module import Module


class _PadNd(Module):
    mode: ClassVar[str]
    rank: ClassVar[int]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = repeated(padding, 2 * self.rank)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPadNd):
    """The edges of signals ``(N, C, L)`` padded with a number."""

    rank = 1


class ConstantPad2d(_ConstantPadNd):
    """The edges of pictures ``(N, C, H, W)`` padded with a number.

    Parameters
    ----------
    padding : int or tuple of int
        One number for all edges, or pairs for the last dimension, the one before it, ...
    value : float
        What to fill in.
    """

    rank = 2


class ConstantPad3d(_ConstantPadNd):
    """The edges of volumes ``(N, C, D, H, W)`` padded with a number."""

    rank = 3


class ZeroPad1d(_ZeroPadNd):
    """The edges of signals ``(N, C, L)`` padded with zeros."""

    rank = 1


class ZeroPad2d(_ZeroPadNd):
    """The edges of pictures ``(N, C, H, W)`` padded with zeros."""

    rank = 2


class ZeroPad3d(_ZeroPadNd):
    """The edges of volumes ``(N, C, D, H, W)`` padded with zeros."""

    rank = 3


class ReflectionPad1d(_PadNd):
    """The edges of signals ``(N, C, L)`` padded with what lies across the edge."""

    mode, rank = "reflect", 1


class ReflectionPad2d(_PadNd):
    """The edges of pictures ``(N, C, H, W)`` padded with what lies across the edge."""

    mode, rank = "reflect", 2


class ReflectionPad3d(_PadNd):
    """The edges of volumes ``(N, C, D, H, W)`` padded with what lies across the edge."""

    mode, rank = "reflect", 3


class ReplicationPad1d(_PadNd):
    """The edges of signals ``(N, C, L)`` padded with the elements at the edge."""

    mode, rank = "replicate", 1


class ReplicationPad2d(_PadNd):
    """The edges of pictures ``(N, C, H, W)`` padded with the elements at the edge."""

    mode, rank = "replicate", 2


class ReplicationPad3d(_PadNd):
    """The edges of volumes ``(N, C, D, H, W)`` padded with the elements at the edge."""

    mode, rank = "replicate", 3


class CircularPad1d(_PadNd):
    """The edges of signals ``(N, C, L)`` padded with what lies at the opposite edge."""

    mode, rank = "circular", 1


class CircularPad2d(_PadNd):
    """The edges of pictures ``(N, C, H, W)`` padded with what lies at the opposite edge."""

    mode, rank = "circular", 2


class CircularPad3d(_PadNd):
    """The edges of volumes ``(N, C, D, H, W)`` padded with what lies at the opposite edge."""

    mode, rank = "circular", 3
