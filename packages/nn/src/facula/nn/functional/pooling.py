"""Pooling: the largest, the mean or a norm of windows, of given or of fitting size."""

from __future__ import annotations

from typing import Any

from facula.core.ops import creation, gather, linalg, pooling, reduce, shape, views
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import batched, ints, tuple_of


def _max_pool(op: str, rank: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any,
              dilation: Any, ceil_mode: bool, return_indices: bool) -> Any:
    input, single = batched(input, rank, op)
    window = tuple_of(kernel_size, rank, op, "kernel_size")
    step = window if stride is None or stride == [] else tuple_of(stride, rank, op, "stride")
    y, where = pooling.max_pool(input, window, step, tuple_of(padding, rank, op, "padding"),
                                tuple_of(dilation, rank, op, "dilation"), ceil_mode)
    if single:
        y, where = shape.squeeze(y, 0), shape.squeeze(where, 0)
    return (y, where) if return_indices else y


def max_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest element of each window of a signal ``(N, C, L)``; see :func:`max_pool2d`."""
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode,
                     return_indices)


def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest element of each window of a picture.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size : int or tuple of int
    stride : int or tuple of int, optional
        ``kernel_size`` where not given.
    padding, dilation : int or tuple of int
    ceil_mode : bool
        Count windows that hang over the end.
    return_indices : bool
        Return also where the elements stand, counted flat within the channel.

    Returns
    -------
    Tensor, or (Tensor, Tensor)

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.max_pool2d(facula.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode,
                     return_indices)


@guarded
def max_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest element of each window of a volume ``(N, C, D, H, W)``."""
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode,
                     return_indices)


def _avg_pool(op: str, rank: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any,
              ceil_mode: bool, count_include_pad: bool, divisor_override: int | None) -> Tensor:
    input, single = batched(input, rank, op)
    window = tuple_of(kernel_size, rank, op, "kernel_size")
    step = window if stride is None or stride == [] else tuple_of(stride, rank, op, "stride")
    y = pooling.avg_pool(input, window, step, tuple_of(padding, rank, op, "padding"), ceil_mode,
                         count_include_pad, divisor_override)
    return shape.squeeze(y, 0) if single else y


def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True) -> Tensor:
    """The mean of each window of a signal ``(N, C, L)``; see :func:`avg_pool2d`."""
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode,
                     count_include_pad, None)


