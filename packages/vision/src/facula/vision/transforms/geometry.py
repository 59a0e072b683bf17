"""Random flips, rotations, affine maps, perspective and elastic distortions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import from_numpy, rand
from facula.vision.transforms import _random
from facula.vision.transforms import functional as F
from facula.vision.transforms.base import Transform
from facula.vision.transforms.functional.kinds import InterpolationMode, interpolation_mode
from facula.vision.transforms.functional.resample import blur_matrix

NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def _range(op: str, name: str, value: Any) -> list[float]:
    """Two bounds from one number (both signs of it) or from two."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"{op}: {name}={value} must not be negative, or be two numbers")
        return [-float(value), float(value)]
    if len(value) != 2:
        raise ValueError(f"{op}: {name}={value!r} must be one or two numbers")
    return [float(value[0]), float(value[1])]


class RandomHorizontalFlip(Transform):
    """A picture with left and right exchanged, with probability ``p``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1.0)(facula.tensor([[1, 2]]))
    tensor([[2, 1]])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if _random.chance(self.p) else img


class RandomVerticalFlip(Transform):
    """A picture with top and bottom exchanged, with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if _random.chance(self.p) else img


class RandomRotation(Transform):
    """A picture rotated by a random angle.

    Parameters
    ----------
    degrees : float or sequence of float
        The least and the largest angle; one number stands for both signs.
    interpolation, expand, center, fill
        As for ``functional.rotate``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.RandomRotation((90, 90))(facula.tensor([[[1, 2], [3, 4]]]))
    tensor([[[2, 4],
             [1, 3]]])
    """

    _usual = {"center": None}

    def __init__(self, degrees: float | Sequence[float], interpolation: Any = NEAREST,
                 expand: bool = False, center: Sequence[float] | None = None,
                 fill: Any = 0) -> None:
        super().__init__()
        self.degrees = _range("RandomRotation", "degrees", degrees)
        self.interpolation = interpolation_mode("RandomRotation", interpolation)
        self.expand = expand
        self.center = center
        self.fill = fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """A random angle."""
        return _random.uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        return F.rotate(img, self.get_params(self.degrees), self.interpolation, self.expand,
                        self.center, self.fill)


class RandomAffine(Transform):
    """A picture rotated, shifted, scaled and sheared by random amounts.

    Parameters
    ----------
    degrees : float or sequence of float
        The least and the largest angle; one number stands for both signs.
    translate : sequence of float, optional
        The largest shifts as shares of width and height.
    scale : sequence of float, optional
        The least and the largest factor.
    shear : float or sequence of float, optional
        Degrees: one number or two for x, four for x and y.
    interpolation, fill, center
        As for ``functional.affine``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.RandomAffine(10, translate=(0.1, 0.1))(facula.zeros(1, 8, 8)).shape
    facula.Size([1, 8, 8])
    """

    _usual = {"translate": None, "scale": None, "shear": None, "interpolation": NEAREST, "fill": 0,
              "center": None}

    def __init__(self, degrees: float | Sequence[float],
                 translate: Sequence[float] | None = None, scale: Sequence[float] | None = None,
                 shear: float | Sequence[float] | None = None, interpolation: Any = NEAREST,
                 fill: Any = 0, center: Sequence[float] | None = None) -> None:
        super().__init__()
        self.degrees = _range("RandomAffine", "degrees", degrees)
        if translate is not None and not all(0 <= t <= 1 for t in translate):
            raise ValueError(f"RandomAffine: translate={translate!r} must be shares from 0 to 1")
        if scale is not None and min(scale) <= 0:
            raise ValueError(f"RandomAffine: scale={scale!r} must be above 0")
        self.translate = translate
        self.scale = scale
        if isinstance(shear, Sequence) and len(shear) == 4:
            self.shear: Any = [float(s) for s in shear]
        else:
            self.shear = None if shear is None else _range("RandomAffine", "shear", shear)
        self.interpolation = interpolation_mode("RandomAffine", interpolation)
        self.fill = fill
        self.center = center

    @staticmethod
    def get_params(degrees: Sequence[float], translate: Sequence[float] | None,
                   scale_ranges: Sequence[float] | None, shears: Sequence[float] | None,
                   img_size: Sequence[int]) -> Any:
        """A random angle, shift (x, y), factor and shear (x, y) for a picture (width, height)."""
        angle = _random.uniform(degrees[0], degrees[1])
        shift = (0, 0)
        if translate is not None:
            far = [share * size for share, size in zip(translate, img_size, strict=True)]
            shift = (round(_random.uniform(-far[0], far[0])),
                     round(_random.uniform(-far[1], far[1])))
        factor = 1.0 if scale_ranges is None else _random.uniform(*scale_ranges)
        lean = (0.0, 0.0)
        if shears is not None:
            lean = (_random.uniform(shears[0], shears[1]),
                    _random.uniform(shears[2], shears[3]) if len(shears) == 4 else 0.0)
        return angle, shift, factor, lean

    def forward(self, img: Any) -> Any:
        angle, shift, factor, lean = self.get_params(self.degrees, self.translate, self.scale,
                                                     self.shear, F.get_image_size(img))
        return F.affine(img, angle, shift, factor, lean, self.interpolation, self.fill,
                        self.center)


