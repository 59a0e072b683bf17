"""Convolutions on the CPU as matrix products over unfolded blocks of images.

The input is unfolded ("im2col") block by block into a buffer that stays in the cache::

    columns[c, i, j, y, x] = input[c, y*s + i*d - p, x*s + j*d - p]      (0 outside)
    output[o, (y x)]       = weight[o, (c i j)] @ columns[(c i j), (y x)]

Where the first stride is 1, rows for all i lie one behind the other in an array unfolded along j
only, so the product is a sum of products with slices of that array, and a third (for 3x3) is
copied. 1x1 kernels are plain products, depthwise ones sums of shifted products, and 3x3 ones with
many channels go Winograd's way (``winograd.py``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from facula.core.backends.cpu import winograd
from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.blas import over_batch
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.threads import get_num_threads
from facula.core.windows import Ints, convolved_size

BUFFER = 1 << 18  # elements unfolded at a time: 1 MB of float32
WIDE = 1 << 8       # columns of a product with a weight that is larger than the buffer
_ALL = slice(None)


def _wide(function: Any) -> Any:
    """Compute 16-bit floats in float32; ignore NumPy's warnings."""
    def call(a: np.ndarray, b: np.ndarray, *rest: Any) -> np.ndarray:
        if a.dtype.itemsize == 2 and a.dtype.kind not in "iu":
            bias = [r.astype(np.float32) if isinstance(r, np.ndarray) else r for r in rest]
            y = call_quietly(function, a.astype(np.float32), b.astype(np.float32), *bias)
            return call_quietly(y.astype, a.dtype)
        return call_quietly(function, a, b, *rest)
    call.__name__ = function.__name__
    return call


