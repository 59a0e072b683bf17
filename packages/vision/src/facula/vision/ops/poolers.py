"""RoIAlign over a pyramid: each region is read from the map that fits its size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from facula.core import Tensor, cat, clamp, no_grad, zeros
from facula.nn import Module
from facula.vision.ops.boxes import box_area
from facula.vision.ops.roi import roi_align


class MultiScaleRoIAlign(Module):
    """:func:`roi_align` from the level of a pyramid that each box's size asks for.

    A box of area s**2 goes to level ``canonical_level + log2(s / canonical_scale)``, rounded down
    and within the levels that there are.

    Parameters
    ----------
    featmap_names : list of str
        The maps to use, from fine to coarse.
    output_size : int or tuple of int
        The bins down and across.
    sampling_ratio : int
        As for :func:`roi_align`.
    canonical_scale : int
        The side of a box that goes to the canonical level.
    canonical_level : int
        The level of such a box, counted as log2 of the map's stride.

    References
    ----------
    T.-Y. Lin et al., Feature pyramid networks, arXiv:1612.03144, equation 1.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import MultiScaleRoIAlign
    >>> pool = MultiScaleRoIAlign(["a", "b"], 3, 2)
    >>> maps = {"a": facula.zeros(1, 5, 64, 64), "b": facula.zeros(1, 5, 16, 16)}
    >>> boxes = [facula.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 200.0, 200.0]])]
    >>> pool(maps, boxes, [(512, 512)]).shape
    facula.Size([2, 5, 3, 3])
    """

    def __init__(self, featmap_names: list[str], output_size: int | Sequence[int],
                 sampling_ratio: int, *, canonical_scale: int = 224,
                 canonical_level: int = 4) -> None:
        super().__init__()
        self.featmap_names = featmap_names
        self.sampling_ratio = sampling_ratio
        self.output_size = ((output_size, output_size) if isinstance(output_size, int)
                            else tuple(output_size))
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    def _scales(self, maps: Sequence[Tensor], image_shapes: Sequence[Any]) -> list[float]:
        """Of each map: the power of two nearest to its size by the largest picture's."""
        largest = [max(shape[axis] for shape in image_shapes) for axis in (0, 1)]
        scales = []
        for one in maps:
            ratios = {2.0 ** round(math.log2(one.shape[axis - 2] / largest[axis]))
                      for axis in (0, 1)}
            if len(ratios) > 1:
                raise ValueError(f"MultiScaleRoIAlign: a map of shape {tuple(one.shape)} has no "
                                 f"one scale to pictures of {tuple(largest)}: {sorted(ratios)}")
            scales.append(ratios.pop())
        return scales

    def _levels(self, boxes: Sequence[Tensor], scales: Sequence[float]) -> Tensor:
        finest, coarsest = -math.log2(scales[0]), -math.log2(scales[-1])
        side = cat([box_area(part) for part in boxes]).sqrt()
        level = (self.canonical_level + (side / self.canonical_scale).log2() + 1e-6).floor()
        return clamp(level, finest, coarsest).long() - int(finest)

    def forward(self, x: Mapping[str, Tensor], boxes: Sequence[Tensor],
                image_shapes: Sequence[tuple[int, int]]) -> Tensor:
        """Maps by name, boxes (L, 4) of each picture and the pictures' (height, width)."""
        if not image_shapes:
            raise ValueError("MultiScaleRoIAlign: image_shapes is empty")
        maps = [part for name, part in x.items() if name in self.featmap_names]
        scales = self._scales(maps, image_shapes)
        regions = cat([cat([zeros((len(part), 1), dtype=part.dtype, device=part.device) + i, part],
                           dim=1) for i, part in enumerate(boxes)])
        if len(maps) == 1:
            return roi_align(maps[0], regions, self.output_size, scales[0], self.sampling_ratio)
        with no_grad():
            levels = self._levels(boxes, scales)
            chosen = [(levels == i).nonzero().reshape(-1) for i in range(len(maps))]
        parts = [roi_align(one, regions[index], self.output_size, scale, self.sampling_ratio)
                 for one, index, scale in zip(maps, chosen, scales, strict=True)]
        back = cat(chosen).argsort()
        return cat(parts).index_select(0, back)

    def __repr__(self) -> str:
        return (f"MultiScaleRoIAlign(featmap_names={self.featmap_names}, "
                f"output_size={self.output_size}, sampling_ratio={self.sampling_ratio})")
