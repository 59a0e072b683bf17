"""The boxes that detectors start from: anchors of each place, and SSD's default boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula import nn
from facula.core import Tensor, cat, tensor
from facula.vision.models.detection.image_list import ImageList


def _grid(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """All places ``(x, y)``, row by row."""
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1)


class AnchorGenerator(nn.Module):
    """Boxes of several sizes and shapes around each place of each feature map.

    Parameters
    ----------
    sizes : tuple of tuple of int
        For each feature map the square roots of the boxes' areas, in pixels.
    aspect_ratios : tuple of tuple of float
        For each feature map the heights, divided by the widths.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.detection.anchor_utils import AnchorGenerator
    >>> from facula.vision.models.detection.image_list import ImageList
    >>> images = ImageList(facula.zeros(1, 3, 32, 32), [(32, 32)])
    >>> generator = AnchorGenerator(((8,),), ((1.0,),))
    >>> generator(images, [facula.zeros(1, 1, 2, 2)])[0]
    tensor([[-4., -4.,  4.,  4.],
            [12., -4., 20.,  4.],
            [-4., 12.,  4., 20.],
            [12., 12., 20., 20.]])
    """

    def __init__(self, sizes: Any = ((128, 256, 512),),
                 aspect_ratios: Any = ((0.5, 1.0, 2.0),)) -> None:
        super().__init__()
        if not isinstance(sizes[0], (list, tuple)):
            sizes = tuple([(size,) for size in sizes])
        if not isinstance(aspect_ratios[0], (list, tuple)):
            aspect_ratios = (aspect_ratios,) * len(sizes)
        self.sizes = sizes
        self.aspect_ratios = aspect_ratios
        self.cell_anchors = [self.generate_anchors(size, ratio)
                             for size, ratio in zip(sizes, aspect_ratios, strict=True)]

    @staticmethod
    def generate_anchors(scales: Sequence[float], aspect_ratios: Sequence[float]) -> np.ndarray:
        """The boxes around the place (0, 0), in whole pixels."""
        high = np.sqrt(np.asarray(aspect_ratios, np.float32))[:, None]
        side = np.asarray(scales, np.float32)[None]
        width, height = (side / high).ravel(), (side * high).ravel()
        boxes: np.ndarray = np.rint(np.stack([-width, -height, width, height], 1) / 2)
        return boxes

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes each place of each feature map has."""
        return [len(s) * len(a) for s, a in zip(self.sizes, self.aspect_ratios, strict=True)]

    def forward(self, image_list: ImageList, feature_maps: Sequence[Tensor]) -> list[Tensor]:
        if len(feature_maps) != len(self.cell_anchors):
            raise ValueError(f"AnchorGenerator: {len(feature_maps)} feature maps, but sizes for "
                             f"{len(self.cell_anchors)}: there must be as many")
        height, width = image_list.tensors.shape[-2:]
        found = []
        for features, cell in zip(feature_maps, self.cell_anchors, strict=True):
            rows, columns = features.shape[-2:]
            places = _grid(np.arange(rows) * (height // rows),
                           np.arange(columns) * (width // columns))
            boxes = np.tile(places, 2)[:, None] + cell[None]
            found.append(boxes.reshape(-1, 4))
        anchors = tensor(np.concatenate(found), dtype=feature_maps[0].dtype,
                         device=feature_maps[0].device)
        return [anchors] * len(image_list.image_sizes)


class DefaultBoxGenerator(nn.Module):
    """SSD's boxes: of two sizes and several shapes around the middle of each place.

    Parameters
    ----------
    aspect_ratios : list of list of int
        For each feature map the shapes besides the square; each is also turned.
    min_ratio, max_ratio : float
        The smallest and largest scale, relative to the picture; those between follow evenly.
    scales : list of float, optional
        All scales, one more than feature maps, instead.
    steps : list of int, optional
        For each feature map the pixels between places; by default the picture's size divided by
        the map's.
    clip : bool
        Whether widths and heights stay below the picture's.
    """

    def __init__(self, aspect_ratios: Sequence[Sequence[int]], min_ratio: float = 0.15,
                 max_ratio: float = 0.9, scales: Sequence[float] | None = None,
                 steps: Sequence[int] | None = None, clip: bool = True) -> None:
        super().__init__()
        if steps is not None and len(aspect_ratios) != len(steps):
            raise ValueError(f"DefaultBoxGenerator: {len(steps)} steps for {len(aspect_ratios)} "
                             "aspect_ratios: there must be as many")
        self.aspect_ratios = aspect_ratios
        self.steps = steps
        self.clip = clip
        count = len(aspect_ratios)
        if scales is not None:
            self.scales = list(scales)
        elif count > 1:
            spread = max_ratio - min_ratio
            self.scales = [min_ratio + spread * k / (count - 1.0) for k in range(count)] + [1.0]
        else:
            self.scales = [min_ratio, max_ratio]
        self._sizes = [self._sizes_of(k) for k in range(count)]

    def _sizes_of(self, k: int) -> np.ndarray:
        """Widths and heights of the boxes of a feature map's places."""
        scale, between = self.scales[k], math.sqrt(self.scales[k] * self.scales[k + 1])
        pairs = [[scale, scale], [between, between]]
        for ratio in self.aspect_ratios[k]:
            wide, narrow = scale * math.sqrt(ratio), scale / math.sqrt(ratio)
            pairs += [[wide, narrow], [narrow, wide]]
        return np.array(pairs, np.float32)

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes each place of each feature map has."""
        return [2 + 2 * len(ratios) for ratios in self.aspect_ratios]

    def forward(self, image_list: ImageList, feature_maps: Sequence[Tensor]) -> list[Tensor]:
        height, width = image_list.tensors.shape[-2:]
        found = []
        for k, features in enumerate(feature_maps):
            rows, columns = features.shape[-2:]
            high, wide = ((rows, columns) if self.steps is None
                          else (height / self.steps[k], width / self.steps[k]))
            half = np.float32(0.5)
            middle = _grid((np.arange(rows, dtype=np.float32) + half) / np.float32(high),
                           (np.arange(columns, dtype=np.float32) + half) / np.float32(wide))
            sizes = self._sizes[k].clip(0, 1) if self.clip else self._sizes[k]
            found.append(np.concatenate([np.repeat(middle, len(sizes), 0),
                                         np.tile(sizes, (len(middle), 1))], 1))
        first = feature_maps[0]
        boxes = tensor(np.concatenate(found), dtype=first.dtype, device=first.device)
        scale = tensor([width, height], dtype=first.dtype, device=first.device)
        half_size = 0.5 * boxes[:, 2:]
        corners = cat([(boxes[:, :2] - half_size) * scale, (boxes[:, :2] + half_size) * scale], 1)
        return [corners] * len(image_list.image_sizes)

    def __repr__(self) -> str:
        return (f"DefaultBoxGenerator(aspect_ratios={self.aspect_ratios}, clip={self.clip}, "
                f"scales={self.scales}, steps={self.steps})")
