"""The data set inside the wheel: 1,797 handwritten digits of 8 x 8 pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facula.core import from_numpy
from facula.vision.datasets.idx import read_idx
from facula.vision.datasets.vision import VisionDataset

FOLDER = Path(__file__).parent / "optdigits"


class Digits(VisionDataset):
    """Optical Recognition of Handwritten Digits (UCI): real pictures that need no download.

    1,797 pictures of 8 x 8 pixels by 13 writers. Every fifth picture of each digit is held back
    as the test part (359); the others train (1,438). The split is fixed, and writers occur in both
    parts. The original's grey values 0 to 16 are stretched to 0 to 255.

    Parameters
    ----------
    train : bool
        The training part, or the held-back fifth.
    transform, target_transform : callable, optional
        Called with the picture (a PIL image, mode L), and with the label.

    Attributes
    ----------
    data : Tensor
        All pictures, uint8, of shape (N, 8, 8).
    targets : Tensor
        The digits, int64, of shape (N,).

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0.

    Examples
    --------
    >>> from facula.vision.datasets import Digits
    >>> digits = Digits(train=False)
    >>> picture, label = digits[0]
    >>> len(digits), picture.size, label
    (359, (8, 8), 0)
    """

    classes = [str(digit) for digit in range(10)]

    def __init__(self, train: bool = True, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.train = train
        images = read_idx(FOLDER / "images-idx3-ubyte.gz").numpy()
        labels = read_idx(FOLDER / "labels-idx1-ubyte.gz").numpy()
        part = _held_back(labels) != train
        self.data = from_numpy((images[part].astype(np.uint16) * 255 // 16).astype(np.uint8))
        self.targets = from_numpy(labels[part].astype(np.int64))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class's name."""
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        picture = Image.fromarray(self.data.numpy()[index])
        return self._transformed(picture, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def _held_back(labels: np.ndarray) -> np.ndarray:
    """True for the third, eighth, thirteenth... picture of each digit."""
    held = np.zeros(len(labels), bool)
    for digit in range(10):
        held[np.flatnonzero(labels == digit)[2::5]] = True
    return held
