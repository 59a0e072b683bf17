"""Conversions between kinds of pictures, and normalisation, as classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core import Tensor
from facula.vision.transforms import functional as F
from facula.vision.transforms.base import Transform


class ToTensor(Transform):
    """A PIL image or array (H, W, C) as a tensor (C, H, W); 8-bit values become 0 to 1.

    Examples
    --------
    >>> from PIL import Image
    >>> from facula.vision import transforms
    >>> transforms.ToTensor()(Image.new("L", (2, 1), 255))
    tensor([[[1., 1.]]])
    """

    def forward(self, img: Any) -> Tensor:
        return F.to_tensor(img)


class PILToTensor(Transform):
    """A PIL image as a tensor (C, H, W) with the values as they are."""

    def forward(self, img: Any) -> Tensor:
        return F.pil_to_tensor(img)


class ToPILImage(Transform):
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image.

    Parameters
    ----------
    mode : str, optional
        Pillow's mode; by default it follows from the channels and the dtype.
    """

    _usual = {"mode": None}

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, img: Any) -> Any:
        return F.to_pil_image(img, self.mode)


class ConvertImageDtype(Transform):
    """A tensor of another dtype, its values scaled to that dtype's range.

    Parameters
    ----------
    dtype : dtype
        The wanted one.
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, img: Tensor) -> Tensor:
        return F.convert_image_dtype(img, self.dtype)


class Normalize(Transform):
    """``(picture - mean) / std`` for each channel.

    Parameters
    ----------
    mean, std : sequence of float
        One number for each channel, or for all.
    inplace : bool
        Change the tensor itself.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.Normalize((0.5,), (0.5,))(facula.ones(1, 1, 2))
    tensor([[[1., 1.]]])
    """

    _shown = ("mean", "std")

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, img: Tensor) -> Tensor:
        return F.normalize(img, self.mean, self.std, self.inplace)


class LinearTransformation(Transform):
    """A picture, flattened, less a mean vector, times a square matrix: whitening.

    Parameters
    ----------
    transformation_matrix : Tensor
        Shape (D, D), D being C * H * W.
    mean_vector : Tensor
        Shape (D,).
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        size = mean_vector.shape[0]
        if tuple(transformation_matrix.shape) != (size, size):
            raise ValueError("LinearTransformation: the matrix has shape "
                             f"{tuple(transformation_matrix.shape)}, the mean vector {size} "
                             "elements: the matrix must be square and of that size")
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, img: Tensor) -> Tensor:
        flat = img.reshape(-1, len(self.mean_vector)) - self.mean_vector
        return (flat @ self.transformation_matrix).reshape(img.shape)