def reach(size: int, out: int, stride: int, shift: int) -> tuple[slice, slice]:
    """Which outputs ``y`` read inside ``range(size)``, at ``y*stride + shift``, and what."""
    low = max(0, -(shift // stride)) if shift < 0 else 0
    high = min(out, (size - 1 - shift) // stride + 1) if shift < size else 0
    if high <= low:
        return slice(0, 0), slice(0, 0)
    first = low * stride + shift
    return slice(low, high), slice(first, (high - 1) * stride + shift + 1, stride)


def shifts(sizes: Ints, out: Ints, window: Ints, stride: Ints, padding: Ints,
           dilation: Ints) -> Iterator[tuple[Ints, tuple[slice, ...], tuple[slice, ...]]]:
    """For each position in the window: it, the outputs it serves, the inputs they read."""
    tables = [[reach(n, o, s, i * d - p) for i in range(k)] for n, o, k, s, p, d in
              zip(sizes, out, window, stride, padding, dilation, strict=True)]
    for at in itertools.product(*map(range, window)):
        pairs = [t[i] for t, i in zip(tables, at, strict=True)]
        yield at, tuple([a for a, _ in pairs]), tuple([b for _, b in pairs])


def _unfold(columns: np.ndarray, images: np.ndarray, steps: list[Any]) -> None:
    """Fill ``columns (images, C, *window, *out)``; what lies outside stays as it is: zero."""
    for at, to, of in steps:
        columns[(_ALL, _ALL, *at, *to)] = images[(_ALL, _ALL, *of)]


def _blocks(span: slice, size: int) -> Iterator[slice]:
    for i in range(span.start, span.stop, size):
        yield slice(i, min(i + size, span.stop))


def _is_pointwise(window: Ints, padding: Ints) -> bool:
    return math.prod(window) == 1 and not any(padding)


@kernel
@_wide
def convolution(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Ints,
                padding: Ints, dilation: Ints, groups: int) -> np.ndarray:
    window = weight.shape[2:]
    out = convolved_size(input.shape[2:], window, stride, padding, dilation)
    y = None
    if _by_tiles(input, len(weight), window, out, stride, padding, dilation, groups):
        y = _tiled(input, winograd.filters_of(weight), bias, len(weight), out, padding)
    return y if y is not None else _forward(input, weight, bias, out, stride, padding, dilation,
                                            groups)


def _by_tiles(input: np.ndarray, filters: int, window: Ints, out: Ints, stride: Ints,
              padding: Ints, dilation: Ints, groups: int) -> bool:
    n, channels = input.shape[:2]
    return winograd.suits(input.dtype, n, channels, filters, window, out, stride, padding,
                          dilation, groups) and winograd.pays_for_filters(n, out)


def _tiled(input: np.ndarray, u: np.ndarray, bias: np.ndarray | None, filters: int, out: Ints,
           padding: Ints) -> np.ndarray | None:
    """Winograd's way; None where it spread an infinity or NaN."""
    x = np.ascontiguousarray(input)
    n = len(x)
    y = np.empty((n, filters, *out), x.dtype)

    blocks = winograd.blocks(n, out, winograd.ROWS, get_num_threads())
    over_batch(lambda some: winograd.correlate(x, u, y, padding, blocks[some]), len(blocks),
               float(y.size) * u.shape[1] * 2)
    if not winograd.is_finite(y):
        return None
    if bias is not None:
        y += bias[:, None, None]
    return y


def _forward(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: Ints,
             stride: Ints, padding: Ints, dilation: Ints, groups: int) -> np.ndarray:
    n, channels = input.shape[:2]
    filters, window = weight.shape[0], weight.shape[2:]
    y = np.empty((n, filters, *out), input.dtype)
    if not y.size:
        return y
    flat = y.reshape(n, filters, -1)
    area = math.prod(out)
    work = float(y.size) * weight[0].size
    column = bias[:, None] if bias is not None else None
    depth = groups == channels and weight.shape[1] == 1 and groups > 1
    if _is_pointwise(window, padding) and groups == 1:
        x = input[(_ALL, _ALL, *[slice(None, None, s) for s in stride])]
        x = np.ascontiguousarray(x).reshape(n, channels, -1)
        matrix = weight.reshape(filters, channels)

        def part(span: slice) -> None:
            np.matmul(matrix, x[span], out=flat[span])
            if column is not None:
                flat[span] += column
    elif depth and all(s == 1 for s in stride):
        def part(span: slice) -> None:
            _depthwise_flat(input[span], weight, column, y[span], padding, dilation)
    elif depth:
        steps = list(shifts(input.shape[2:], out, window, stride, padding, dilation))

        def part(span: slice) -> None:
            _depthwise(input[span], weight, column, y[span], steps)
    elif (groups == 1 and stride[0] == 1 and window[0] > 1 and area >= 196
          and channels * math.prod(window[1:]) >= 48):
        def part(span: slice) -> None:
            _by_rows(input[span], weight, column, y[span], stride, padding, dilation)
    else:
        steps = list(shifts(input.shape[2:], out, window, stride, padding, dilation))
        matrices = weight.reshape(groups, filters // groups, -1)

        def part(span: slice) -> None:
            _by_columns(input[span], matrices, column, flat[span], out, window, steps)
    over_batch(part, n, work)
    return y


def _images_at_once(n: int, groups: int, channels: int, weight: np.ndarray, window: Ints,
                    area: int) -> int:
    """As many as fill the buffer; more where the weight is as large, to read it less often."""
    many = BUFFER // max(1, channels * math.prod(window) * area)
    if groups == 1 and weight.size > BUFFER:
        many = max(many, WIDE // max(1, area))
    return max(1, min(n, many))


def _by_columns(input: np.ndarray, matrices: np.ndarray, bias: np.ndarray | None,
                y: np.ndarray, out: Ints, window: Ints, steps: list[Any]) -> None:
    """One product per block of images, unfolded completely; ``y`` is ``(N, O, area)``."""
    n, channels = input.shape[:2]
    groups, filters, depth = matrices.shape
    area = y.shape[2]
    many = _images_at_once(n, groups, channels, matrices, window, area)
    joined = groups == 1 and many > 1 and filters * depth > 1 << 16
    if joined:  # one product for several images: a large weight is not read for each again
        buffer = np.zeros((channels, *window, many, *out), y.dtype)
        columns = np.moveaxis(buffer, -1 - len(out), 0)
        product = np.empty((filters, many, area), y.dtype)
    else:
        columns = buffer = np.zeros((many, channels, *window, *out), y.dtype)
    for block in _blocks(slice(0, n), many):
        count = block.stop - block.start
        _unfold(columns[:count], input[block], steps)
        if joined:
            np.matmul(matrices[0], buffer.reshape(depth, -1), out=product.reshape(filters, -1))
            y[block] = product[:, :count].transpose(1, 0, 2)
        elif groups == 1:
            np.matmul(matrices[0], buffer[:count].reshape(count, depth, area), out=y[block])
        else:
            np.matmul(matrices, buffer[:count].reshape(count, groups, depth, area),
                      out=y[block].reshape(count, groups, filters, area))
        if bias is not None:
            y[block] += bias


def _by_rows(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, y: np.ndarray,
             stride: Ints, padding: Ints, dilation: Ints) -> None:
    """Unfolded along all spatial dimensions but the first, whose shifts are slices of rows."""
    channels, filters = input.shape[1], y.shape[1]
    window, out = weight.shape[2:], y.shape[2:]
    rest = math.prod(out[1:])
    height = input.shape[2] + 2 * padding[0]
    inner = list(shifts(input.shape[3:], out[1:], window[1:], stride[1:], padding[1:],
                        dilation[1:]))
    rows = slice(padding[0], padding[0] + input.shape[2])
    columns = np.zeros((*window[1:], channels, height, *out[1:]), y.dtype)
    flat = columns.reshape(-1, height * rest)
    # (k0, O, *window[1:], C): one matrix for each shift of the first dimension
    order = (2, 0, *range(3, weight.ndim), 1)
    matrices = np.ascontiguousarray(weight.transpose(order)).reshape(window[0], filters, -1)
    area = out[0] * rest
    more = np.empty((filters, area), y.dtype)
    for image, target in zip(input, y.reshape(len(y), filters, -1), strict=True):
        for at, to, of in inner:
            columns[(*at, _ALL, rows, *to)] = image[(_ALL, _ALL, *of)]  # type: ignore[index]
        np.matmul(matrices[0], flat[:, :area], out=target)
        for i in range(1, window[0]):
            start = i * dilation[0] * rest
            np.matmul(matrices[i], flat[:, start:start + area], out=more)
            target += more
        if bias is not None:
            target += bias


def _depthwise(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, y: np.ndarray,
               steps: list[Any]) -> None:
    """Each channel with its own filters: sums of shifted products, a few channels at a time."""
    n, channels = input.shape[:2]
    multiple, rank = weight.shape[0] // channels, weight.ndim - 2
    out = y.shape[2:]
    split = y.reshape(n, channels, multiple, *out)
    factors = weight.reshape(channels, multiple, *weight.shape[2:])
    size = max(1, min(channels, (BUFFER // 8) // max(1, multiple * math.prod(out))))
    scratch = np.empty((size, multiple, *out), y.dtype)
    ones = (1,) * rank
    for image, target in zip(input, split, strict=True):
        for block in _blocks(slice(0, channels), size):
            goal = target[block]
            if bias is None:
                goal[...] = 0
            else:
                goal[...] = bias.reshape(channels, multiple, *ones)[block]
            for at, to, of in steps:
                source = image[(block, None, *of)]
                factor = factors[(block, _ALL, *at)].reshape(-1, multiple, *ones)
                room = scratch[(slice(0, len(goal)), _ALL, *to)]
                np.multiply(source, factor, out=room)
                goal[(_ALL, _ALL, *to)] += room


def _depthwise_flat(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, y: np.ndarray,
                    padding: Ints, dilation: Ints) -> None:
    """The same for stride 1 over padded channels laid flat: each shift is one long slice.

    The sums at the ends of rows mean nothing and are cut off at the end. NumPy's loops are then as
    long as a channel instead of a row: a third less time for 32x64x28x28.
    """
    channels, out, window = input.shape[1], y.shape[2:], weight.shape[2:]
    multiple = weight.shape[0] // channels
    padded = tuple([n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True)])
    jumps = [math.prod(padded[i + 1:]) for i in range(len(padded))]
    length = 1 + sum((o - 1) * j for o, j in zip(out, jumps, strict=True))
    size = max(1, min(channels, (BUFFER // 8) // (multiple * math.prod(padded))))
    edged = np.zeros((size, *padded), y.dtype)
    flat = edged.reshape(size, 1, -1)
    inside = tuple([slice(p, p + n) for p, n in zip(padding, input.shape[2:], strict=True)])
    total = np.empty((size, multiple, out[0] * jumps[0]), y.dtype)
    scratch = np.empty((size, multiple, length), y.dtype)
    factors = weight.reshape(channels, multiple, -1, 1)
    offsets = [sum(i * d * j for i, d, j in zip(at, dilation, jumps, strict=True))
               for at in itertools.product(*map(range, window))]
    kept = (_ALL, _ALL, _ALL, *[slice(0, o) for o in out[1:]])
    for image, target in zip(input, y.reshape(len(y), channels, multiple, *out), strict=True):
        for block in _blocks(slice(0, channels), size):
            count = block.stop - block.start
            edged[(slice(0, count), *inside)] = image[block]
            sums, room = total[:count, :, :length], scratch[:count]
            for number, start in enumerate(offsets):
                source = flat[:count, :, start:start + length]
                np.multiply(source, factors[block, :, number], out=room if number else sums)
                if number:
                    sums += room
            if bias is not None:
                sums += bias.reshape(channels, multiple, 1)[block]
            target[block] = total[:count].reshape(count, multiple, out[0], *padded[1:])[kept]


@kernel
@_wide
def convolution_input_grad(g: np.ndarray, weight: np.ndarray, input_shape: Ints, stride: Ints,
                           padding: Ints, dilation: Ints, groups: int) -> np.ndarray:
    filters, inner, window = weight.shape[0], weight.shape[1], weight.shape[2:]
    n, channels, sizes = input_shape[0], input_shape[1], tuple(input_shape[2:])
    if all(s == 1 for s in stride):  # a convolution with the flipped filters
        turned = weight.reshape(groups, filters // groups, inner, *window).swapaxes(1, 2)
        flipped = turned.reshape(channels, filters // groups, *window)[
            (_ALL, _ALL, *[slice(None, None, -1)] * len(window))]
        pads = tuple([d * (k - 1) - p for k, p, d in zip(window, padding, dilation, strict=True)])
        if min(pads) >= 0 and _by_tiles(g, channels, window, sizes, stride, pads, dilation,
                                        groups):
            y = _tiled(g, winograd.flipped_filters_of(weight), None, channels, sizes, pads)
            if y is not None:
                return y
        large = groups == 1 and weight.size > 1 << 20 and math.prod(sizes) < WIDE
        if min(pads) >= 0 and not large:  # turning a large weight costs more than it gives
            return _forward(g, np.ascontiguousarray(flipped), None, sizes, stride, pads, dilation,
                            groups)
    out = g.shape[2:]
    area = math.prod(out)
    grad = np.zeros(tuple(input_shape), g.dtype)
    steps = list(shifts(sizes, out, window, stride, padding, dilation))
    matrices = weight.reshape(groups, filters // groups, -1).swapaxes(1, 2)  # (.., C k / groups, O)
    many = _images_at_once(n, groups, channels, weight, window, area)
    joined = groups == 1 and many > 1

    def part(span: slice) -> None:
        for block in _blocks(span, many):
            target, count = grad[block], block.stop - block.start
            if joined:  # one product for several images
                piece = np.ascontiguousarray(g[block].reshape(count, filters, area).swapaxes(0, 1))
                columns = np.moveaxis(np.matmul(matrices[0], piece.reshape(filters, -1)).reshape(
                    channels, *window, count, *out), 1 + len(window), 0)
            else:
                piece = np.ascontiguousarray(g[block]).reshape(count, groups, -1, area)
                columns = np.matmul(matrices, piece).reshape(count, channels, *window, *out)
            for at, to, of in steps:
                target[(_ALL, _ALL, *of)] += columns[(_ALL, _ALL, *at, *to)]

    over_batch(part, n, float(g.size) * weight[0].size)
    return grad


@kernel
@_wide
def convolution_weight_grad(g: np.ndarray, input: np.ndarray, weight_shape: Ints, stride: Ints,
                            padding: Ints, dilation: Ints, groups: int) -> np.ndarray:
    n, channels = input.shape[:2]
    filters, window, out = weight_shape[0], tuple(weight_shape[2:]), g.shape[2:]
    area = math.prod(out)
    steps = list(shifts(input.shape[2:], out, window, stride, padding, dilation))
    if groups == channels and groups > 1 and weight_shape[1] == 1:
        return _depthwise_weight_grad(g, input, weight_shape, steps)
    if winograd.suits(g.dtype, n, channels, filters, window, out, stride, padding, dilation,
                      groups):
        images, slopes = np.ascontiguousarray(input), np.ascontiguousarray(g)
        blocks = winograd.blocks(n, out, winograd.SUMMED, get_num_threads())
        grad = winograd.weight_of(_sum(over_batch(
            lambda some: winograd.weight_sums(images, slopes, padding, blocks[some]), len(blocks),
            float(g.size) * channels * 2)))
        if winograd.is_finite(grad):
            return grad
    depth = channels * math.prod(window) // groups
    # The product's inner size is the area of all images of a block: the longer the better.
    many = max(1, min(n, BUFFER // max(1, channels * math.prod(window) * area)))

    def part(span: slice) -> np.ndarray:
        total = np.zeros((groups, filters // groups, depth), g.dtype)
        buffer = np.zeros((channels, *window, many, *out), g.dtype)
        columns = np.moveaxis(buffer, -1 - len(out), 0)
        joined = np.empty((filters, many, area), g.dtype)
        for block in _blocks(span, many):
            count = block.stop - block.start
            _unfold(columns[:count], input[block], steps)
            joined[:, :count] = g[block].reshape(count, filters, area).swapaxes(0, 1)
            joined[:, count:] = 0
            total += np.matmul(joined.reshape(groups, filters // groups, -1),
                               buffer.reshape(groups, depth, -1).swapaxes(1, 2))
        return total

    return _sum(over_batch(part, n, float(g.size) * depth)).reshape(tuple(weight_shape))


def _sum(parts: list[np.ndarray]) -> np.ndarray:
    total = parts[0]
    for more in parts[1:]:
        total += more
    return total


def _depthwise_weight_grad(g: np.ndarray, input: np.ndarray, weight_shape: Ints,
                           steps: list[Any]) -> np.ndarray:
    n, channels = input.shape[:2]
    multiple = weight_shape[0] // channels
    split = g.reshape(n, channels, multiple, *g.shape[2:])
    grad = np.zeros((channels, multiple, *weight_shape[2:]), g.dtype)
    axes = "nabc"[:g.ndim - 1]

    def part(span: slice) -> None:
        for c in range(span.start, span.stop):
            for m in range(multiple):
                for at, to, of in steps:
                    a, b = split[(_ALL, c, m, *to)], input[(_ALL, c, *of)]
                    grad[(c, m, *at)] = np.einsum(f"{axes},{axes}->", a, b)

    over_batch(part, channels, float(g.size) * math.prod(weight_shape[2:]))
    return grad.reshape(tuple(weight_shape))
