"""Discrete Fourier transforms of planes: those in several dimensions, by default the last two."""

from __future__ import annotations

from typing import Any

from facula.core.declare import composite
from facula.core.ops import fft
from facula.core.tensor import Tensor


@composite(space="fft")
def fft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fftn` along two dimensions, the last two by default.

    Examples
    --------
    >>> import facula
    >>> facula.fft.fft2(facula.ones(3, 2, 2)).shape
    facula.Size([3, 2, 2])
    """
    return fft.fftn(input, s, dim, norm)


@composite(space="fft")
def ifft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.ifftn` along two dimensions, the last two by default."""
    return fft.ifftn(input, s, dim, norm)


@composite(space="fft")
def rfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.rfftn` along two dimensions, the last two by default."""
    return fft.rfftn(input, s, dim, norm)


@composite(space="fft")
def irfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.irfftn` along two dimensions, the last two by default."""
    return fft.irfftn(input, s, dim, norm)


@composite(space="fft")
def hfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.hfftn` along two dimensions, the last two by default."""
    return fft.hfftn(input, s, dim, norm)


@composite(space="fft")
def ihfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """:func:`facula.fft.ihfftn` along two dimensions, the last two by default."""
    return fft.ihfftn(input, s, dim, norm)
