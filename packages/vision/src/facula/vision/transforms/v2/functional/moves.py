"""Where positions go: each geometric transform as a map of points, and the new canvas.

Boxes and points follow from it: a box becomes the smallest one around its moved corners.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core import Tensor, clamp, from_numpy, stack
from facula.vision.transforms.functional.distort import (
    affine_matrix,
    perspective_coefficients,
    rotation,
)
from facula.vision.transforms.functional.geometry import resized_size, sides_of
from facula.vision.transforms.functional.kinds import pair

Canvas = tuple[int, int]


@dataclass(frozen=True)
class Move:
    """A map of positions x, y to new ones, and the new canvas (height, width).

    ``exact`` says that integers stay integers, ``clamps`` that boxes are cut at the new canvas;
    ``pixels`` is the map of points where it differs from that of corners.
    """

    canvas: Canvas
    at: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    exact: bool = False
    clamps: bool = True
    pixels: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None


def resize(canvas: Canvas, size: Any, interpolation: Any = None, max_size: int | None = None,
           antialias: bool | None = True) -> Move:
    """Both axes by their ratios."""
    new = resized_size("resize", *canvas, size, max_size)
    down, across = new[0] / canvas[0], new[1] / canvas[1]
    return Move(new, lambda x, y: (x * across, y * down))


def horizontal_flip(canvas: Canvas) -> Move:
    """From the other side; of points, which name pixels, the last pixel is the first."""
    width = canvas[1]
    return Move(canvas, lambda x, y: (width - x, y), exact=True, clamps=False,
                pixels=lambda x, y: (width - 1 - x, y))


def vertical_flip(canvas: Canvas) -> Move:
    """From the other end."""
    height = canvas[0]
    return Move(canvas, lambda x, y: (x, height - y), exact=True, clamps=False,
                pixels=lambda x, y: (x, height - 1 - y))


def crop(canvas: Canvas, top: int, left: int, height: int, width: int) -> Move:
    """From another corner."""
    return Move((height, width), lambda x, y: (x - left, y - top), exact=True)


def pad(canvas: Canvas, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Move:
    """From another corner; what a mirrored border shows has no boxes."""
    if padding_mode != "constant":
        raise ValueError(f"pad: padding_mode={padding_mode!r} is not for boxes and points: use "
                         "constant")
    left, top, right, bottom = sides_of(padding)
    return Move((canvas[0] + top + bottom, canvas[1] + left + right),
                lambda x, y: (x + left, y + top), exact=True)


def center_crop(canvas: Canvas, output_size: Any) -> Move:
    """As :func:`crop` from the middle."""
    height, width = pair("center_crop", "output_size", output_size)
    above, beside = max(height - canvas[0], 0), max(width - canvas[1], 0)
    whole = (max(canvas[0], height), max(canvas[1], width))
    top = round((whole[0] - height) / 2.0) - above // 2
    left = round((whole[1] - width) / 2.0) - beside // 2
    return crop(canvas, top, left, height, width)


def resized_crop(canvas: Canvas, top: int, left: int, height: int, width: int, size: Any,
                 interpolation: Any = None, antialias: bool | None = True) -> Move:
    """:func:`crop`, then :func:`resize`."""
    second = resize((height, width), size)
    return Move(second.canvas, lambda x, y: second.at(x - left, y - top))


def _linear(canvas: Canvas, matrix: np.ndarray) -> Move:
    """By the inverse of a matrix (2, 3) from new positions to old ones."""
    a = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    return Move(canvas, lambda x, y: (float(a[0, 0]) * x + float(a[0, 1]) * y + float(a[0, 2]),
                                      float(a[1, 0]) * x + float(a[1, 1]) * y + float(a[1, 2])))


def affine(canvas: Canvas, angle: float, translate: Sequence[float], scale: float, shear: Any,
           interpolation: Any = None, fill: Any = None,
           center: Sequence[float] | None = None) -> Move:
    """By the map's matrix."""
    return _linear(canvas, affine_matrix(canvas, angle, translate, scale, shear, center))


def rotate(canvas: Canvas, angle: float, interpolation: Any = None, expand: bool = False,
           center: Sequence[float] | None = None, fill: Any = None) -> Move:
    """By the rotation's matrix."""
    matrix, new = rotation(canvas, angle, expand, center)
    return _linear(new, matrix)


def perspective(canvas: Canvas, startpoints: Any, endpoints: Any, interpolation: Any = None,
                fill: Any = None) -> Move:
    """By the projective map from the start points to the end points."""
    c = [float(v) for v in perspective_coefficients(endpoints, startpoints)]

    def at(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        below = c[6] * x + c[7] * y + 1
        return (c[0] * x + c[1] * y + c[2]) / below, (c[3] * x + c[4] * y + c[5]) / below

    return Move(canvas, at)


def elastic(canvas: Canvas, displacement: Tensor, interpolation: Any = None,
            fill: Any = None) -> Move:
    """Against the displacement that stands at the position: it says whence pixels come."""
    height, width = canvas
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(f"elastic: displacement has shape {tuple(displacement.shape)}, but the "
                         f"canvas needs {(1, height, width, 2)}")
    moves = displacement.numpy(force=True)[0]

    def at(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        column = clamp(x.ceil(), 0, width - 1).long().numpy(force=True)
        row = clamp(y.ceil(), 0, height - 1).long().numpy(force=True)
        dx, dy = moves[row, column, 0], moves[row, column, 1]
        new = (column + 0.5 - dx * width / 2 - 0.5, row + 0.5 - dy * height / 2 - 0.5)
        return tuple([from_numpy(v.astype(np.float32)).to(  # type: ignore[return-value]
            device=x.device, dtype=x.dtype) for v in new])

    return Move(canvas, at)


def moved_boxes(corners: Tensor, move: Move) -> Tensor:
    """Boxes (N, 4) of two corners each, around their moved corners."""
    work = corners if move.exact or corners.is_floating_point() else corners.float()
    x1, y1, x2, y2 = work.unbind(-1)
    x, y = move.at(stack([x1, x2, x2, x1], dim=-1), stack([y1, y1, y2, y2], dim=-1))
    around = stack([x.amin(-1), y.amin(-1), x.amax(-1), y.amax(-1)], dim=-1)
    return around.to(corners.dtype)


def moved_points(points: Tensor, move: Move) -> Tensor:
    """Points (..., 2) where they go."""
    work = points if move.exact or points.is_floating_point() else points.float()
    x, y = (move.pixels or move.at)(*work.unbind(-1))
    return stack([x, y], dim=-1).to(points.dtype)
