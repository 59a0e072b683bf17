"""Policies of augmentation on the picture of a sample."""

from __future__ import annotations

from typing import Any

from facula.core import Tensor
from facula.vision.transforms import autoaugment as v1
from facula.vision.transforms.v2.base import PICTURES, Transform, fill_for
from facula.vision.transforms.v2.tree import flatten
from facula.vision.tv_tensors import BoundingBoxes, KeyPoints, Mask, TVTensor, wrap


class _Policy(Transform):
    """The base: the sample has one picture, and nothing whose place would have to follow it."""

    _first = ("interpolation", "fill")
    fill: Any

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Boxes, masks and points cannot follow."""
        for x in flat_inputs:
            if isinstance(x, (BoundingBoxes, Mask, KeyPoints)):
                raise TypeError(f"{type(self).__name__}: is not for {type(x).__name__}")

    def forward(self, *inputs: Any) -> Any:
        """The sample with its picture changed."""
        leaves, build = flatten(inputs if len(inputs) > 1 else inputs[0])
        self.check_inputs(leaves)
        pictures = [i for i, x in enumerate(leaves) if isinstance(x, PICTURES)]
        pictures = pictures or [i for i, x in enumerate(leaves) if isinstance(x, Tensor)][:1]
        if len(pictures) != 1:
            raise TypeError(f"{type(self).__name__}: the sample must hold one picture, but holds "
                            f"{len(pictures)}")
        picture = leaves[pictures[0]]
        out = self.change(picture, fill_for(self.fill, type(picture)))
        leaves[pictures[0]] = wrap(out, like=picture) if isinstance(picture, TVTensor) else out
        return build(leaves)

    def change(self, img: Any, fill: Any) -> Any:
        """The changed picture."""
        raise NotImplementedError


class AutoAugment(_Policy, v1.AutoAugment):
    """:class:`facula.vision.transforms.AutoAugment` of a sample's picture."""

    change = v1.AutoAugment.change


class RandAugment(_Policy, v1.RandAugment):
    """:class:`facula.vision.transforms.RandAugment` of a sample's picture."""

    change = v1.RandAugment.change


class TrivialAugmentWide(_Policy, v1.TrivialAugmentWide):
    """:class:`facula.vision.transforms.TrivialAugmentWide` of a sample's picture."""

    change = v1.TrivialAugmentWide.change


class AugMix(_Policy, v1.AugMix):
    """:class:`facula.vision.transforms.AugMix` of a sample's picture."""

    change = v1.AugMix.change
