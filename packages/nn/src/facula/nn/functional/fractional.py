"""Fractional max pooling: windows at random steps, so that a size may shrink by any ratio."""

from __future__ import annotations

from typing import Any

from facula.core.errors import describe
from facula.core.ops import convert, creation, gather, pooling, random, reduce, shape, unary
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import batched, tuple_of


def _starts(n: int, window: int, out: int, samples: Any) -> Any:
    """Where the windows along a dimension begin: ``(N, C, out)`` from samples ``(N, C)``."""
    u = shape.unsqueeze(samples, -1)
    last = n - window
    if out == 1:
        return convert.long(u * 0 + last)
    alpha = last / (out - 1)
    steps = creation.arange(out, dtype=samples.dtype, device=samples.device)
    begins = convert.long(unary.floor((steps + u) * alpha) - unary.floor(u * alpha))  # type: ignore
    # rounding may carry the last one beyond, and it has to touch the end
    final = steps == out - 1
    return begins * ~final + final * last  # type: ignore[operator]


def _sizes(op: str, input: Tensor, rank: int, output_size: Any,
           output_ratio: Any) -> tuple[int, ...]:
    if output_size is None and output_ratio is None:
        raise ValueError(f"{op} requires specifying either an output_size or an output_ratio")
    if output_size is not None:
        return tuple_of(output_size, rank, op, "output_size")
    ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * rank
    if len(ratios) != rank:
        raise ValueError(f"{op} requires output_ratio to either be a single number or tuple of "
                         f"{rank} numbers: got {output_ratio}")
    return tuple([int(n * r) for n, r in zip(input.shape[-rank:], ratios, strict=True)])


def _pool(op: str, rank: int, input: Tensor, kernel_size: Any, output_size: Any,
          output_ratio: Any, return_indices: bool, samples: Tensor | None) -> Any:
    out = _sizes(op, input, rank, output_size, output_ratio)
    x, single = batched(input, rank, op)
    window = tuple_of(kernel_size, rank, op, "kernel_size")
    sizes = tuple(x.shape[2:])
    for n, k, m in zip(sizes, window, out, strict=True):
        if m < 1 or k < 1 or m + k - 1 > n:
            raise RuntimeError(f"{op}: windows {window} do not fit {out} times into an input of "
                               f"sizes {sizes}: output + kernel - 1 must be at most the input's")
    batch, channels = x.shape[:2]
    if samples is None:
        wide = x.dtype if x.dtype.itemsize >= 4 else "float32"
        samples = random.rand(batch, channels, rank, dtype=wide, device=x.device)
    elif tuple(samples.shape) != (batch, channels, rank):
        raise RuntimeError(f"{op}: _random_samples is {describe(samples)}: it must have shape "
                           f"{(batch, channels, rank)}")
    places: Any = 0
    for i, (n, k, m) in enumerate(zip(sizes, window, out, strict=True)):
        # PyTorch's order of the samples: the last dimension first in 2-d, the first one in 3-d
        u = samples[:, :, rank - 1 - i if rank == 2 else i]  # type: ignore[index]
        begins = _starts(n, k, m, u)
        inside = creation.arange(k, device=x.device)
        # every start and step along this dimension, beside those of the others
        along: Any = shape.reshape(begins, batch, channels, *(m if j == i else 1
                                                              for j in range(rank)), *[1] * rank)
        along = along + shape.reshape(inside, *(k if j == i else 1 for j in range(rank)))
        places = places * n + along
    places = shape.reshape(places, batch, channels, *out, -1)
    values = gather.gather(shape.reshape(x.detach(), batch, channels, -1), 2,
                           shape.reshape(places, batch, channels, -1))
    best = reduce.argmax(shape.reshape(values, *places.shape), -1, True)
    where = shape.squeeze(gather.gather(places, -1, best), -1)
    y = pooling.max_pool_pick(x, where)
    if single:
        y, where = shape.squeeze(y, 0), shape.squeeze(where, 0)
    return (y, where) if return_indices else y


def fractional_max_pool2d(input: Tensor, kernel_size: Any, output_size: Any = None,
                          output_ratio: Any = None, return_indices: bool = False,
                          _random_samples: Tensor | None = None) -> Any:
    """The largest elements of windows that stand at random steps in a picture.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size : int or tuple of int
    output_size : int or tuple of int, optional
        How many windows; or
    output_ratio : float or tuple of float, optional
        their number as a share of the input's size.
    return_indices : bool
        Return also where the elements stand, counted flat within the channel.
    _random_samples : Tensor, optional
        ``(N, C, 2)`` in [0, 1): the offsets to use instead of new ones.

    Returns
    -------
    Tensor, or (Tensor, Tensor)

    References
    ----------
    Graham, "Fractional Max-Pooling", https://arxiv.org/abs/1412.6071

    Examples
    --------
    >>> import facula
    >>> x = facula.arange(49.0).reshape(1, 7, 7)
    >>> facula.nn.functional.fractional_max_pool2d(x, 2, output_size=5)[0, -1, -1]
    tensor(48.)
    """
    return _pool("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio,
                 return_indices, _random_samples)


def fractional_max_pool3d(input: Tensor, kernel_size: Any, output_size: Any = None,
                          output_ratio: Any = None, return_indices: bool = False,
                          _random_samples: Tensor | None = None) -> Any:
    """The largest elements of windows at random steps in a volume ``(N, C, D, H, W)``.

    See :func:`fractional_max_pool2d`.
    """
    return _pool("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio,
                 return_indices, _random_samples)
