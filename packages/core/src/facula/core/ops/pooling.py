"""Pooling over one to three spatial dimensions, and its gradients.

Tensors are batched, ``(N, C, *spatial)``; all steps are tuples with one int per dimension.
"""

from __future__ import annotations

from facula.core import dtypes
from facula.core.declare import primitive
from facula.core.tensor import Tensor
from facula.core.windows import Ints, pooled_size


def _check(op: str, input: Tensor, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints,
           ceil_mode: bool) -> None:
    x = tuple(input._data.shape)
    rank = len(x) - 2
    if not 1 <= rank <= 3:
        raise RuntimeError(f"{op}: input has shape {x}: it must have batch, channels and 1 to 3 "
                           "spatial dimensions")
    for name, values, least in (("kernel_size", kernel, 1), ("stride", stride, 1),
                                ("padding", padding, 0), ("dilation", dilation, 1)):
        if len(values) != rank or min(values) < least:
            raise RuntimeError(f"{op}: {name}={values} does not fit: it must hold {rank} ints of "
                               f"at least {least}, one per spatial dimension")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise RuntimeError(f"{op}: padding={padding} is more than half of kernel_size={kernel}: "
                           "whole windows would lie outside the input")
    if min(pooled_size(x[2:], kernel, stride, padding, dilation, ceil_mode)) < 1:
        raise RuntimeError(f"{op}: the window {kernel} with dilation={dilation} is larger than the "
                           f"input {x[2:]} with padding={padding}")


@primitive(result=("same", dtypes.int64), outputs=2, export=False)
def max_pool(input: Tensor, kernel_size: Ints, stride: Ints, padding: Ints, dilation: Ints,
             ceil_mode: bool) -> tuple[Tensor, Tensor]:
    """The largest element of each window, and where it stands in the channel, counted flat.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *spatial)``.
    kernel_size, stride, padding, dilation : tuple of int
        One per spatial dimension.
    ceil_mode : bool
        Count windows that hang over the end.

    Returns
    -------
    values, indices : Tensor
        Both ``(N, C, *out)``; the indices are int64. Of equal elements the first counts.

    Raises
    ------
    RuntimeError
        If the steps do not fit the input.
    """
    _check("max_pool", input, kernel_size, stride, padding, dilation, ceil_mode)
    return input, kernel_size, stride, padding, dilation, ceil_mode  # type: ignore[return-value]


@primitive(export=False)
def max_pool_grad(grad: Tensor, indices: Tensor, input_shape: Ints) -> Tensor:
    """Each gradient added where its window's largest element stands; zero elsewhere."""
    return grad, indices, input_shape  # type: ignore[return-value]


@primitive(export=False)
def max_pool_pick(input: Tensor, indices: Tensor) -> Tensor:
    """The elements at flat spatial positions: what :func:`max_pool` takes from its input."""
    return input, indices  # type: ignore[return-value]


@primitive(export=False)
def avg_pool(input: Tensor, kernel_size: Ints, stride: Ints, padding: Ints, ceil_mode: bool,
             count_include_pad: bool, divisor_override: int | None) -> Tensor:
    """The mean of each window.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *spatial)``.
    kernel_size, stride, padding : tuple of int
        One per spatial dimension.
    ceil_mode : bool
        Count windows that hang over the end.
    count_include_pad : bool
        Let the zeros of the padding count.
    divisor_override : int, optional
        Divide by this instead of the number of elements.

    Returns
    -------
    Tensor
        ``(N, C, *out)``.

    Raises
    ------
    RuntimeError
        If the steps do not fit the input.
    """
    _check("avg_pool", input, kernel_size, stride, padding, (1,) * len(kernel_size), ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("avg_pool: divisor_override=0: it must not be zero")
    return (input, kernel_size, stride, padding, ceil_mode, count_include_pad,  # type: ignore
            divisor_override)


@primitive(export=False)
def avg_pool_grad(grad: Tensor, input_shape: Ints, kernel_size: Ints, stride: Ints, padding: Ints,
                  ceil_mode: bool, count_include_pad: bool,
                  divisor_override: int | None) -> Tensor:
    """The gradient of :func:`avg_pool`: each window's gradient shared by its elements."""
    return (grad, input_shape, kernel_size, stride, padding, ceil_mode,  # type: ignore[return-value]
            count_include_pad, divisor_override)
