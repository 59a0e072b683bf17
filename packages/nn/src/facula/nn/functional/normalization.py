"""Normalisation over batches, layers, groups and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core.dtypes import finfo
from facula.core.ops import convert, neural, pooling, reduce, shape, unary
from facula.core.precision import HALVES, guarded
from facula.core.slot import no_grad
from facula.core.tensor import Tensor


def _channelwise(t: Tensor, input: Tensor) -> Tensor:
    """``(C,)`` as something that broadcasts over ``(N, C, *)``."""
    return shape.reshape(t, -1, *(1,) * (input.ndim - 2))


def _affine(y: Any, weight: Any, bias: Any) -> Tensor:
    if weight is not None:
        y = y * weight
    return y if bias is None else y + bias


def _wide(t: Tensor | None) -> Tensor | None:
    return None if t is None else convert.float(t)


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
               weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
               momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Each channel with mean 0 and variance 1, then scaled by weight and moved by bias.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *)``.
    running_mean, running_var : Tensor, optional
        ``(C,)``; used if not training, else moved by ``momentum`` towards the batch's mean and
        unbiased variance.
    weight, bias : Tensor, optional
        ``(C,)``.
    training : bool
        Whether the batch's own statistics are used.
    momentum : float
        How much the batch counts in the running statistics.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError
        If training with one value per channel.
    RuntimeError
        If there are neither batch nor running statistics, or shapes do not fit.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[1.0], [3.0]])
    >>> facula.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.ndim < 2:
        raise RuntimeError(f"batch_norm: input has shape {tuple(input.shape)}: it must have batch "
                           "and channels")
    if input._kind.dtype in HALVES:  # sums need float32, and weights may have it
        return convert.cast(batch_norm(convert.float(input), running_mean, running_var,
                                       _wide(weight), _wide(bias), training, momentum, eps),
                            input._kind.dtype)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("batch_norm: running_mean and running_var are needed unless "
                               "training=True")
        factor: Any = unary.rsqrt(running_var + eps)  # type: ignore[operator]
        if weight is not None:
            factor = factor * weight
        shift = -running_mean * factor if bias is None else bias - running_mean * factor
        return input * _channelwise(factor, input) + _channelwise(shift, input)  # type: ignore
    count = input.numel() // max(input.shape[1], 1)
    if count <= 1:
        raise ValueError("Expected more than 1 value per channel when training, got input size "
                         f"{input.shape}")
    if neural.has_kernel("batch_norm_train", input):
        y, mean, variance = neural.batch_norm_train(input, weight, bias, eps)
    else:
        dims = (0, *range(2, input.ndim))
        average = reduce.mean(input, dims, True)
        centred = input - average  # type: ignore[operator]
        spread = reduce.mean(centred * centred, dims, True)
        y = centred * unary.rsqrt(spread + eps)
        y = _affine(y, None if weight is None else _channelwise(weight, input),
                    None if bias is None else _channelwise(bias, input))
        mean, variance = shape.reshape(average, -1), shape.reshape(spread, -1)
    with no_grad():
        if running_mean is not None:
            _move(running_mean, mean.detach(), momentum)
        if running_var is not None:
            _move(running_var, variance.detach() * (count / (count - 1)), momentum)
    return y


def _move(running: Any, new: Any, momentum: float) -> None:
    running.mul_(1 - momentum).add_(new * momentum)


def instance_norm(input: Tensor, running_mean: Tensor | None = None,
                  running_var: Tensor | None = None, weight: Tensor | None = None,
                  bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1,
                  eps: float = 1e-5) -> Tensor:
    """:func:`batch_norm` with statistics for each example on its own.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *)`` with at least one spatial dimension.
    running_mean, running_var, weight, bias : Tensor, optional
        ``(C,)``.
    use_input_stats : bool
        Whether the input's own statistics are used.
    momentum, eps : float
        As for :func:`batch_norm`.
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if input._kind.dtype in HALVES:
        return convert.cast(instance_norm(convert.float(input), running_mean, running_var,
                                          _wide(weight), _wide(bias), True, momentum, eps),
                            input._kind.dtype)
    if input.numel() // max(input.shape[0] * input.shape[1], 1) <= 1:
        raise ValueError("Expected more than 1 spatial element when training, got input size "
                         f"{input.shape}")
    n, c = input.shape[:2]
    flat = shape.reshape(input, 1, n * c, *input.shape[2:])
    means = None if running_mean is None else running_mean.detach().repeat(n)  # type: ignore
    spreads = None if running_var is None else running_var.detach().repeat(n)  # type: ignore
    y = batch_norm(flat, means, spreads, None, None, True, momentum, eps)
    for running, per_example in ((running_mean, means), (running_var, spreads)):
        if running is not None and per_example is not None:
            with no_grad():
                running.copy_(reduce.mean(shape.reshape(per_example, n, c), 0))  # type: ignore
    y = shape.reshape(y, *input.shape)
    return _affine(y, None if weight is None else _channelwise(weight, input),
                   None if bias is None else _channelwise(bias, input))


