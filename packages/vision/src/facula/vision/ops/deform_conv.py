"""Deformable convolution: each tap of the window looks where an offset sends it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import Tensor, clamp, empty, from_numpy, matmul
from facula.nn import Module, Parameter, init

Pair = int | Sequence[int]


def _two(op: str, name: str, value: Any) -> tuple[int, int]:
    numbers = (value, value) if isinstance(value, int) else tuple(value)
    if len(numbers) != 2 or not all(isinstance(v, int) for v in numbers):
        raise ValueError(f"{op}: {name}={value!r} must be one or two ints")
    return numbers[0], numbers[1]


def _corner_sums(pixels: Tensor, ys: Tensor, xs: Tensor, mask: Tensor | None,
                 size: tuple[int, int]) -> Tensor:
    """Bilinear values (B, places, channels) of pictures (B, H W, channels) at places; 0 outside."""
    height, width = size
    count, area, channels = pixels.shape
    rows = pixels.reshape(count * area, channels)
    start = from_numpy(np.arange(count)[:, None] * area).to(pixels.device)
    top, left = ys.detach().floor(), xs.detach().floor()
    down, across = ys - top, xs - left
    out: Any = None
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        y, x = top + dy, left + dx
        inside = (y >= 0) & (y <= height - 1) & (x >= 0) & (x <= width - 1)
        weight = (down if dy else 1 - down) * (across if dx else 1 - across)
        weight = weight * inside.to(weight.dtype)
        if mask is not None:
            weight = weight * mask
        place = (clamp(y, 0, max(height - 1, 0)) * width + clamp(x, 0, max(width - 1, 0))).long()
        taken = rows.index_select(0, (place + start).reshape(-1)).reshape(count, -1, channels)
        part = taken * weight.unsqueeze(-1)
        out = part if out is None else out + part
    return out  # type: ignore[no-any-return]


def deform_conv2d(input: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None = None,
                  stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1),
                  mask: Tensor | None = None) -> Tensor:
    """A convolution whose taps are moved by offsets, and weighted by a mask where one is given.

    With a mask this is version 2, without it version 1. Values between pixels are bilinear, and 0
    outside.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    offset : Tensor
        Shape (N, 2 * G * kh * kw, oh, ow): for each of G groups of channels and each tap, how far
        down and how far to the right.
    weight : Tensor
        Shape (O, C / groups, kh, kw).
    bias : Tensor, optional
        Shape (O,).
    stride, padding, dilation : int or tuple of int
        As for a convolution.
    mask : Tensor, optional
        Shape (N, G * kh * kw, oh, ow).

    Returns
    -------
    Tensor
        Shape (N, O, oh, ow).

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    J. Dai et al., Deformable convolutional networks, arXiv:1703.06211; X. Zhu et al., Deformable
    ConvNets v2, arXiv:1811.11168.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import deform_conv2d
    >>> x = facula.arange(9.0).reshape(1, 1, 3, 3)
    >>> right = facula.zeros(1, 2, 3, 3)
    >>> right[:, 1] = 1.0
    >>> deform_conv2d(x, right, facula.ones(1, 1, 1, 1))
    tensor([[[[1., 2., 0.],
              [4., 5., 0.],
              [7., 8., 0.]]]])
    """
    op = "deform_conv2d"
    if input.ndim != 4 or weight.ndim != 4:
        raise ValueError(f"{op}: input has shape {tuple(input.shape)} and weight "
                         f"{tuple(weight.shape)}: both need 4 dimensions")
    strides, pads, steps = (_two(op, name, value) for name, value in (
        ("stride", stride), ("padding", padding), ("dilation", dilation)))
    count, channels, height, width = input.shape
    outputs, per_group, kh, kw = weight.shape
    taps = kh * kw
    out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in zip(
        (height, width), pads, steps, (kh, kw), strides, strict=True)]
    kinds = offset.shape[1] // (2 * taps)
    if channels % max(per_group, 1) or outputs % max(channels // max(per_group, 1), 1):
        raise ValueError(f"{op}: input has {channels} channels and weight has shape "
                         f"{tuple(weight.shape)}: channels must be a multiple of weight.shape[1], "
                         "and weight.shape[0] of the groups")
    if min(out) < 1 or kinds < 1 or channels % kinds or tuple(offset.shape) != (
            count, 2 * kinds * taps, *out):
        raise ValueError(f"{op}: offset has shape {tuple(offset.shape)}: it must be ({count}, 2 * "
                         f"groups * {taps}, {out[0]}, {out[1]}), with groups that divide the "
                         f"{channels} channels")
    if mask is not None and tuple(mask.shape) != (count, kinds * taps, *out):
        raise ValueError(f"{op}: mask has shape {tuple(mask.shape)}: it must be "
                         f"{(count, kinds * taps, *out)}")
    grid = np.meshgrid(np.arange(kh) * steps[0] - pads[0], np.arange(kw) * steps[1] - pads[1],
                       np.arange(out[0]) * strides[0], np.arange(out[1]) * strides[1],
                       indexing="ij")
    places = taps * out[0] * out[1]
    moved = offset.reshape(count * kinds, taps, 2, -1)
    base = [from_numpy((grid[axis] + grid[axis + 2]).reshape(1, taps, -1)).to(
        device=offset.device, dtype=offset.dtype) for axis in (0, 1)]
    ys, xs = ((base[axis] + moved[:, :, axis]).reshape(count * kinds, places) for axis in (0, 1))
    share = None if mask is None else mask.reshape(count * kinds, places)
    per_kind = channels // kinds
    pixels = input.reshape(count * kinds, per_kind, height * width).transpose(1, 2)
    sampled = _corner_sums(pixels, ys, xs, share, (height, width))
    groups = channels // per_group
    columns = sampled.transpose(1, 2).reshape(count, groups, per_group * taps, out[0] * out[1])
    kernels = weight.reshape(groups, outputs // groups, per_group * taps)
    y = matmul(kernels, columns).reshape(count, outputs, *out)
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)


class DeformConv2d(Module):
    """:func:`deform_conv2d` as a layer; offsets and mask come with the input.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    kernel_size, stride, padding, dilation : int or tuple of int
        As for a convolution.
    groups : int
        Groups of channels.
    bias : bool
        Whether to learn a bias.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import DeformConv2d
    >>> layer = DeformConv2d(3, 8, 3, padding=1)
    >>> layer(facula.rand(1, 3, 5, 5), facula.zeros(1, 18, 5, 5)).shape
    facula.Size([1, 8, 5, 5])
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Pair, stride: Pair = 1,
                 padding: Pair = 0, dilation: Pair = 1, groups: int = 1,
                 bias: bool = True) -> None:
        super().__init__()
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"DeformConv2d: groups={groups} must divide in_channels={in_channels} "
                             f"and out_channels={out_channels}")
        name = "DeformConv2d"
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _two(name, "kernel_size", kernel_size)
        self.stride = _two(name, "stride", stride)
        self.padding = _two(name, "padding", padding)
        self.dilation = _two(name, "dilation", dilation)
        self.groups = groups
        self.weight = Parameter(empty(out_channels, in_channels // groups, *self.kernel_size))
        if bias:
            self.bias = Parameter(empty(out_channels))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, as a convolution's."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """See :func:`deform_conv2d`."""
        return deform_conv2d(input, offset, self.weight, self.bias, self.stride, self.padding,
                             self.dilation, mask)

    def extra_repr(self) -> str:
        """The settings."""
        text = (f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
                f"stride={self.stride}")
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else f"{text}, bias=False"
