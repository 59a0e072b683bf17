"""Pictures: resizing, and rearranging pixels and patches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core.ops import creation, gather, linalg, shape, spatial, views
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import batched, tuple_of
from facula.nn.functional.sampling import cubic


def _blocks_to_pixels(op: str, input: Tensor, factor: int) -> Tensor:
    c, h, w = input.shape[-3:]
    if c % (factor * factor):
        raise RuntimeError(f"{op}: {c} channels must divide by the square of the factor, {factor}")
    lead = input.shape[:-3]
    x = shape.reshape(input, -1, c // factor ** 2, factor, factor, h, w)
    x = shape.permute(x, 0, 1, 4, 2, 5, 3)
    return shape.reshape(x, *lead, c // factor ** 2, h * factor, w * factor)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """``(*, C r r, H, W)`` as ``(*, C, H r, W r)``: channels become blocks of pixels.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.pixel_shuffle(facula.zeros(1, 8, 2, 3), 2).shape
    facula.Size([1, 2, 4, 6])
    """
    return _blocks_to_pixels("pixel_shuffle", input, upscale_factor)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The reverse of :func:`pixel_shuffle`."""
    r = downscale_factor
    c, h, w = input.shape[-3:]
    if h % r or w % r:
        raise RuntimeError(f"pixel_unshuffle: height {h} and width {w} must divide by {r}")
    x = shape.reshape(input, -1, c, h // r, r, w // r, r)
    x = shape.permute(x, 0, 1, 3, 5, 2, 4)
    return shape.reshape(x, *input.shape[:-3], c * r * r, h // r, w // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of ``(N, C, *)`` dealt out: those of a group are no longer neighbours."""
    n, c = input.shape[:2]
    if c % groups:
        raise RuntimeError(f"channel_shuffle: {c} channels must divide by groups={groups}")
    x = shape.reshape(input, n, groups, c // groups, -1)
    return shape.reshape(shape.permute(x, 0, 2, 1, 3), *input.shape)


def _patch_weights(channels: int, window: tuple[int, ...], like: Tensor) -> Tensor:
    """Filters that each pick one element of a window, for one channel."""
    count = math.prod(window)
    eye = creation.eye(count, dtype=like.dtype, device=like.device)
    return shape.reshape(eye, count, 1, *window).repeat(channels, 1, *(1,) * len(window))  # type: ignore


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
           stride: Any = 1) -> Tensor:
    """The patches under a moving window, as columns.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size, dilation, padding, stride : int or tuple of int

    Returns
    -------
    Tensor
        ``(N, C * kh * kw, positions)``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.functional.unfold(facula.zeros(1, 3, 4, 5), 2).shape
    facula.Size([1, 12, 12])
    """
    x, single = batched(input, 2, "unfold")
    window, step, pads, spread = (tuple_of(v, 2, "unfold", n) for v, n in (
        (kernel_size, "kernel_size"), (stride, "stride"), (padding, "padding"),
        (dilation, "dilation")))
    n, c = x.shape[:2]
    y = spatial.convolution(x, _patch_weights(c, window, x), None, step, pads, spread, c)
    y = shape.reshape(y, n, c * math.prod(window), -1)
    return shape.squeeze(y, 0) if single else y


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
         stride: Any = 1) -> Tensor:
    """Patches added up where :func:`unfold` took them from.

    Parameters
    ----------
    input : Tensor
        ``(N, C * kh * kw, positions)`` or without N.
    output_size : int or tuple of int
        Height and width of the result.
    kernel_size, dilation, padding, stride : int or tuple of int

    Returns
    -------
    Tensor
        ``(N, C, *output_size)``.
    """
    x, single = batched(input, 1, "fold")
    size, window, step, pads, spread = (tuple_of(v, 2, "fold", n) for v, n in (
        (output_size, "output_size"), (kernel_size, "kernel_size"), (stride, "stride"),
        (padding, "padding"), (dilation, "dilation")))
    count = math.prod(window)
    n, columns, positions = x.shape
    if columns % count:
        raise RuntimeError(f"fold: input has {columns} rows, which do not divide by the "
                           f"{count} elements of the window {window}")
    c = columns // count
    grid = tuple([(m + 2 * p - d * (k - 1) - 1) // s + 1 for m, k, s, p, d in zip(
        size, window, step, pads, spread, strict=True)])
    if math.prod(grid) != positions:
        raise RuntimeError(f"fold: input has {positions} columns, but output_size={size} has "
                           f"{math.prod(grid)} positions")
    y = spatial.convolution_input_grad(
        shape.reshape(x, n, columns, *grid), _patch_weights(c, window, x), (n, c, *size), step,
        pads, spread, c)
    return shape.squeeze(y, 0) if single else y


