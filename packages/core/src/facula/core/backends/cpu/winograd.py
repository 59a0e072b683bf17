"""3x3 convolutions of stride 1 in float32 with a quarter of the multiplications (Winograd).

Four outputs in a row of a correlation with three taps are, by Toom and Cook, ::

    y = A^T ((G w) * (B^T x))        x: six inputs, six products instead of twelve

with the points 0, a, -a, b, -b and infinity. In two dimensions a tile of 4x4 outputs reads 6x6
inputs and takes 36 products per pair of channels instead of 144, as 36 matrix products over all
tiles. The transforms along the width are products too, with a matrix that also pads, gathers the
overlapping tiles and turns the channels to the end; along the height they are products with the
small matrices themselves::

    x (n, c, h, w) -> rows[h, j, tile, n, c] -> v[i, j, tile, n, c]
    m[i, j, tile, n, o] = sum over c of v[..., c] * u[i, j, c, o]
    m -> rows[h, j, tile, n, o] -> y (n, o, h, w)

The usual points 1 and 2 lose four bits; with 5/8 and 3/2 the largest error is four times that of
the direct sum (64 channels, normal numbers), that of weight gradients seven times. Errors are
relative to the largest number of a tile. Values that are not finite would spread over it: the
caller computes such results directly.

References: A. Lavin and S. Gray, Fast algorithms for convolutional neural networks (2015);
B. Barabasz et al., Error analysis and improving the accuracy of Winograd convolution (2018).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_F = np.float32
_a, _b = 0.625, 1.5
_a2, _b2 = _a * _a, _b * _b
# Rows in the order of the points 0, a, -a, b, -b, infinity; exact in binary but for G.
_B = np.array([[_a2 * _b2, 0, -_a2 - _b2, 0, 1, 0],
               [0, -_a * _b2, -_b2, _a, 1, 0], [0, _a * _b2, -_b2, -_a, 1, 0],
               [0, -_b * _a2, -_a2, _b, 1, 0], [0, _b * _a2, -_a2, -_b, 1, 0],
               [0, _a2 * _b2, 0, -_a2 - _b2, 0, 1]], _F)
_A = np.array([[1, 0, 0, 0], *([1, p, p ** 2, p ** 3] for p in (_a, -_a, _b, -_b)),
               [0, 0, 0, 1]], _F)
_POINTS = {"A": _A, "B": _B}
_NEAR, _FAR = 2 * _a2 * (_a2 - _b2), 2 * _b2 * (_b2 - _a2)
_G = np.array([[1 / (_a2 * _b2), 0, 0],
               *([1 / s, p / s, p * p / s] for p, s in ((_a, _NEAR), (-_a, _NEAR), (_b, _FAR),
                                                        (-_b, _FAR))), [0, 0, 1]])
_G2 = np.kron(_G, _G).astype(_F)
_G2_FLIPPED = np.kron(_G[:, ::-1], _G[:, ::-1]).astype(_F)

WIDE = 8      # tiles next to each other that one product transforms
ROWS = 64     # rows of the 36 products, at most: what a block takes stays in the cache
SUMMED = 256  # the same for weight gradients, where it is the length of the sums
LITTLE = 1 << 18  # elements of filters that are worth laying out for BLAS


def suits(dtype: np.dtype, n: int, channels: int, filters: int, window: tuple[int, ...],
          out: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...],
          dilation: tuple[int, ...], groups: int) -> bool:
    """Whether the method can compute the convolution, and its channels pay for the transforms."""
    if not (window == (3, 3) and groups == 1 and dtype == _F and stride == (1, 1)
            and dilation == (1, 1) and max(padding) <= 2):
        return False
    tiles = _tiles_of(out)
    return (min(channels, filters) >= 32 and channels * filters >= 1 << 11
            and n * tiles >= 16 and 16 * tiles <= 1.7 * out[0] * out[1])


def _tiles_of(out: tuple[int, ...]) -> int:
    return -(-out[0] // 4) * -(-out[1] // 4)


def pays_for_filters(n: int, out: tuple[int, ...]) -> bool:
    """Whether there are tiles enough to transform the filters for them."""
    return n * _tiles_of(out) >= 32


@lru_cache(256)
def _matrix(name: str, size: int, first: int, tiles: int) -> np.ndarray:
    """``A`` or ``B`` for ``tiles`` tiles, of which the first reads at ``first``, as one matrix
    (6 * tiles, size); columns outside are left out.
    """
    points = _POINTS[name]
    out = np.zeros((6, tiles, size), _F)
    for t in range(tiles):
        for k in range(points.shape[1]):
            if 0 <= first + 4 * t + k < size:
                out[:, t, first + 4 * t + k] = points[:, k]
    return out.reshape(6 * tiles, size)


class _Block:
    """Some images, some columns and rows of tiles: what is computed at a time."""

    __slots__ = ("images", "left", "wide", "top", "high")

    def __init__(self, images: slice, left: int, wide: int, top: int, high: int) -> None:
        self.images, self.left, self.wide, self.top, self.high = images, left, wide, top, high


def blocks(n: int, out: tuple[int, ...], rows: int, threads: int) -> list[_Block]:
    """All tiles in blocks of at most ``rows``, and so many blocks that each thread has some."""
    tall, broad = -(-out[0] // 4), -(-out[1] // 4)
    rows = min(rows, -(-n * tall * broad // threads))
    columns = -(-broad // -(-broad // WIDE))  # nearly equal
    strips = max(1, min(tall, rows // columns))
    strips = -(-tall // -(-tall // strips))
    count = max(1, min(n, rows // (columns * strips)))
    count = -(-n // -(-n // count))
    return [_Block(slice(first, min(first + count, n)), left, min(columns, broad - left), top,
                   min(strips, tall - top))
            for first in range(0, n, count)
            for left in range(0, broad, columns)
            for top in range(0, tall, strips)]


def _sides(block: _Block, size: int, first: int, reach: int) -> tuple[slice, int]:
    """The columns that the block reads, and the first tile's place among them."""
    low = 4 * block.left + first
    high = min(size, low + 4 * (block.wide - 1) + reach)
    return slice(max(0, low), max(0, high)), min(0, low)