class RandomPerspective(Transform):
    """A picture in a random perspective, with probability ``p``.

    Parameters
    ----------
    distortion_scale : float
        How far, from 0 to 1, the corners may move towards the middle.
    p : float
        The probability.
    interpolation, fill
        As for ``functional.perspective``.
    """

    def __init__(self, distortion_scale: float = 0.5, p: float = 0.5,
                 interpolation: Any = BILINEAR, fill: Any = 0) -> None:
        super().__init__()
        self.distortion_scale = distortion_scale
        self.p = p
        self.interpolation = interpolation_mode("RandomPerspective", interpolation)
        self.fill = fill

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> Any:
        """The corners, and where they go."""
        dx, dy = int(distortion_scale * (width // 2)), int(distortion_scale * (height // 2))
        start = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        end = [[abs(x - _random.integer(0, dx)), abs(y - _random.integer(0, dy))]
               for x, y in start]
        return start, end

    def forward(self, img: Any) -> Any:
        if not _random.chance(self.p):
            return img
        width, height = F.get_image_size(img)
        start, end = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, start, end, self.interpolation, self.fill)


class ElasticTransform(Transform):
    """A picture seen through water: smooth random displacements.

    Parameters
    ----------
    alpha : float or sequence of float
        How far pixels move, along y and x.
    sigma : float or sequence of float
        How smooth the displacements are.
    interpolation, fill
        As for ``functional.elastic_transform``.
    """

    def __init__(self, alpha: Any = 50.0, sigma: Any = 5.0, interpolation: Any = BILINEAR,
                 fill: Any = 0) -> None:
        super().__init__()
        both = [[float(v)] * 2 if isinstance(v, (int, float)) else [float(x) for x in v]
                for v in (alpha, sigma)]
        self.alpha, self.sigma = both
        self.interpolation = interpolation_mode("ElasticTransform", interpolation)
        self.fill = fill

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Any:
        """Displacements of shape (1, H, W, 2)."""
        moves = []
        for axis in (1, 0):
            noise = rand(tuple(size)).numpy() * 2 - 1
            if sigma[axis] > 0:
                rows, columns = (blur_matrix(n, (int(8 * s + 1) | 1), s)
                                 for n, s in zip(size, sigma, strict=True))
                noise = rows @ noise @ columns.T
            moves.append(noise * alpha[axis] / size[axis])
        return from_numpy(np.stack(moves, -1)[None].astype(np.float32))

    def forward(self, img: Any) -> Any:
        _, height, width = F.get_dimensions(img)
        moves = self.get_params(self.alpha, self.sigma, (height, width))
        return F.elastic_transform(img, moves, self.interpolation, self.fill)

