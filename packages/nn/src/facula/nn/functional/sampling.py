"""Pictures and volumes read at given points: grids of points, and interpolation between pixels."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from facula.core.errors import describe
from facula.core.ops import convert, creation, gather, joining, linalg, masked, shape, unary
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional._tuples import ints


def _corners(op: str, align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(f"Default {op} and affine_grid behavior has changed to align_corners=False "
                      "since 1.3.0. Please specify align_corners=True if the old behavior is "
                      "desired.", stacklevel=3)
    return bool(align_corners)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The points at which an affine map wants a picture to be read.

    Parameters
    ----------
    theta : Tensor
        ``(N, 2, 3)`` for pictures, ``(N, 3, 4)`` for volumes: from output to input coordinates.
    size : sequence of int
        Of the output, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
    align_corners : bool, optional
        Let -1 and 1 be the centres of the first and last pixel instead of their outer edges.

    Returns
    -------
    Tensor
        ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``, for :func:`grid_sample`; x comes first.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a size is not positive.

    References
    ----------
    Jaderberg et al., "Spatial Transformer Networks", https://arxiv.org/abs/1506.02025

    Examples
    --------
    >>> import facula
    >>> still = facula.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> facula.nn.functional.affine_grid(still, (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    op = "affine_grid"
    sizes = ints(size, op, "size")
    if not theta.is_floating_point():
        raise ValueError(f"{op}: expected theta to have floating point type, but it is "
                         f"{describe(theta)}")
    if len(sizes) not in (4, 5):
        raise NotImplementedError(f"{op}: only supports 4D and 5D sizes, for 2D and 3D affine "
                                  f"transforms, respectively. Got size {tuple(sizes)}")
    rank = len(sizes) - 2
    if tuple(theta.shape) != (sizes[0], rank, rank + 1):
        raise ValueError(f"{op}: expected a batch of affine matrices of shape "
                         f"{(sizes[0], rank, rank + 1)} for size {tuple(sizes)}, but theta is "
                         f"{describe(theta)}")
    if min(sizes) <= 0:
        raise ValueError(f"{op}: expected non-zero, positive output size. Got {tuple(sizes)}")
    align = _corners("grid_sample", align_corners)
    spatial = sizes[2:]
    lines = []
    for i, n in reversed(list(enumerate(spatial))):
        reach = 0.0 if n == 1 else 1.0 if align else (n - 1) / n
        line = creation.linspace(-reach, reach, n, dtype=theta.dtype, device=theta.device)
        line = shape.reshape(line, *(n if k == i else 1 for k in range(rank)))
        lines.append(shape.expand(line, *spatial))
    lines.append(creation.ones(*spatial, dtype=theta.dtype, device=theta.device))
    points = shape.reshape(joining.stack(lines, -1), -1, rank + 1)
    return shape.reshape(linalg.matmul(points, theta.mT), sizes[0], *spatial, rank)


def _reflected(x: Any, low: float, high: float) -> Any:
    """Coordinates thrown back at both ends until they lie between them."""
    span = high - low
    if span <= 0:
        return x * 0
    distance = (x - low).abs()
    turns = unary.floor(distance.detach() / span)
    rest = distance - turns * span
    return masked.where(turns % 2 == 0, rest + low, high - rest)


def _held(x: Any, n: int) -> Any:
    """Coordinates brought to the next pixel; the derivative is 0 there and outside."""
    return masked.where(x <= 0, 0.0, masked.where(x >= n - 1, float(n - 1), x))


def _brought_in(padding_mode: str, align: bool) -> Callable[[Any, int], Any]:
    """What the padding does to coordinates along a dimension of n pixels."""
    if padding_mode == "border":
        return _held
    if padding_mode == "reflection":
        edge = 0.0 if align else -0.5
        return lambda x, n: _held(_reflected(x, edge, n - 1 - edge), n)
    return lambda x, n: x


def _read(flat: Any, places: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Pixels at whole coordinates given as floats, ``(N, P)`` each; 0 outside of the picture."""
    inside: Any = None
    for x, n in zip(places, sizes, strict=True):
        within = (x >= 0) & (x <= n - 1)
        inside = within if inside is None else inside & within
    index: Any = 0
    for x, n in zip(places, sizes, strict=True):
        index = index * n + convert.long(masked.where(inside, x, 0.0))
    index = shape.unsqueeze(index, 1)
    n, channels, _ = flat.shape
    values = gather.gather(flat, 2, shape.expand(index, n, channels, index.shape[2]))
    return masked.where(shape.unsqueeze(inside, 1), values, 0.0)