def _rows(name: str, x: np.ndarray, block: _Block, first: tuple[int, ...]) -> np.ndarray:
    """The block's rows of ``x``, transformed along the width: ``(rows, 6 * wide * n * channels)``.

    ``first`` is the place of the first row and the first column of the first tile.
    """
    reach = _POINTS[name].shape[1]
    part = x[block.images]
    many, (height, width) = part.shape[0] * part.shape[1], part.shape[2:]
    columns, start = _sides(block, width, first[1], reach)
    matrix = _matrix(name, columns.stop - columns.start, start, block.wide)
    low = 4 * block.top + first[0]
    count = 4 * (block.high - 1) + reach
    inside = slice(max(0, low), max(0, min(height, low + count)))
    rows = np.empty((count, 6 * block.wide, many), _F)
    rows[:inside.start - low] = 0
    rows[inside.stop - low:] = 0
    lines = part.reshape(many, height, width).transpose(1, 2, 0)
    np.matmul(matrix, lines[inside, columns], out=rows[inside.start - low:inside.stop - low])
    return rows.reshape(count, -1)


def _transformed(name: str, x: np.ndarray, block: _Block, first: tuple[int, ...]) -> np.ndarray:
    """The block's tiles of ``x``, transformed both ways: ``(36, tiles * n, channels)``."""
    points, rows = _POINTS[name], _rows(name, x, block, first)
    reach, length = points.shape[1], rows.shape[1]
    v = np.empty((6, 6, block.high, length // 6), _F)
    one = np.empty((6, length), _F)
    for s in range(block.high):
        np.matmul(points, rows[4 * s:4 * s + reach], out=one)
        v[:, :, s] = one.reshape(6, 6, -1)
    return v.reshape(36, -1, x.shape[1])


def _outputs(m: np.ndarray, y: np.ndarray, block: _Block) -> None:
    """``A^T m A`` of the block's tiles, to their places in ``y``."""
    part = y[block.images]
    many, (height, width) = part.shape[0] * part.shape[1], part.shape[2:]
    columns, start = _sides(block, width, 0, 4)
    matrix = _matrix("A", columns.stop - columns.start, start, block.wide)
    m = m.reshape(6, 6, block.high, -1)
    length = 6 * m.shape[3]
    rows, one = np.empty((block.high, 4, length), _F), np.empty((6, length), _F)
    for s in range(block.high):
        one.reshape(6, 6, -1)[...] = m[:, :, s]
        np.matmul(_A.T, one, out=rows[s])
    low = 4 * block.top
    count = min(height - low, 4 * block.high)
    lines = part.reshape(many, height, width).transpose(1, 0, 2)
    turned = rows.reshape(-1, 6 * block.wide, many)[:count].transpose(0, 2, 1)
    np.matmul(turned, matrix, out=lines[low:low + count, :, columns])


def filters_of(weight: np.ndarray) -> np.ndarray:
    """``G w G^T`` of ``weight (O, C, 3, 3)``, as ``(36, C, O)``."""
    out, channels = weight.shape[:2]
    u = np.matmul(_G2, weight.reshape(-1, 9).T).reshape(36, out, channels).swapaxes(1, 2)
    return np.ascontiguousarray(u) if u.size < LITTLE else u


def flipped_filters_of(weight: np.ndarray) -> np.ndarray:
    """The same of the filters that compute the input's gradient, as ``(36, O, C)``."""
    return np.matmul(_G2_FLIPPED, weight.reshape(-1, 9).T).reshape(36, *weight.shape[:2])


def correlate(x: np.ndarray, u: np.ndarray, y: np.ndarray, padding: tuple[int, ...],
              some: list[_Block]) -> None:
    """Fill some blocks of ``y`` from contiguous images ``x`` and transformed filters ``u``."""
    first = -padding[0], -padding[1]
    for block in some:
        _outputs(np.matmul(_transformed("B", x, block, first), u), y, block)


def weight_sums(x: np.ndarray, g: np.ndarray, padding: tuple[int, ...],
                some: list[_Block]) -> np.ndarray:
    """The weights' gradient from some blocks of contiguous images, before its last transform."""
    first = -padding[0], -padding[1]
    total = np.zeros((36, g.shape[1], x.shape[1]), _F)
    for block in some:
        slopes = _transformed("A", g, block, (0, 0))
        total += np.matmul(slopes.swapaxes(1, 2), _transformed("B", x, block, first))
    return total


def weight_of(sums: np.ndarray) -> np.ndarray:
    """``G^T sums G``: the gradient, ``(O, C, 3, 3)``."""
    return np.matmul(sums.reshape(36, -1).T, _G2).reshape(*sums.shape[1:], 3, 3)


def is_finite(a: np.ndarray) -> bool:
    """Whether no element is infinite or NaN, nor larger than 1e19: two reads by BLAS."""
    flat = a.reshape(-1)
    return bool(np.isfinite(np.dot(flat, flat)))
