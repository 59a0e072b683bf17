"""Softmax, its logarithm, the logarithm of a sum of exponentials, sums over classes' scores."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.dtypes import as_dtype
from facula.core.errors import canonical_dim, canonical_dims, not_a_tensor
from facula.core.ops import compare, complex_numbers, convert, reduce, shape, unary
from facula.core.tensor import Tensor


def _floating(op: str, input: Tensor, dtype: Any) -> Tensor:
    if not isinstance(input, Tensor):
        raise not_a_tensor(op, "input", input)
    if dtype is not None:
        input = convert.to(input, dtype=as_dtype(dtype))
    if input._kind.dtype.category != dtypes.FLOAT:
        raise RuntimeError(f"{op}: not defined for {input.dtype.name}: convert the input to a "
                           "floating type, or give dtype")
    return input


@primitive(method=True)
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Exponentials along a dimension, divided by their sum.

    Parameters
    ----------
    input : Tensor
    dim : int
    dtype : dtype, optional
        Convert the input to this type first.

    Raises
    ------
    RuntimeError
        If the input is not floating.

    Examples
    --------
    >>> import facula
    >>> facula.softmax(facula.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    input = _floating("softmax", input, dtype)
    return input, canonical_dim("softmax", dim, input.ndim)  # type: ignore[return-value]


@primitive(method=True)
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`facula.softmax`, exact also where that is close to 0.

    Examples
    --------
    >>> import facula
    >>> facula.log_softmax(facula.tensor([0.0, 1000.0]), 0)
    tensor([-1000.,     0.])
    """
    input = _floating("log_softmax", input, dtype)
    return input, canonical_dim("log_softmax", dim, input.ndim)  # type: ignore[return-value]


@primitive(export=False)
def softmax_grad(grad: Tensor, output: Tensor, dim: int) -> Tensor:
    """The input's gradient of softmax, from its output and that one's gradient."""
    return grad, output, dim  # type: ignore[return-value]


@primitive(export=False)
def log_softmax_grad(grad: Tensor, output: Tensor, dim: int) -> Tensor:
    """The input's gradient of log_softmax, from its output and that one's gradient."""
    return grad, output, dim  # type: ignore[return-value]


@primitive(export=False, outputs=2, result=("same", "same"))
def nll_sums(input: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Minus the sum of each example's value at its class, and how many examples count.

    The classes lie along dimension 1 of the input, or 0 where that is all; the target holds their
    numbers in the shape of the rest. Examples with the number ``ignore_index`` do not count. A
    class that does not exist is an IndexError on the CPU, and NaN on OpenCL devices.
    """
    return input, target, int(ignore_index)  # type: ignore[return-value]


@primitive(export=False)
def nll_spread(grad: Tensor, target: Tensor, ignore_index: int, size: tuple[int, ...]) -> Tensor:
    """The gradient of the first of ``nll_sums``: minus ``grad`` where a class is, else 0."""
    return grad, target, int(ignore_index), tuple(size)  # type: ignore[return-value]


@primitive(export=False, outputs=3, result=("same", "same", "same"))
def class_entropy(input: Tensor, target: Tensor, ignore_index: int,
                  mean: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The cross entropy of classes: ``nll_sums`` of the logarithm of the softmax, in one step.

    Returns
    -------
    loss, count, output : Tensor
        The sum or, with ``mean``, the mean; how many examples count; log_softmax of the input along
        the classes. The last two carry no gradient.
    """
    return input, target, int(ignore_index), bool(mean)  # type: ignore[return-value]


@primitive(export=False)
def class_entropy_grad(grad: Tensor, output: Tensor, target: Tensor, count: Tensor | None,
                       ignore_index: int) -> Tensor:
    """The input's gradient of ``class_entropy``, from log_softmax and, for the mean, the count."""
    return grad, output, target, count, int(ignore_index)  # type: ignore[return-value]


@composite
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials over some dimensions, without overflow.

    Examples
    --------
    >>> import facula
    >>> facula.logsumexp(facula.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    if input._kind.dtype.category < dtypes.FLOAT:
        input = convert.to(input, dtype=dtypes.get_default_dtype())
    dims = canonical_dims("logsumexp", dim, input.ndim)
    if 0 in [input._data.shape[d] for d in dims]:
        return unary.log(reduce.sum(unary.exp(input), dims, keepdim))
    top = reduce.amax(complex_numbers.real(input.detach()), dims, True)
    top = compare.select_where(top, 0.0, unary.isfinite(top))
    y = unary.log(reduce.sum(unary.exp(input - top), dims, True)) + top  # type: ignore[operator]
    if keepdim or not dims:
        return y
    return shape.view_as_shape(y, tuple(
        [n for d, n in enumerate(y._data.shape) if d not in dims]))
