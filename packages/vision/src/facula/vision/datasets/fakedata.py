"""Random pictures with random labels, for trying a pipeline out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from facula.vision.datasets.vision import VisionDataset


class FakeData(VisionDataset):
    """Pictures of noise with random labels: the same ones for the same index, without a file.

    Parameters
    ----------
    size : int
        The number of pictures.
    image_size : tuple of int
        Channels (1, 3 or 4), height and width.
    num_classes : int
        The number of classes.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image), and with the label.
    random_offset : int
        Another number gives other pictures.

    Examples
    --------
    >>> from facula.vision.datasets import FakeData
    >>> picture, label = FakeData(size=10, image_size=(3, 20, 30))[0]
    >>> picture.size, picture.mode
    ((30, 20), 'RGB')
    """

    def __init__(self, size: int = 1000, image_size: tuple[int, int, int] = (3, 224, 224),
                 num_classes: int = 10, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 random_offset: int = 0) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        if image_size[0] not in (1, 3, 4):
            raise ValueError(f"FakeData: no picture has {image_size[0]} channels: "
                             f"image_size={image_size}: use 1, 3 or 4")
        self.size = size
        self.image_size = image_size
        self.num_classes = num_classes
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not 0 <= index < self.size:
            raise IndexError(f"FakeData: index={index} is out of range: there are {self.size} "
                             "pictures")
        rng = np.random.default_rng((self.random_offset, index))
        channels, height, width = self.image_size
        noise = rng.integers(0, 256, (height, width, channels), np.uint8)
        picture = Image.fromarray(noise[:, :, 0] if channels == 1 else noise)
        return self._transformed(picture, int(rng.integers(self.num_classes)))

    def __len__(self) -> int:
        return self.size