def _linear_weights(n: int, m: int, align: bool, scale: float | None) -> list[list[float]]:
    """Rows of weights: each of m outputs a mean of two of n inputs."""
    rows = [[0.0] * n for _ in range(m)]
    ratio = ((n - 1) / (m - 1) if m > 1 else 0.0) if align else (
        1 / scale if scale else n / m)
    if m == n:
        ratio = 1.0  # PyTorch copies then, whatever the scale factor
    for i in range(m):
        at = i * ratio if align else max((i + 0.5) * ratio - 0.5, 0.0)
        low = min(int(at), n - 1)
        part = at - low
        rows[i][low] += 1 - part
        rows[i][min(low + 1, n - 1)] += part
    return rows


def _cubic_weights(n: int, m: int, align: bool, scale: float | None) -> list[list[float]]:
    rows = [[0.0] * n for _ in range(m)]
    ratio = ((n - 1) / (m - 1) if m > 1 else 0.0) if align else (
        1 / scale if scale else n / m)
    for i in range(m):
        at = i * ratio if align else (i + 0.5) * ratio - 0.5
        low = math.floor(at)
        for k, weight in enumerate(cubic(at - low)):
            rows[i][min(max(low - 1 + k, 0), n - 1)] += weight
    return rows


def _antialiased_weights(n: int, m: int, align: bool, scale: float | None,
                         cubic: bool) -> list[list[float]]:
    """Weights of a filter that widens when the picture shrinks, as Pillow's."""
    ratio = ((n - 1) / (m - 1) if m > 1 else 0.0) if align else (
        1 / scale if scale else n / m)
    stretch = max(ratio, 1.0)
    support = (2.0 if cubic else 1.0) * stretch

    def kernel(x: float) -> float:
        x = abs(x)
        if not cubic:
            return max(0.0, 1 - x)
        a = -0.5
        if x < 1:
            return ((a + 2) * x - (a + 3)) * x * x + 1
        return (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0

    rows = []
    for i in range(m):
        centre = ratio * (i + 0.5)
        low, high = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), n)
        weights = [kernel((j - centre + 0.5) / stretch) for j in range(low, high)]
        total = sum(weights)
        rows.append([0.0] * low + [w / total for w in weights] + [0.0] * (n - high))
    return rows


def _sources(n: int, m: int, exact: bool, scale: float | None, picture: bool,
             wide: bool) -> list[int]:
    """For each of m outputs the nearest of n inputs, rounded as PyTorch does, so that ties agree.

    It computes pictures in float32 and others in their own dtype, and rounds to float32.
    """
    ratio: Any = 1 / scale if scale else n / m
    if picture and not exact and m in (n, 2 * n):
        ratio = n / m  # for pictures PyTorch forgets the scale factor then
    if picture or not wide:
        ratio = float(np.float32(ratio))
    places = (np.arange(m) + (0.5 if exact else 0.0)) * ratio
    return np.minimum(places.astype(np.float32).astype(np.int64), n - 1).tolist()


_RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