def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Tensor:
    """The mean of each window of a picture.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size : int or tuple of int
    stride : int or tuple of int, optional
        ``kernel_size`` where not given.
    padding : int or tuple of int
    ceil_mode : bool
        Count windows that hang over the end.
    count_include_pad : bool
        Let the zeros of the padding count.
    divisor_override : int, optional
        Divide by this instead of the number of elements.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.avg_pool2d(facula.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode,
                     count_include_pad, divisor_override)


@guarded
def avg_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Tensor:
    """The mean of each window of a volume ``(N, C, D, H, W)``; see :func:`avg_pool2d`."""
    return _avg_pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode,
                     count_include_pad, divisor_override)


def _sizes(op: str, output_size: Any, input: Tensor, rank: int) -> tuple[int, ...]:
    values = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(values) != rank:
        raise RuntimeError(f"{op}: output_size={output_size} does not fit: it must be an int or "
                           f"{rank} ints (None keeps a size)")
    given = [n if v is None else v for v, n in zip(values, input.shape[2:], strict=True)]
    return ints(given, op, "output_size")


def _adaptive_avg(op: str, rank: int, input: Tensor, output_size: Any) -> Tensor:
    """Cell i of m covers ``floor(i n / m)`` up to ``ceil((i + 1) n / m)``.

    Where m divides n that is an ordinary pool; else each dimension is a product with a matrix.
    """
    input, single = batched(input, rank, op)
    sizes, out = tuple(input.shape[2:]), _sizes(op, output_size, input, rank)
    if all(m == 1 for m in out):
        y = reduce.mean(input, tuple(range(2, rank + 2)), True)
    elif all(m and n % m == 0 for n, m in zip(sizes, out, strict=True)):
        window = tuple([n // m for n, m in zip(sizes, out, strict=True)])
        y = pooling.avg_pool(input, window, window, (0,) * rank, False, True, None)
    else:
        y = input
        for i, (n, m) in enumerate(zip(sizes, out, strict=True)):
            cells = [[1 / len(c) if k in c else 0.0 for k in range(n)] for c in _cells(n, m)]
            matrix = creation.tensor(cells, dtype=input.dtype, device=input.device)
            if not m:
                matrix = creation.zeros(0, n, dtype=input.dtype, device=input.device)
            y = views.movedim(linalg.matmul(views.movedim(y, 2 + i, -1), matrix.mT), -1, 2 + i)
    return shape.squeeze(y, 0) if single else y


def _cells(n: int, m: int) -> list[range]:
    return [range(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means over as many cells as asked for; see :func:`adaptive_avg_pool2d`."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over cells that divide a picture as evenly as possible.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    output_size : int or tuple of (int or None)
        None keeps the input's size.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.adaptive_avg_pool2d(facula.arange(12.0).reshape(1, 3, 4), 1)
    tensor([[[5.5000]]])
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


@guarded
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means over cells of a volume; see :func:`adaptive_avg_pool2d`."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_max(op: str, rank: int, input: Tensor, output_size: Any,
                  return_indices: bool) -> Any:
    input, single = batched(input, rank, op)
    sizes, out = tuple(input.shape[2:]), _sizes(op, output_size, input, rank)
    if all(m and n % m == 0 for n, m in zip(sizes, out, strict=True)):
        window = tuple([n // m for n, m in zip(sizes, out, strict=True)])
        y, where = pooling.max_pool(input, window, window, (0,) * rank, (1,) * rank, False)
    else:
        flat = shape.reshape(input, *input.shape[:2], -1)
        spots = creation.tensor(_positions(sizes, out), device=input.device)
        best = reduce.argmax(flat.detach()[:, :, spots], -1, True)  # type: ignore[index]
        table = shape.expand(spots, (*input.shape[:2], *spots.shape))
        where = shape.reshape(gather.gather(table, -1, best), *input.shape[:2], *out)
        y = pooling.max_pool_pick(input, where)
    if single:
        y, where = shape.squeeze(y, 0), shape.squeeze(where, 0)
    return (y, where) if return_indices else y


def _positions(sizes: tuple[int, ...], out: tuple[int, ...]) -> list[list[int]]:
    """For each cell the flat positions of its elements; short cells repeat their last one."""
    lists = [[0]]
    for n, m in zip(sizes, out, strict=True):
        lists = [[p * n + k for p in earlier for k in cell]
                 for earlier in lists for cell in _cells(n, m)]
    longest = max(map(len, lists), default=0)
    return [cell + cell[-1:] * (longest - len(cell)) for cell in lists]


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of as many cells as asked for; see :func:`adaptive_avg_pool2d`."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of cells of a picture; see :func:`adaptive_avg_pool2d`.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.adaptive_max_pool2d(facula.arange(12.0).reshape(1, 3, 4), (1, 2))
    tensor([[[ 9., 11.]]])
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of cells of a volume; see :func:`adaptive_avg_pool2d`."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _lp_pool(op: str, rank: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any,
             ceil_mode: bool) -> Tensor:
    window = tuple_of(kernel_size, rank, op, "kernel_size")
    if norm_type == float("inf"):
        return _max_pool(op, rank, input, window, stride, 0, 1, ceil_mode, False)
    power: Any = input ** norm_type  # type: ignore[operator]
    count = 1
    for k in window:
        count *= k
    mean = _avg_pool(op, rank, power, window, stride, 0, ceil_mode, True, None)
    return (mean.sign() * mean.abs().relu() * count) ** (1 / norm_type)  # type: ignore


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of a signal: ``sum(x ** p) ** (1 / p)``."""
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of a picture: ``sum(x ** p) ** (1 / p)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.lp_pool2d(facula.tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of a volume: ``sum(x ** p) ** (1 / p)``."""
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _max_unpool(op: str, rank: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any,
                padding: Any, output_size: Any) -> Tensor:
    input, single = batched(input, rank, op)
    indices, _ = batched(indices, rank, op)
    window = tuple_of(kernel_size, rank, op, "kernel_size")
    step = window if stride is None or stride == [] else tuple_of(stride, rank, op, "stride")
    pads = tuple_of(padding, rank, op, "padding")
    if output_size is None:
        sizes = tuple([(n - 1) * s - 2 * p + k for n, s, p, k in zip(
            input.shape[2:], step, pads, window, strict=True)])
    else:
        sizes = tuple(output_size)[-rank:]
    y = pooling.max_pool_grad(input, indices, (*input.shape[:2], *sizes))
    return shape.squeeze(y, 0) if single else y


def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None,
                 padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back where :func:`max_pool1d` found them, zeros elsewhere."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@guarded
def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None,
                 padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back where :func:`max_pool2d` found them, zeros elsewhere.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> y, where = facula.nn.functional.max_pool2d(x, 2, return_indices=True)
    >>> facula.nn.functional.max_unpool2d(y, where, 2)
    tensor([[[0., 0.],
             [0., 4.]]])
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@guarded
def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None,
                 padding: Any = 0, output_size: Any = None) -> Tensor:
    """The elements back where :func:`max_pool3d` found them, zeros elsewhere."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