def _rows(input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Each row of a matrix normalised; in half precision with sums in float32."""
    if input._kind.dtype in HALVES:
        return convert.cast(_rows(convert.float(input), _wide(weight), _wide(bias), eps),
                            input._kind.dtype)
    if neural.has_kernel("layer_norm_rows", input):
        return neural.layer_norm_rows(input, weight, bias, eps)[0]
    centred = input - reduce.mean(input, 1, True)  # type: ignore[operator]
    y = centred * unary.rsqrt(reduce.mean(centred * centred, 1, True) + eps)
    return _affine(y, weight, bias)


@guarded
def layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
               bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """The last dimensions of each example with mean 0 and variance 1, then scaled and moved.

    Parameters
    ----------
    input : Tensor
        ``(*, *normalized_shape)``.
    normalized_shape : sequence of int
        The sizes of the dimensions to normalise over.
    weight, bias : Tensor, optional
        Of that shape.
    eps : float
        Added to the variance.

    Raises
    ------
    RuntimeError
        If the input does not end in that shape.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.layer_norm(facula.tensor([1.0, 3.0]), (2,))
    tensor([-1.0000,  1.0000])
    """
    sizes = tuple(normalized_shape)
    if not sizes or tuple(input.shape[-len(sizes):]) != sizes:
        raise RuntimeError(f"layer_norm: input has shape {tuple(input.shape)}, which does not end "
                           f"in normalized_shape={sizes}")
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and tuple(t.shape) != sizes:
            raise RuntimeError(f"layer_norm: {name} has shape {tuple(t.shape)}: it must be {sizes}")
    count = 1
    for n in sizes:
        count *= n
    y = _rows(shape.reshape(input, -1, count),
              None if weight is None else shape.reshape(weight, -1),
              None if bias is None else shape.reshape(bias, -1), eps)
    return shape.reshape(y, *input.shape)


@guarded
def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None,
               bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Each group of channels of each example with mean 0 and variance 1.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *)``.
    num_groups : int
        A divisor of C.
    weight, bias : Tensor, optional
        ``(C,)``.
    eps : float
        Added to the variance.

    Raises
    ------
    RuntimeError
        If the channels do not divide into the groups.
    """
    n, c = input.shape[:2]
    if num_groups < 1 or c % num_groups:
        raise RuntimeError(f"group_norm: {c} channels do not divide into num_groups={num_groups}")
    if input._kind.dtype in HALVES:
        return convert.cast(group_norm(convert.float(input), num_groups, _wide(weight),
                                       _wide(bias), eps), input._kind.dtype)
    y = shape.reshape(_rows(shape.reshape(input, n * num_groups, -1), None, None, eps),
                      *input.shape)
    return _affine(y, None if weight is None else _channelwise(weight, input),
                   None if bias is None else _channelwise(bias, input))


def rms_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
             eps: float | None = None) -> Tensor:
    """The last dimensions of each example divided by their root mean square.

    Parameters
    ----------
    input : Tensor
        ``(*, *normalized_shape)``.
    normalized_shape : sequence of int
    weight : Tensor, optional
        Of that shape.
    eps : float, optional
        Added to the mean square; where not given, the epsilon of the dtype, of float32 for halves.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.rms_norm(facula.tensor([3.0, -3.0]), (2,))
    tensor([ 1.0000, -1.0000])
    """
    sizes = tuple(normalized_shape)
    if not sizes or tuple(input.shape[-len(sizes):]) != sizes:
        raise RuntimeError(f"rms_norm: input has shape {tuple(input.shape)}, which does not end in "
                           f"normalized_shape={sizes}")
    if input._kind.dtype in HALVES:
        return convert.cast(rms_norm(convert.float(input), sizes, _wide(weight), eps),
                            input._kind.dtype)
    if eps is None:
        eps = finfo(input.dtype).eps
    square = reduce.mean(unary.square(input), tuple(range(-len(sizes), 0)), True)
    return _affine(input * unary.rsqrt(square + eps), weight, None)  # type: ignore[operator]


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75,
                        k: float = 1.0) -> Tensor:
    """Each element divided by a power of the mean square over ``size`` neighbouring channels."""
    if input.ndim < 3:
        raise ValueError(f"local_response_norm: input has shape {tuple(input.shape)}: it must have "
                         "at least 3 dimensions")
    n, c = input.shape[:2]
    square = shape.reshape(unary.square(input), n, 1, c, -1)
    # size // 2 channels before and (size - 1) // 2 after, zeros beyond the edges
    mean = pooling.avg_pool(square, (size, 1), (1, 1), (size // 2, 0), False, True, None)
    mean = mean[:, :, :c]  # type: ignore[index]
    scale = (shape.reshape(mean, *input.shape) * alpha + k) ** beta  # type: ignore[operator]
    return input / scale  # type: ignore[operator]


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along ``dim`` divided by their p-norm, or by ``eps`` where that is larger.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.normalize(facula.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    norm = input.norm(p, dim, keepdim=True)  # type: ignore[attr-defined]
    return input / norm.clamp(min=eps)  # type: ignore[no-any-return]
