"""What published weights expect of their pictures: the presets behind ``weights.transforms()``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, dtypes
from facula.vision.transforms import functional as F
from facula.vision.transforms.functional import InterpolationMode

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's red, green and blue
STD = (0.229, 0.224, 0.225)


def _to_float(image: Any) -> Tensor:
    tensor = image if isinstance(image, Tensor) else F.pil_to_tensor(image)
    return F.convert_image_dtype(tensor, dtypes.float32)


class _Preset(nn.Module):
    """A transform that prints its settings, a line for each."""

    settings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [f"\n    {name}={getattr(self, name)}" for name in self.settings]
        return f"{type(self).__name__}({''.join(lines)}{chr(10) if lines else ''})"


class ObjectDetection(_Preset):
    """Pictures with values from 0 to 1."""

    def forward(self, img: Any) -> Tensor:
        return _to_float(img)


class ImageClassification(_Preset):
    """Resize, crop the middle, scale to 0 to 1, normalise.

    Parameters
    ----------
    crop_size, resize_size : int
        In pixels; the second is the shorter side's.
    mean, std : sequence of float
        Of each channel.
    interpolation : InterpolationMode
        How to resize.
    antialias : bool
        Whether shrinking averages.
    """

    settings = ("crop_size", "resize_size", "mean", "std", "interpolation")

    def __init__(self, *, crop_size: int, resize_size: int = 256, mean: Sequence[float] = MEAN,
                 std: Sequence[float] = STD,
                 interpolation: InterpolationMode = InterpolationMode.BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        img = F.resize(img, self.resize_size, self.interpolation, antialias=self.antialias)
        img = _to_float(F.center_crop(img, self.crop_size))
        return F.normalize(img, self.mean, self.std)


class SemanticSegmentation(_Preset):
    """Resize, scale to 0 to 1, normalise.

    Parameters
    ----------
    resize_size : int, optional
        The shorter side, in pixels.
    mean, std : sequence of float
        Of each channel.
    interpolation : InterpolationMode
        How to resize.
    antialias : bool
        Whether shrinking averages.
    """

    settings = ("resize_size", "mean", "std", "interpolation")

    def __init__(self, *, resize_size: int | None, mean: Sequence[float] = MEAN,
                 std: Sequence[float] = STD,
                 interpolation: InterpolationMode = InterpolationMode.BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__()
        self.resize_size = None if resize_size is None else [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        if self.resize_size is not None:
            img = F.resize(img, self.resize_size, self.interpolation, antialias=self.antialias)
        return F.normalize(_to_float(img), self.mean, self.std)
