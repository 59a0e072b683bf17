"""Pictures of several sizes in one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from facula.core import Tensor


@dataclass
class ImageList:
    """A batch, filled up with zeros, and the sizes that the pictures had before.

    Parameters
    ----------
    tensors : Tensor
        ``(N, C, H, W)``.
    image_sizes : list of tuple of int
        Height and width of each picture.
    """

    tensors: Tensor
    image_sizes: list[tuple[int, int]]

    def to(self, device: Any) -> ImageList:
        """The same on another device."""
        return ImageList(self.tensors.to(device), self.image_sizes)
