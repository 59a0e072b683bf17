"""Convolution layers over one to three spatial dimensions, plain and transposed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn import init
from facula.nn.layers.linear import empty
from facula.nn.module import Module
from facula.nn.parameter import Parameter

_MODES = ("zeros", "reflect", "replicate", "circular")


def repeated(value: Any, rank: int) -> tuple[int, ...]:
    """One int or one per dimension, as a tuple of ``rank``."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


class _ConvNd(Module):
    """What all convolutions have: channels, steps, parameters, padding modes."""

    rank: ClassVar[int]
    transposed: ClassVar[bool] = False
    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any,
                 padding: Any, dilation: Any, output_padding: Any, groups: int, bias: bool,
                 padding_mode: str, device: Any, dtype: Any) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        rank = self.rank
        stride = repeated(stride, rank)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', "
                                 "'valid'")
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        else:
            padding = repeated(padding, rank)
        if padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {_MODES}, but got padding_mode="
                             f"'{padding_mode}'")
        if self.transposed and padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = repeated(kernel_size, rank)
        self.stride = stride
        self.padding = padding
        self.dilation = repeated(dilation, rank)
        self.output_padding = repeated(output_padding, rank)
        self.groups = groups
        self.padding_mode = padding_mode
        first, second = ((in_channels, out_channels) if self.transposed
                         else (out_channels, in_channels))
        self.weight = empty(first, second // groups, *self.kernel_size, device=device, dtype=dtype)
        if bias:
            self.bias = empty(out_channels, device=device, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters: uniform within ``1 / sqrt(fan_in)`` of 0."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def _edges(self) -> list[int]:
        """The padding as pairs for :func:`facula.nn.functional.pad`."""
        if self.padding == "valid":
            return [0] * (2 * self.rank)
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [n for t in reversed(totals) for n in (t // 2, t - t // 2)]
        return [n for p in reversed(self.padding) for n in (p, p)]

    def extra_repr(self) -> str:
        text = (f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
                f"stride={self.stride}")
        if self.padding != (0,) * self.rank:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.rank:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.rank:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    convolve: ClassVar[Callable[..., Tensor]]

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True,
                 padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0,
                         groups, bias, padding_mode, device, dtype)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._edges(), self.padding_mode)
            padding = (0,) * self.rank
        return self.convolve(input, weight, bias, self.stride, padding, self.dilation,
                             self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """The cross-correlation of signals ``(N, C, L)`` with learnt filters; see :class:`Conv2d`."""

    rank = 1
    convolve = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """The cross-correlation of pictures ``(N, C, H, W)`` with learnt filters.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or tuple of int
    stride : int or tuple of int
    padding : int, tuple of int, ``"same"`` or ``"valid"``
    dilation : int or tuple of int
    groups : int
        Into how many independent parts the channels fall.
    bias : bool
    padding_mode : str
        ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    device, dtype : optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter
        ``(out_channels, in_channels // groups, *kernel_size)``.
    bias : Parameter
        ``(out_channels,)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.Conv2d(1, 8, 3, padding=1)(facula.zeros(2, 1, 5, 5)).shape
    facula.Size([2, 8, 5, 5])
    """

    rank = 2
    convolve = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """The cross-correlation of volumes ``(N, C, D, H, W)`` with learnt filters: :class:`Conv2d`."""

    rank = 3
    convolve = staticmethod(F.conv3d)


class _ConvTranspose(_ConvNd):
    transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, output_padding: Any = 0, groups: int = 1, bias: bool = True,
                 dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation,
                         output_padding, groups, bias, padding_mode, device, dtype)

    def _enlarged(self, function: Callable[..., Tensor], input: Tensor,
                  output_size: Any) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return function(input, self.weight, self.bias, self.stride, self.padding, extra,
                        self.groups, self.dilation)

    def _extra(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The output padding that leads to the size asked for.

        Raises
        ------
        ValueError
            If none does.
        """
        sizes = list(output_size)[-self.rank:]
        given = list(output_size)
        if len(given) not in (self.rank, input.ndim):
            raise ValueError(f"{type(self).__name__}: output_size={given} must have {self.rank} or "
                             f"{input.ndim} elements")
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in zip(
            input.shape[-self.rank:], self.stride, self.padding, self.dilation, self.kernel_size,
            strict=True)]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(least, sizes, most, strict=True)):
            raise ValueError(f"requested an output size of {given}, but valid sizes range from "
                             f"{least} to {most} (for an input of {input.shape[2:]})")
        return tuple([n - a for n, a in zip(sizes, least, strict=True)])


class ConvTranspose1d(_ConvTranspose):
    """The transposed convolution of signals ``(N, C, L)``; see :class:`ConvTranspose2d`."""

    rank = 1

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._enlarged(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(_ConvTranspose):
    """The transposed convolution of pictures: what a convolution's gradient does to its input.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or tuple of int
        Of the convolution that this one reverses.
    output_padding : int or tuple of int
        What is added to the output's size at its end.
    groups : int
    bias : bool
    dilation : int or tuple of int
    padding_mode : str
        Only ``"zeros"``.
    device, dtype : optional
        Of the parameters.

    Examples
    --------
    >>> import facula
    >>> facula.nn.ConvTranspose2d(4, 2, 2, stride=2)(facula.zeros(1, 4, 5, 5)).shape
    facula.Size([1, 2, 10, 10])
    """

    rank = 2

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._enlarged(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(_ConvTranspose):
    """The transposed convolution of volumes ``(N, C, D, H, W)``; see :class:`ConvTranspose2d`."""

    rank = 3

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self._enlarged(F.conv_transpose3d, input, output_size)
