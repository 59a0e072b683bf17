"""Affine, perspective and elastic distortions of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from facula.core import Tensor
from facula.vision.transforms.functional.convert import pil_to_tensor, to_pil_image
from facula.vision.transforms.functional.geometry import pil_fill
from facula.vision.transforms.functional.kinds import (
    PIL_MODES,
    InterpolationMode,
    check_picture,
    get_dimensions,
    interpolation_mode,
    is_pil,
)
from facula.vision.transforms.functional.warp import grid, sample

NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def inverse_affine(center: Sequence[float], angle: float, translate: Sequence[float],
                   scale: float, shear: Sequence[float]) -> np.ndarray:
    """The matrix (2, 3) from output to input positions.

    Forward, a position p goes to ``T C R S H C^-1 p``: shear H, scale S, rotation R by ``angle``
    (degrees, clockwise as y points down) about the centre C, then the translation T.
    """
    rotation = math.radians(angle)
    sx, sy = math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(rotation - sy) / math.cos(sy)
    b = -math.cos(rotation - sy) * math.tan(sx) / math.cos(sy) - math.sin(rotation)
    c = math.sin(rotation - sy) / math.cos(sy)
    d = -math.sin(rotation - sy) * math.tan(sx) / math.cos(sy) + math.cos(rotation)
    linear = np.array([[d, -b], [-c, a]]) / scale  # the inverse: the determinant of R H is 1
    middle = np.asarray(center, float)
    return np.column_stack([linear, middle - linear @ (middle + np.asarray(translate, float))])


def affine(img: Any, angle: float, translate: Sequence[float], scale: float, shear: Any,
           interpolation: Any = NEAREST, fill: Any = None,
           center: Sequence[float] | None = None) -> Any:
    """A picture rotated, shifted, scaled and sheared about its centre, in its own size.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    angle : float
        Degrees, clockwise.
    translate : sequence of float
        Pixels to the right and downwards.
    scale : float
        Above 0.
    shear : float or sequence of float
        Degrees along x, or along x and y.
    interpolation : InterpolationMode
        Nearest or bilinear.
    fill : number or sequence, optional
        The value outside.
    center : sequence of float, optional
        The fixed position, x and y.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.affine(facula.tensor([[[1, 2, 3]]]), 0, [1, 0], 1.0, 0.0)
    tensor([[[0, 1, 2]]])
    """
    check_picture("affine", img)
    _, height, width = get_dimensions(img)
    matrix = affine_matrix((height, width), angle, translate, scale, shear, center)
    return _map_affine("affine", img, matrix, (height, width), interpolation, fill)


def _map_affine(op: str, img: Any, matrix: np.ndarray, size: tuple[int, int], interpolation: Any,
                fill: Any) -> Any:
    mode = interpolation_mode(op, interpolation)
    if is_pil(img):
        return img.transform(size[::-1], Image.Transform.AFFINE, tuple(matrix.reshape(-1)),
                             PIL_MODES[mode], fillcolor=pil_fill(img, fill))
    xs, ys = grid(*size)
    return sample(op, img, matrix[0, 0] * xs + matrix[0, 1] * ys + matrix[0, 2],
                  matrix[1, 0] * xs + matrix[1, 1] * ys + matrix[1, 2], mode, fill)


def rotate(img: Any, angle: float, interpolation: Any = NEAREST, expand: bool = False,
           center: Sequence[float] | None = None, fill: Any = None) -> Any:
    """A picture rotated counter-clockwise about its centre.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    angle : float
        Degrees.
    interpolation : InterpolationMode
        Nearest or bilinear.
    expand : bool
        Make the picture as large as the whole rotated one.
    center : sequence of float, optional
        The fixed position, x and y.
    fill : number or sequence, optional
        The value outside.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.rotate(facula.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    check_picture("rotate", img)
    _, height, width = get_dimensions(img)
    matrix, size = rotation((height, width), angle, expand, center)
    return _map_affine("rotate", img, matrix, size, interpolation, fill)


def rotation(size: tuple[int, int], angle: float, expand: bool,
             center: Sequence[float] | None) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix (2, 3) from output to input positions, and the output's height and width."""
    height, width = size
    middle = (width / 2, height / 2) if center is None or expand else center
    matrix = inverse_affine(middle, -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    if expand:
        linear, centre = np.linalg.inv(matrix[:, :2]), np.array(middle)[:, None]
        around = np.array([[0, width, width, 0], [0, 0, height, height]]) - centre
        corners = np.round(linear @ around + centre, 4)  # 5.0000001 is no sixth pixel
        low, high = corners.min(1), corners.max(1)
        new_width, new_height = np.ceil(high) - np.floor(low)
        size = (int(new_height), int(new_width))
        matrix[:, 2] = np.array(middle) - matrix[:, :2] @ (new_width / 2, new_height / 2)
    return matrix, size


def affine_matrix(size: tuple[int, int], angle: float, translate: Sequence[float], scale: float,
                  shear: Any, center: Sequence[float] | None) -> np.ndarray:
    """The matrix (2, 3) from output to input positions of :func:`affine`."""
    if scale <= 0:
        raise ValueError(f"affine: scale={scale} must be above 0")
    if len(translate) != 2:
        raise ValueError(f"affine: translate={translate!r} must have 2 numbers")
    shears = [shear, 0.0] if isinstance(shear, (int, float)) else [*shear, 0.0][:2]
    middle = (size[1] / 2, size[0] / 2) if center is None else center
    return inverse_affine(middle, angle, translate, scale, shears)


def perspective_coefficients(startpoints: Sequence[Sequence[float]],
                             endpoints: Sequence[Sequence[float]]) -> np.ndarray:
    """The eight numbers of the projective map from the end points to the start points."""
    rows, right = [], []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.linalg.lstsq(np.array(rows, float), np.array(right, float), rcond=None)[0]


def perspective(img: Any, startpoints: Sequence[Sequence[float]],
                endpoints: Sequence[Sequence[float]], interpolation: Any = BILINEAR,
                fill: Any = None) -> Any:
    """A picture in perspective: four positions (x, y) go to four others.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> corners = [[0, 0], [7, 0], [7, 7], [0, 7]]
    >>> F.perspective(facula.ones(1, 8, 8), corners, [[1, 1], [6, 0], [7, 7], [0, 7]]).shape
    facula.Size([1, 8, 8])
    """
    check_picture("perspective", img)
    mode = interpolation_mode("perspective", interpolation)
    c = perspective_coefficients(startpoints, endpoints)
    _, height, width = get_dimensions(img)
    if is_pil(img):
        return img.transform((width, height), Image.Transform.PERSPECTIVE, tuple(c),
                             PIL_MODES[mode], fillcolor=pil_fill(img, fill))
    xs, ys = grid(height, width)
    below = c[6] * xs + c[7] * ys + 1
    return sample("perspective", img, (c[0] * xs + c[1] * ys + c[2]) / below,
                  (c[3] * xs + c[4] * ys + c[5]) / below, mode, fill)


def elastic_transform(img: Any, displacement: Tensor, interpolation: Any = BILINEAR,
                      fill: Any = None) -> Any:
    """A picture whose pixels come from displaced positions.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    displacement : Tensor
        Shape (1, H, W, 2), along x and y, in units of half the width and height.
    interpolation : InterpolationMode
        Nearest or bilinear.
    fill : number or sequence, optional
        The value outside.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.elastic_transform(facula.ones(1, 2, 2), facula.zeros(1, 2, 2, 2))
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    check_picture("elastic_transform", img)
    _, height, width = get_dimensions(img)
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(f"elastic_transform: displacement has shape {tuple(displacement.shape)}, "
                         f"but the picture needs {(1, height, width, 2)}")
    moves = displacement.numpy(force=True)[0]
    xs, ys = grid(height, width)
    x = pil_to_tensor(img) if is_pil(img) else img
    out = sample("elastic_transform", x, xs + moves[..., 0] * width / 2,
                 ys + moves[..., 1] * height / 2,
                 interpolation_mode("elastic_transform", interpolation), fill)
    return to_pil_image(out, img.mode) if is_pil(img) else out
