"""Random changes of colour, and filters, as classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula.core import randn, tensor
from facula.vision.transforms import _random
from facula.vision.transforms import functional as F
from facula.vision.transforms.base import Transform
from facula.vision.transforms.functional.kinds import pair

Range = tuple[float, float]


def _factor(name: str, value: Any, center: float, low: float, high: float) -> Range | None:
    """The range of a factor from one number about ``center``, or from two; None for no change."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"ColorJitter: {name}={value} must not be negative")
        first, last = max(center - value, 0.0) if center else -value, center + value
    else:
        first, last = (float(v) for v in value)
    if not low <= first <= last <= high:
        raise ValueError(f"ColorJitter: {name}={value!r} must give two factors between {low} and "
                         f"{high}")
    return None if first == last == center else (first, last)


class ColorJitter(Transform):
    """A picture with random brightness, contrast, saturation and hue, changed in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or sequence of float
        The factor is drawn between ``1 - value`` and ``1 + value``, or between the two given.
    hue : float or sequence of float
        The same about 0, within -0.5 to 0.5.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.ColorJitter(brightness=(2, 2))(facula.full((3, 1, 1), 0.25)).amax()
    tensor(0.5000)
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0,
                 hue: Any = 0) -> None:
        super().__init__()
        self.brightness = _factor("brightness", brightness, 1.0, 0.0, math.inf)
        self.contrast = _factor("contrast", contrast, 1.0, 0.0, math.inf)
        self.saturation = _factor("saturation", saturation, 1.0, 0.0, math.inf)
        self.hue = _factor("hue", hue, 0.0, -0.5, 0.5)

    @staticmethod
    def get_params(brightness: Range | None, contrast: Range | None, saturation: Range | None,
                   hue: Range | None) -> Any:
        """A random order of the four changes as a tensor, and a factor or None for each."""
        order = tensor(_random.order(4))
        factors = [None if bounds is None else _random.uniform(*bounds)
                   for bounds in (brightness, contrast, saturation, hue)]
        return (order, *factors)

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation,
                                          self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            if factors[i] is not None:
                img = changes[i](img, factors[i])
        return img


class Grayscale(Transform):
    """A picture's luminance, in one channel or three equal ones."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, self.num_output_channels)


class RandomGrayscale(Transform):
    """A picture without its colours, in as many channels, with probability ``p``."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        if not _random.chance(self.p):
            return img
        return F.rgb_to_grayscale(img, F.get_image_num_channels(img))


class RandomInvert(Transform):
    """A picture's negative, with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.invert(img) if _random.chance(self.p) else img


class RandomPosterize(Transform):
    """A picture with fewer bits for each value, with probability ``p``."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__()
        self.bits = bits
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.posterize(img, self.bits) if _random.chance(self.p) else img


class RandomSolarize(Transform):
    """A picture with its bright values inverted, with probability ``p``."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.solarize(img, self.threshold) if _random.chance(self.p) else img


class RandomAdjustSharpness(Transform):
    """A picture made sharper or softer, with probability ``p``."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__()
        self.sharpness_factor = sharpness_factor
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor) if _random.chance(self.p) else img


class RandomAutocontrast(Transform):
    """A picture stretched from black to white, with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.autocontrast(img) if _random.chance(self.p) else img


class RandomEqualize(Transform):
    """A picture with its values spread evenly, with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.equalize(img) if _random.chance(self.p) else img


class GaussianBlur(Transform):
    """A picture blurred by a Gaussian filter of random width.

    Parameters
    ----------
    kernel_size : int or sequence of int
        Odd; along x and y.
    sigma : float or sequence of float
        The standard deviation, or the least and the largest.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> transforms.GaussianBlur(3)(facula.ones(1, 4, 4)).shape
    facula.Size([1, 4, 4])
    """

    def __init__(self, kernel_size: int | Sequence[int], sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = pair("GaussianBlur", "kernel_size", kernel_size)
        self.sigma = (float(sigma),) * 2 if isinstance(sigma, (int, float)) else tuple(sigma)
        if len(self.sigma) != 2 or not 0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"GaussianBlur: sigma={sigma!r} must be above 0, or (least, largest)")

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A random standard deviation."""
        return _random.uniform(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        sigma = self.get_params(*self.sigma)
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])


class RandomErasing(Transform):
    """A tensor picture with a random rectangle overwritten, with probability ``p``.

    Parameters
    ----------
    p : float
        The probability.
    scale : sequence of float
        The least and the largest share of the picture's area.
    ratio : sequence of float
        The least and the largest height divided by width.
    value : number, sequence or "random"
        What is written: one value, one for each channel, or noise.
    inplace : bool
        Change the tensor itself.

    References
    ----------
    Z. Zhong et al., Random erasing data augmentation, arXiv:1708.04896, 2017.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> (transforms.RandomErasing(p=1.0)(facula.ones(1, 16, 16)) == 0).any()
    tensor(True)
    """

    def __init__(self, p: float = 0.5, scale: Sequence[float] = (0.02, 0.33),
                 ratio: Sequence[float] = (0.3, 3.3), value: Any = 0,
                 inplace: bool = False) -> None:
        super().__init__()
        if isinstance(value, str) and value != "random":
            raise ValueError(f"RandomErasing: value={value!r}: use a number, one for each channel, "
                             "or 'random'")
        if not 0 <= p <= 1 or not 0 <= scale[0] <= scale[1] <= 1 or ratio[0] > ratio[1]:
            raise ValueError(f"RandomErasing: p={p}, scale={scale}, ratio={ratio}: p and scale are "
                             "between 0 and 1, ranges are (least, largest)")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float],
                   value: Sequence[float] | None = None) -> Any:
        """Row, column, height, width and the values; the whole picture if ten draws don't fit."""
        channels, height, width = F.get_dimensions(img)
        for _ in range(10):
            area = height * width * _random.uniform(scale[0], scale[1])
            shape = _random.log_uniform(ratio[0], ratio[1])
            h, w = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if not (h < height and w < width):
                continue
            if value is None:
                new = randn((channels, h, w)).to(device=img.device, dtype=img.dtype)
            else:
                new = img.new_tensor(list(value)).view(-1, 1, 1)
            return _random.integer(0, height - h), _random.integer(0, width - w), h, w, new
        return 0, 0, height, width, img

    def forward(self, img: Any) -> Any:
        if not _random.chance(self.p):
            return img
        value = self.values_for(img.shape[-3])
        i, j, h, w, new = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, i, j, h, w, new, self.inplace)

    def values_for(self, channels: int) -> Sequence[float] | None:
        """What is written, one number or one for each channel; None for noise."""
        if self.value == "random":
            return None
        value = [self.value] if isinstance(self.value, (int, float)) else list(self.value)
        if len(value) not in (1, channels):
            raise ValueError(f"RandomErasing: value has {len(value)} numbers, but the picture has "
                             f"{channels} channels")
        return value