def _linear(flat: Any, where: list[Any], sizes: Sequence[int]) -> Any:
    lows = [unary.floor(x.detach()) for x in where]
    parts = [x - low for x, low in zip(where, lows, strict=True)]
    total: Any = None
    for corner in itertools.product((0, 1), repeat=len(where)):
        weight: Any = 1.0
        for far, part in zip(corner, parts, strict=True):
            weight = weight * (part if far else 1 - part)
        value = _read(flat, [low + far for low, far in zip(lows, corner, strict=True)], sizes)
        term = value * shape.unsqueeze(weight, 1)
        total = term if total is None else total + term
    return total


def cubic(part: Any) -> list[Any]:
    """Keys' weights of four neighbours, with a = -0.75: numbers' or tensors'."""
    a = -0.75

    def near(t: Any) -> Any:
        return ((a + 2) * t - (a + 3)) * t * t + 1

    def far(t: Any) -> Any:
        return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return [far(part + 1), near(part), near(1 - part), far(2 - part)]


def _bicubic(flat: Any, where: list[Any], sizes: Sequence[int],
             bring_in: Callable[[Any, int], Any]) -> Any:
    lows = [unary.floor(x.detach()) for x in where]
    rows, columns = (cubic(x - low) for x, low in zip(where, lows, strict=True))
    total: Any = None
    for i, j in itertools.product(range(4), repeat=2):
        places = [bring_in(low + k - 1, n) for low, k, n in zip(lows, (i, j), sizes, strict=True)]
        term = _read(flat, places, sizes) * shape.unsqueeze(rows[i] * columns[j], 1)
        total = term if total is None else total + term
    return total


@guarded
def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Tensor:
    """Pictures or volumes read at given points.

    Parameters
    ----------
    input : Tensor
        ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
    grid : Tensor
        ``(N, *out, 2)`` or ``(N, *out, 3)``: for each output element the point to read, x first;
        the picture reaches from -1 to 1.
    mode : str
        ``"bilinear"`` (for volumes: trilinear), ``"nearest"`` or, for pictures, ``"bicubic"``.
    padding_mode : str
        What lies outside: ``"zeros"``, the ``"border"`` going on, or the ``"reflection"``.
    align_corners : bool, optional
        Let -1 and 1 be the centres of the first and last pixel instead of their outer edges.

    Returns
    -------
    Tensor
        ``(N, C, *out)``; differentiable by ``input`` and, but for ``"nearest"``, by ``grid``.

    Raises
    ------
    ValueError, RuntimeError
        If a mode is unknown or the shapes do not fit.

    References
    ----------
    Jaderberg et al., "Spatial Transformer Networks", https://arxiv.org/abs/1506.02025

    Examples
    --------
    >>> import facula
    >>> picture = facula.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> centre = facula.zeros(1, 1, 1, 2)
    >>> facula.nn.functional.grid_sample(picture, centre, align_corners=False)
    tensor([[[[2.5000]]]])
    """
    op = "grid_sample"
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"{op}: expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
                         f"{mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"{op}: expected padding_mode to be 'zeros', 'border', or 'reflection', "
                         f"but got: {padding_mode!r}")
    align = _corners(op, align_corners)
    rank = input.ndim - 2
    if rank not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != rank or (
            grid.shape[0] != input.shape[0]):
        raise RuntimeError(f"{op}: the shapes do not fit: input has shape {tuple(input.shape)}, "
                           f"grid has shape {tuple(grid.shape)}: they must be (N, C, H, W) and "
                           "(N, H_out, W_out, 2), or (N, C, D, H, W) and "
                           "(N, D_out, H_out, W_out, 3)")
    if mode == "bicubic" and rank == 3:
        raise RuntimeError(f"{op}: bicubic interpolation only supports 4D input, but input is "
                           f"{describe(input)}")
    if input.dtype is not grid.dtype:
        raise RuntimeError(f"{op}: input and grid must have the same dtype, but input is "
                           f"{describe(input)} and grid is {describe(grid)}")
    sizes = tuple(input.shape[2:])
    if 0 in sizes:
        raise RuntimeError(f"{op}: input has shape {tuple(input.shape)}: its spatial dimensions "
                           "must not be empty")
    out = tuple(grid.shape[1:-1])
    flat = shape.reshape(input, *input.shape[:2], -1)
    points: Any = shape.reshape(grid, grid.shape[0], -1, rank)
    bring_in = _brought_in(padding_mode, align)
    where = []
    for i, n in enumerate(sizes):
        x = points[:, :, rank - 1 - i]
        x = (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2
        where.append(x if mode == "bicubic" else bring_in(x, n))
    if mode == "nearest":
        y = _read(flat, [unary.round(x.detach()) for x in where], sizes)
    elif mode == "bilinear":
        y = _linear(flat, where, sizes)
    else:
        y = _bicubic(flat, where, sizes, bring_in)
    return shape.reshape(y, *input.shape[:2], *out)
