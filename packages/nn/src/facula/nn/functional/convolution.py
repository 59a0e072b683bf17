"""Convolutions over one to three spatial dimensions, plain and transposed."""

from __future__ import annotations

from typing import Any

from facula.core.errors import describe
from facula.core.ops import shape, spatial
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import batched, tuple_of
from facula.nn.functional.padding import pad


def _convolve(op: str, rank: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any,
              padding: Any, dilation: Any, groups: int) -> Tensor:
    input, single = batched(input, rank, op)
    stride = tuple_of(stride, rank, op, "stride")
    dilation = tuple_of(dilation, rank, op, "dilation")
    if isinstance(padding, str):
        input, padding = _named_padding(op, input, weight, padding, stride, dilation)
    else:
        padding = tuple_of(padding, rank, op, "padding")
    y = spatial.convolution(input, weight, bias, stride, padding, dilation, groups)
    return shape.squeeze(y, 0) if single else y


def _named_padding(op: str, input: Tensor, weight: Tensor, padding: str, stride: tuple[int, ...],
                   dilation: tuple[int, ...]) -> tuple[Tensor, tuple[int, ...]]:
    """``"same"`` and ``"valid"`` as numbers; an odd element of padding stands at the end."""
    zeros = (0,) * len(stride)
    if padding == "valid":
        return input, zeros
    if padding != "same":
        raise ValueError(f"{op}: padding={padding!r} is unknown: use 'same', 'valid' or ints")
    if any(s != 1 for s in stride):
        raise RuntimeError(f"{op}: padding='same' is not supported for strided convolutions "
                           f"(stride={stride})")
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if all(t % 2 == 0 for t in totals):
        return input, tuple([t // 2 for t in totals])
    odd = [n for t in reversed(totals) for n in (0, t % 2)]
    return pad(input, odd), tuple([t // 2 for t in totals])


def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
           padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of signals with filters.

    Parameters
    ----------
    input : Tensor
        ``(N, C, L)`` or ``(C, L)``.
    weight : Tensor
        ``(O, C // groups, K)``.
    bias : Tensor, optional
        ``(O,)``.
    stride, dilation : int or tuple of int
    padding : int, tuple of int, ``"same"`` or ``"valid"``
    groups : int

    Returns
    -------
    Tensor
        ``(N, O, L_out)`` with ``L_out = (L + 2 padding - dilation (K - 1) - 1) // stride + 1``.

    Raises
    ------
    RuntimeError
        If the shapes do not fit.

    Examples
    --------
    >>> import facula
    >>> x, w = facula.tensor([[1.0, 2.0, 3.0]]), facula.ones(1, 1, 2)
    >>> facula.nn.functional.conv1d(x, w)
    tensor([[3., 5.]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
           padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of pictures with filters; parameters as for :func:`conv1d`.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    weight : Tensor
        ``(O, C // groups, KH, KW)``.
    bias : Tensor, optional
        ``(O,)``.
    stride, dilation : int or tuple of int
    padding : int, tuple of int, ``"same"`` or ``"valid"``
    groups : int

    Returns
    -------
    Tensor
        ``(N, O, H_out, W_out)``.

    Examples
    --------
    >>> import facula
    >>> x, w = facula.ones(1, 1, 3, 3), facula.ones(1, 1, 2, 2)
    >>> facula.nn.functional.conv2d(x, w).shape
    facula.Size([1, 1, 2, 2])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
           padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of volumes ``(N, C, D, H, W)``; parameters as for :func:`conv1d`."""
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _transposed(op: str, rank: int, input: Tensor, weight: Tensor, bias: Tensor | None,
                stride: Any, padding: Any, output_padding: Any, groups: int,
                dilation: Any) -> Tensor:
    input, single = batched(input, rank, op)
    stride = tuple_of(stride, rank, op, "stride")
    padding = tuple_of(padding, rank, op, "padding")
    extra = tuple_of(output_padding, rank, op, "output_padding")
    dilation = tuple_of(dilation, rank, op, "dilation")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise RuntimeError(f"{op}: output_padding={extra} must be smaller than either stride="
                           f"{stride} or dilation={dilation}")
    if weight.ndim != rank + 2 or weight.shape[0] != input.shape[1]:
        raise RuntimeError(f"{op}: the channels do not fit: input has shape {tuple(input.shape)}, "
                           f"weight has shape {tuple(weight.shape)}: weight's first size must be "
                           "input's channels")
    sizes = tuple([(n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, s, p, d, k, e in zip(
        input.shape[2:], stride, padding, dilation, weight.shape[2:], extra, strict=True)])
    out = (input.shape[0], weight.shape[1] * groups, *sizes)
    if min(sizes) < 1:
        raise RuntimeError(f"{op}: the output would have the sizes {sizes}: padding={padding} is "
                           f"too large for the input {tuple(input.shape[2:])}")
    if all(e < s for e, s in zip(extra, stride, strict=True)):
        y = spatial.convolution_input_grad(input, weight, out, stride, padding, dilation, groups)
    else:  # no convolution leads from this output to the input: cut it out of the whole one
        full = [n + 2 * p - e for n, p, e in zip(sizes, padding, extra, strict=True)]
        y = spatial.convolution_input_grad(input, weight, (*out[:2], *full), stride, (0,) * rank,
                                           dilation, groups)
        y = pad(y, [n for p, e in zip(padding, extra, strict=True) for n in (e - p, -p)][::-1])
    if bias is not None:
        if tuple(bias.shape) != (out[1],):
            raise RuntimeError(f"{op}: bias is {describe(bias)}: it must have shape ({out[1]},)")
        y = y + shape.reshape(bias, -1, *(1,) * rank)  # type: ignore[operator]
    return shape.squeeze(y, 0) if single else y


@guarded
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
                     padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                     dilation: Any = 1) -> Tensor:
    """The gradient of :func:`conv1d` by its input, as a layer that enlarges.

    Parameters
    ----------
    input : Tensor
        ``(N, C, L)`` or ``(C, L)``.
    weight : Tensor
        ``(C, O // groups, K)``.
    bias : Tensor, optional
        ``(O,)``.
    stride, padding, output_padding, dilation : int or tuple of int
    groups : int

    Returns
    -------
    Tensor
        ``(N, O, (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1)``.

    Examples
    --------
    >>> import facula
    >>> x, w = facula.tensor([[1.0, 2.0]]), facula.ones(1, 1, 2)
    >>> facula.nn.functional.conv_transpose1d(x, w, stride=2)
    tensor([[1., 1., 2., 2.]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding,
                       groups, dilation)


@guarded
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
                     padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                     dilation: Any = 1) -> Tensor:
    """The gradient of :func:`conv2d` by its input; see :func:`conv_transpose1d`."""
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding,
                       groups, dilation)


@guarded
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1,
                     padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                     dilation: Any = 1) -> Tensor:
    """The gradient of :func:`conv3d` by its input; see :func:`conv_transpose1d`."""
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding,
                       groups, dilation)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """:func:`conv1d` of sequences whose dimensions are time, batch and channels.

    Parameters
    ----------
    input : Tensor
        ``(T, N, C)``.
    weight : Tensor
        ``(K, C, O)``.
    bias : Tensor
        ``(O,)``.
    pad : int
        Zeros at both ends.

    Returns
    -------
    Tensor
        ``(T + 2 pad - K + 1, N, O)``.

    Examples
    --------
    >>> import facula
    >>> x, w = facula.zeros(7, 2, 3), facula.zeros(3, 3, 5)
    >>> facula.nn.functional.conv_tbc(x, w, facula.zeros(5), pad=1).shape
    facula.Size([7, 2, 5])
    """
    y = conv1d(shape.permute(input, 1, 2, 0), shape.permute(weight, 2, 1, 0), bias, padding=pad)
    return shape.permute(y, 2, 0, 1)