@guarded
def interpolate(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
                antialias: bool = False) -> Tensor:
    """A signal, picture or volume in another size.

    Parameters
    ----------
    input : Tensor
        ``(N, C, *spatial)``.
    size : int or tuple of int, optional
        The new spatial sizes; or
    scale_factor : float or tuple of float, optional
        how many times as large.
    mode : str
        ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"bicubic"``,
        ``"trilinear"`` or ``"area"``.
    align_corners : bool, optional
        Let the corners' centres coincide instead of their edges.
    recompute_scale_factor : bool, optional
        Use the factor that follows from the rounded size.
    antialias : bool
        Average over more elements when shrinking; for ``"bilinear"`` and ``"bicubic"``.

    Raises
    ------
    ValueError, NotImplementedError
        If the arguments do not fit each other or the input.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([[[1.0, 2.0]]])
    >>> facula.nn.functional.interpolate(x, scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])
    """
    rank = input.ndim - 2
    if rank < 1:
        raise ValueError(f"interpolate: input has shape {tuple(input.shape)}: it must have batch, "
                         "channels and spatial dimensions")
    if mode in ("nearest", "nearest-exact", "area"):
        if align_corners is not None:
            raise ValueError("align_corners option can only be set with the interpolating modes: "
                             "linear | bilinear | bicubic | trilinear")
    elif _RANKS.get(mode) != rank:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
            "modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got "
            f"{mode})")
    if (size is None) == (scale_factor is None):
        raise ValueError("only one of size or scale_factor should be defined" if size is not None
                         else "either size or scale_factor should be defined")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and "
                         "requires a 4-D tensor as input")
    old = tuple(input.shape[2:])
    scales: list[float | None] = [None] * rank
    if size is not None:
        new = tuple_of(size, rank, "interpolate", "size")
    else:
        factors = (list(scale_factor) if isinstance(scale_factor, (tuple, list))
                   else [scale_factor] * rank)
        if len(factors) != rank:
            raise ValueError(f"interpolate: scale_factor={scale_factor} must be one number or "
                             f"{rank}")
        new = tuple([math.floor(n * f) for n, f in zip(old, factors, strict=True)])
        if not recompute_scale_factor:
            scales = [float(f) for f in factors]
    if min(old) < 1 or min(new) < 1:
        raise RuntimeError(f"interpolate: sizes must be positive, but are {old} and {new}")
    if mode == "area":
        return _area(input, new)
    y = input
    for i in range(rank):
        if mode.startswith("nearest"):
            at = _sources(old[i], new[i], mode.endswith("exact"), scales[i], rank == 2,
                          y.dtype.itemsize == 8)
            y = gather.index_select(y, 2 + i, creation.tensor(at, dtype="int64",
                                                              device=y.device))
            continue
        args = (old[i], new[i], bool(align_corners), scales[i])
        if antialias:
            rows = _antialiased_weights(*args, mode == "bicubic")
        else:
            rows = _cubic_weights(*args) if mode == "bicubic" else _linear_weights(*args)
        matrix = creation.tensor(rows, dtype=y.dtype, device=y.device)
        y = views.movedim(linalg.matmul(views.movedim(y, 2 + i, -1), matrix.mT), -1, 2 + i)
    return y


def _area(input: Tensor, new: tuple[int, ...]) -> Tensor:
    y = input
    for i, m in enumerate(new):
        n = y.shape[2 + i]
        rows = []
        for k in range(m):
            low, high = k * n // m, -(-(k + 1) * n // m)
            rows.append([1 / (high - low) if low <= j < high else 0.0 for j in range(n)])
        matrix = creation.tensor(rows, dtype=y.dtype, device=y.device)
        y = views.movedim(linalg.matmul(views.movedim(y, 2 + i, -1), matrix.mT), -1, 2 + i)
    return y


def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
             align_corners: bool | None = None) -> Tensor:
    """The same as :func:`interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """:func:`interpolate` with the nearest elements."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """:func:`interpolate` between four elements, corners aligned."""
    return interpolate(input, size, scale_factor, "bilinear", True)
