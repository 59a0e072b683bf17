"""Random changes of the colours of a sample's pictures."""

from __future__ import annotations

from typing import Any

from facula.vision.transforms import _random
from facula.vision.transforms import color as v1
from facula.vision.transforms.v2 import functional as F
from facula.vision.transforms.v2.base import Randomly, Transform, picture_of


class Grayscale(Transform, v1.Grayscale):
    """:class:`facula.vision.transforms.Grayscale` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.rgb_to_grayscale, inpt, self.num_output_channels)


class RGB(Transform):
    """Three channels for a sample's grey pictures.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> v2.RGB()(facula.zeros(1, 2, 2)).shape
    facula.Size([3, 2, 2])
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.grayscale_to_rgb, inpt)


class RandomGrayscale(Randomly, v1.RandomGrayscale):
    """:class:`facula.vision.transforms.RandomGrayscale` of a sample's pictures."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The channels."""
        return {"channels": F.get_num_channels(picture_of(flat_inputs))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.rgb_to_grayscale, inpt, params["channels"])


class ColorJitter(Transform, v1.ColorJitter):
    """:class:`facula.vision.transforms.ColorJitter` of a sample's pictures."""

    def __init__(self, brightness: Any = None, contrast: Any = None, saturation: Any = None,
                 hue: Any = None) -> None:
        super().__init__(brightness or 0, contrast or 0, saturation or 0, hue or 0)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Order and factors."""
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation,
                                          self.hue)
        return {"order": order.tolist(), "factors": factors}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            if params["factors"][i] is not None:
                inpt = self._call(changes[i], inpt, params["factors"][i])
        return inpt


class RandomChannelPermutation(Transform):
    """A sample's pictures with their channels in random order."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The order."""
        return {"order": _random.order(F.get_num_channels(picture_of(flat_inputs)))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.permute_channels, inpt, params["order"])


class RandomPhotometricDistort(Transform):
    """Brightness, contrast, saturation, hue and order of channels, each with probability ``p``.

    Parameters
    ----------
    brightness, contrast, saturation, hue : tuple of float
        The least and the largest factor of each.
    p : float
        The probability of each.

    References
    ----------
    W. Liu et al., SSD: single shot multibox detector, arXiv:1512.02325, 2015.
    """

    def __init__(self, brightness: tuple[float, float] = (0.875, 1.125),
                 contrast: tuple[float, float] = (0.5, 1.5),
                 saturation: tuple[float, float] = (0.5, 1.5),
                 hue: tuple[float, float] = (-0.05, 0.05), p: float = 0.5) -> None:
        super().__init__()
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The factors; None for what stays."""
        channels = F.get_num_channels(picture_of(flat_inputs))
        factors = {name: _random.uniform(*getattr(self, name)) if _random.chance(self.p) else None
                   for name in ("brightness", "contrast", "saturation", "hue")}
        return {**factors, "contrast_first": _random.chance(0.5),
                "order": _random.order(channels) if _random.chance(self.p) else None}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        steps = [("brightness", F.adjust_brightness), ("saturation", F.adjust_saturation),
                 ("hue", F.adjust_hue)]
        steps.insert(1 if params["contrast_first"] else 3, ("contrast", F.adjust_contrast))
        for name, change in (*steps, ("order", F.permute_channels)):
            if params[name] is not None:
                inpt = self._call(change, inpt, params[name])
        return inpt


class RandomEqualize(Randomly, v1.RandomEqualize):
    """:class:`facula.vision.transforms.RandomEqualize` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.equalize, inpt)


class RandomInvert(Randomly, v1.RandomInvert):
    """:class:`facula.vision.transforms.RandomInvert` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.invert, inpt)


class RandomPosterize(Randomly, v1.RandomPosterize):
    """:class:`facula.vision.transforms.RandomPosterize` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.posterize, inpt, self.bits)


class RandomSolarize(Randomly, v1.RandomSolarize):
    """:class:`facula.vision.transforms.RandomSolarize` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.solarize, inpt, self.threshold)


class RandomAutocontrast(Randomly, v1.RandomAutocontrast):
    """:class:`facula.vision.transforms.RandomAutocontrast` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.autocontrast, inpt)


class RandomAdjustSharpness(Randomly, v1.RandomAdjustSharpness):
    """:class:`facula.vision.transforms.RandomAdjustSharpness` of a sample's pictures."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.adjust_sharpness, inpt, self.sharpness_factor)


class GaussianBlur(Transform, v1.GaussianBlur):
    """:class:`facula.vision.transforms.GaussianBlur` of a sample's pictures."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The deviation."""
        return {"sigma": [self.get_params(*self.sigma)] * 2}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.gaussian_blur, inpt, self.kernel_size, params["sigma"])


class GaussianNoise(Transform):
    """Noise on a sample's pictures.

    Parameters
    ----------
    mean, sigma : float
        Mean and standard deviation, white being 1.
    clip : bool
        Keep the values in range.
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.gaussian_noise, inpt, self.mean, self.sigma, self.clip)


class RandomErasing(Randomly, v1.RandomErasing):
    """:class:`facula.vision.transforms.RandomErasing` of a sample's pictures."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The rectangle and what is written."""
        picture = picture_of(flat_inputs)
        value = self.values_for(F.get_num_channels(picture))
        return {"piece": self.get_params(picture, self.scale, self.ratio, value)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        i, j, h, w, new = params["piece"]
        if new is None:
            return inpt
        return self._call(F.erase, inpt, i, j, h, w, new, self.inplace)


class JPEG(Transform):
    """The losses of JPEG compression on a sample's pictures.

    Parameters
    ----------
    quality : int or sequence of int
        From 1 to 100, or the least and the largest.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> v2.JPEG((30, 90))(facula.zeros(3, 8, 8, dtype=facula.uint8)).shape
    facula.Size([3, 8, 8])
    """

    def __init__(self, quality: Any) -> None:
        super().__init__()
        self.quality = (quality, quality) if isinstance(quality, int) else tuple(quality)
        if len(self.quality) != 2 or not 1 <= self.quality[0] <= self.quality[1] <= 100:
            raise ValueError(f"JPEG: quality={quality!r} must be from 1 to 100, or (least, "
                             "largest)")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The quality."""
        return {"quality": _random.integer(*self.quality)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.jpeg, inpt, params["quality"])
