"""DropBlock: dropout of whole squares or cubes of feature maps."""

from __future__ import annotations

import math

from facula.core import Tensor, bernoulli, full
from facula.nn import Module
from facula.nn.functional import max_pool2d, max_pool3d, pad


def _dropped(op: str, input: Tensor, p: float, block_size: int, inplace: bool, eps: float,
             training: bool, axes: int) -> Tensor:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{op}: p={p} must be from 0 to 1")
    if input.ndim != axes + 2:
        raise ValueError(f"{op}: input has shape {tuple(input.shape)}: it needs {axes + 2} "
                         "dimensions")
    if not training or p == 0.0:
        return input
    sizes = tuple(input.shape[2:])
    block = min(block_size, *sizes)
    seeds = [size - block + 1 for size in sizes]
    share = p * math.prod(sizes) / (block ** axes * math.prod(seeds))
    noise = bernoulli(full((*input.shape[:2], *seeds), min(share, 1.0), dtype=input.dtype,
                           device=input.device))
    # a seed drops the block that starts there: place t is dropped by seeds t - block + 1 to t
    around = pad(noise, [block - 1] * (2 * axes))
    pool = max_pool2d if axes == 2 else max_pool3d
    keep = 1 - pool(around, kernel_size=block, stride=1)
    keep = keep * (keep.numel() / (eps + keep.sum()))
    return input.mul_(keep) if inplace else input * keep


def drop_block2d(input: Tensor, p: float, block_size: int, inplace: bool = False,
                 eps: float = 1e-6, training: bool = True) -> Tensor:
    """Zero random squares of each channel, and scale the rest so that the mean stays.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    p : float
        The share that is zeroed.
    block_size : int
        The squares' side.
    inplace : bool
        Change the input itself.
    eps : float
        Added to the divisor.
    training : bool
        If False, nothing happens.

    References
    ----------
    G. Ghiasi et al., DropBlock, NeurIPS 2018, arXiv:1810.12890.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import drop_block2d
    >>> (drop_block2d(facula.ones(1, 1, 99, 99), 0.3, 3) == 0).any()
    tensor(True)
    """
    return _dropped("drop_block2d", input, p, block_size, inplace, eps, training, 2)


def drop_block3d(input: Tensor, p: float, block_size: int, inplace: bool = False,
                 eps: float = 1e-6, training: bool = True) -> Tensor:
    """Zero random cubes of each channel (N, C, D, H, W); as :func:`drop_block2d` otherwise.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import drop_block3d
    >>> drop_block3d(facula.ones(1, 1, 5, 5, 5), 0.3, 3).shape
    facula.Size([1, 1, 5, 5, 5])
    """
    return _dropped("drop_block3d", input, p, block_size, inplace, eps, training, 3)


class DropBlock2d(Module):
    """:func:`drop_block2d` while training.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import DropBlock2d
    >>> DropBlock2d(0.3, 3).eval()(facula.ones(1, 1, 2, 2)).sum()
    tensor(4.)
    """

    def __init__(self, p: float, block_size: int, inplace: bool = False,
                 eps: float = 1e-6) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """See :func:`drop_block2d`."""
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def extra_repr(self) -> str:
        """The settings."""
        return f"p={self.p}, block_size={self.block_size}, inplace={self.inplace}"


class DropBlock3d(DropBlock2d):
    """:func:`drop_block3d` while training."""

    def forward(self, input: Tensor) -> Tensor:
        """See :func:`drop_block3d`."""
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
