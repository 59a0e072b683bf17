"""Learned and random policies of augmentation: AutoAugment, RandAugment, TrivialAugment, AugMix."""

from __future__ import annotations

import enum
import math
from typing import Any

from facula.core import Tensor
from facula.vision.transforms import _random
from facula.vision.transforms import functional as F
from facula.vision.transforms.base import Transform, public_names
from facula.vision.transforms.functional.kinds import InterpolationMode, is_pil
from facula.vision.transforms.functional.resample import restore

NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR
Step = tuple[str, float, "int | None"]


def apply_op(img: Any, op: str, magnitude: float, interpolation: Any, fill: Any) -> Any:
    """One named change of a picture with a strength in that change's own unit."""
    if op in ("ShearX", "ShearY"):
        degrees = math.degrees(math.atan(magnitude))
        shear = (degrees, 0.0) if op == "ShearX" else (0.0, degrees)
        return F.affine(img, 0.0, (0, 0), 1.0, shear, interpolation, fill, center=(0, 0))
    if op in ("TranslateX", "TranslateY"):
        shift = (int(magnitude), 0) if op == "TranslateX" else (0, int(magnitude))
        return F.affine(img, 0.0, shift, 1.0, (0.0, 0.0), interpolation, fill)
    if op == "Rotate":
        return F.rotate(img, magnitude, interpolation, fill=fill)
    if op in _FACTORS:
        return _FACTORS[op](img, 1.0 + magnitude)
    if op == "Posterize":
        return F.posterize(img, int(magnitude))
    if op == "Solarize":
        return F.solarize(img, magnitude)
    return _PLAIN[op](img)


_FACTORS: dict[str, Any] = {
    "Brightness": F.adjust_brightness, "Color": F.adjust_saturation,
    "Contrast": F.adjust_contrast, "Sharpness": F.adjust_sharpness}
_PLAIN: dict[str, Any] = {"AutoContrast": F.autocontrast, "Equalize": F.equalize,
                          "Invert": F.invert, "Identity": lambda img: img}
_SIGNED = {"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", *_FACTORS}


def _even(low: float, high: float, bins: int) -> list[float]:
    return [low + (high - low) * i / max(bins - 1, 1) for i in range(bins)]


def _magnitudes(bins: int, size: tuple[int, int], wide: bool = False) -> dict[str, list[float]]:
    """The strengths of each change, from none to most, for a picture (height, width)."""
    height, width = size
    shear, turn, factor = (0.99, 135.0, 0.99) if wide else (0.3, 30.0, 0.9)
    far = (32.0, 32.0) if wide else (150 / 331 * width, 150 / 331 * height)
    lost = 6 if wide else 4
    return {
        "Identity": [0.0], "ShearX": _even(0, shear, bins), "ShearY": _even(0, shear, bins),
        "TranslateX": _even(0, far[0], bins), "TranslateY": _even(0, far[1], bins),
        "Rotate": _even(0, turn, bins),
        **{name: _even(0, factor, bins) for name in _FACTORS},
        "Posterize": [8 - round(i / ((bins - 1) / lost)) for i in range(bins)],
        "Solarize": _even(255.0, 0.0, bins), "AutoContrast": [0.0], "Equalize": [0.0],
        "Invert": [0.0]}


def _strength(img: Any, name: str, value: float) -> float:
    """Solarize's threshold is told for 8 bits: as a share of white for floating tensors."""
    if name == "Solarize" and isinstance(img, Tensor) and img.is_floating_point():
        return value / 255.0
    return value


def _size(img: Any) -> tuple[int, int]:
    _, height, width = F.get_dimensions(img)
    return height, width


class AutoAugmentPolicy(enum.Enum):
    """For which data set AutoAugment's policy was learnt."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


class _Policy(Transform):
    """The base of the policies: their repr names the members of enumerations in full."""

    def __repr__(self) -> str:
        names = public_names(self) if self._shown is None else self._shown
        settings = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{type(self).__name__}({settings})"


class AutoAugment(_Policy):
    """One of 25 learnt pairs of changes, chosen at random for each picture.

    Parameters
    ----------
    policy : AutoAugmentPolicy
        For which data set it was learnt.
    interpolation, fill
        As for ``functional.affine``.

    References
    ----------
    E. D. Cubuk et al., AutoAugment: learning augmentation policies from data,
    arXiv:1805.09501, 2018.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import transforms
    >>> x = facula.zeros(3, 8, 8, dtype=facula.uint8)
    >>> transforms.AutoAugment()(x).shape
    facula.Size([3, 8, 8])
    """

    _shown = ("policy", "fill")

    def __init__(self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
                 interpolation: Any = NEAREST, fill: Any = None) -> None:
        super().__init__()
        self.policy = AutoAugmentPolicy(policy)
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        return self.change(img, self.fill)

    def change(self, img: Any, fill: Any) -> Any:
        """The picture after random changes, ``fill`` outside."""
        pairs = POLICIES[self.policy]
        pair = pairs[_random.integer(0, len(pairs) - 1)]
        chances = [_random.uniform(0, 1) for _ in pair]
        signs = [_random.integer(0, 1) for _ in pair]
        strengths = _magnitudes(10, _size(img))
        for (name, p, level), drawn, sign in zip(pair, chances, signs, strict=True):
            if drawn <= p:
                value = strengths[name][level or 0]
                if name in _SIGNED and sign == 0:
                    value = -value
                img = apply_op(img, name, _strength(img, name, value), self.interpolation,
                               fill)
        return img


class RandAugment(_Policy):
    """Several random changes of one strength.

    Parameters
    ----------
    num_ops : int
        How many.
    magnitude : int
        How strong, below ``num_magnitude_bins``.
    num_magnitude_bins : int
        The number of strengths.
    interpolation, fill
        As for ``functional.affine``.

    References
    ----------
    E. D. Cubuk et al., RandAugment, arXiv:1909.13719, 2019.
    """

    _names = ("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness",
              "Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast",
              "Equalize")

    def __init__(self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31,
                 interpolation: Any = NEAREST, fill: Any = None) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        return self.change(img, self.fill)

    def change(self, img: Any, fill: Any) -> Any:
        """The picture after random changes, ``fill`` outside."""
        for _ in range(self.num_ops):
            name = self._names[_random.integer(0, len(self._names) - 1)]
            levels = _magnitudes(self.num_magnitude_bins, _size(img))[name]
            value = levels[self.magnitude] if len(levels) > 1 else 0.0
            if name in _SIGNED and _random.chance(0.5):
                value = -value
            img = apply_op(img, name, _strength(img, name, value), self.interpolation, fill)
        return img


class TrivialAugmentWide(_Policy):
    """One random change of random strength.

    Parameters
    ----------
    num_magnitude_bins : int
        The number of strengths.
    interpolation, fill
        As for ``functional.affine``.

    References
    ----------
    S. G. Müller and F. Hutter, TrivialAugment, arXiv:2103.10158, 2021.
    """

    def __init__(self, num_magnitude_bins: int = 31, interpolation: Any = NEAREST,
                 fill: Any = None) -> None:
        super().__init__()
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        return self.change(img, self.fill)

    def change(self, img: Any, fill: Any) -> Any:
        """The picture after random changes, ``fill`` outside."""
        name = RandAugment._names[_random.integer(0, len(RandAugment._names) - 1)]
        levels = _magnitudes(self.num_magnitude_bins, _size(img), wide=True)[name]
        value = levels[_random.integer(0, len(levels) - 1)]
        if name in _SIGNED and _random.chance(0.5):
            value = -value
        return apply_op(img, name, _strength(img, name, value), self.interpolation, fill)


class AugMix(_Policy):
    """A mixture of the picture and of several chains of random changes.

    Parameters
    ----------
    severity : int
        The largest strength, 1 to 10.
    mixture_width : int
        The number of chains.
    chain_depth : int
        The changes in each; -1 for one to three at random.
    alpha : float
        How even the mixture is.
    all_ops : bool
        Also brightness, colour, contrast and sharpness.
    interpolation, fill
        As for ``functional.affine``.

    References
    ----------
    D. Hendrycks et al., AugMix, arXiv:1912.02781, 2019.
    """

    _names = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Posterize", "Solarize",
              "AutoContrast", "Equalize")

    def __init__(self, severity: int = 3, mixture_width: int = 3, chain_depth: int = -1,
                 alpha: float = 1.0, all_ops: bool = True, interpolation: Any = BILINEAR,
                 fill: Any = None) -> None:
        super().__init__()
        if not 1 <= severity <= 10:
            raise ValueError(f"AugMix: severity={severity} must be between 1 and 10")
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        self.fill = fill

    def forward(self, img: Any) -> Any:
        return self.change(img, self.fill)

    def change(self, img: Any, fill: Any) -> Any:
        """The picture after random changes, ``fill`` outside."""
        x = F.pil_to_tensor(img) if is_pil(img) else img
        names = (*self._names, *_FACTORS) if self.all_ops else self._names
        weights = _random.dirichlet(self.alpha, self.mixture_width)
        share = _random.dirichlet(self.alpha, 2)[0]
        mixed = share * x
        for weight in weights:
            chain = x
            depth = self.chain_depth if self.chain_depth > 0 else _random.integer(1, 3)
            for _ in range(depth):
                name = names[_random.integer(0, len(names) - 1)]
                levels = _magnitudes(10, _size(x))[name]
                value = levels[_random.integer(0, self.severity - 1)] if len(levels) > 1 else 0.0
                if name in _SIGNED and _random.chance(0.5):
                    value = -value
                chain = apply_op(chain, name, _strength(chain, name, value), self.interpolation,
                                 fill)
            mixed = mixed + (1 - share) * weight * chain
        out = restore(mixed, x.dtype)
        return F.to_pil_image(out, img.mode) if is_pil(img) else out


def _policy(text: str) -> list[tuple[Step, ...]]:
    """Pairs of changes from lines such as ``Posterize .4 8, Rotate .6 9``."""
    pairs = []
    for line in text.strip().splitlines():
        steps = []
        for part in line.split(","):
            name, p, *level = part.split()
            steps.append((name, float(p), int(level[0]) if level else None))
        pairs.append(tuple(steps))
    return pairs


POLICIES: dict[AutoAugmentPolicy, list[tuple[Step, ...]]] = {
    AutoAugmentPolicy.IMAGENET: _policy("""
        Posterize .4 8, Rotate .6 9
        Solarize .6 5, AutoContrast .6
        Equalize .8, Equalize .6
        Posterize .6 7, Posterize .6 6
        Equalize .4, Solarize .2 4
        Equalize .4, Rotate .8 8
        Solarize .6 3, Equalize .6
        Posterize .8 5, Equalize 1.
        Rotate .2 3, Solarize .6 8
        Equalize .6, Posterize .4 6
        Rotate .8 8, Color .4 0
        Rotate .4 9, Equalize .6
        Equalize .0, Equalize .8
        Invert .6, Equalize 1.
        Color .6 4, Contrast 1. 8
        Rotate .8 8, Color 1. 2
        Color .8 8, Solarize .8 7
        Sharpness .4 7, Invert .6
        ShearX .6 5, Equalize 1.
        Color .4 0, Equalize .6
        Equalize .4, Solarize .2 4
        Solarize .6 5, AutoContrast .6
        Invert .6, Equalize 1.
        Color .6 4, Contrast 1. 8
        Equalize .8, Equalize .6"""),
    AutoAugmentPolicy.CIFAR10: _policy("""
        Invert .1, Contrast .2 6
        Rotate .7 2, TranslateX .3 9
        Sharpness .8 1, Sharpness .9 3
        ShearY .5 8, TranslateY .7 9
        AutoContrast .5, Equalize .9
        ShearY .2 7, Posterize .3 7
        Color .4 3, Brightness .6 7
        Sharpness .3 9, Brightness .7 9
        Equalize .6, Equalize .5
        Contrast .6 7, Sharpness .6 5
        Color .7 7, TranslateX .5 8
        Equalize .3, AutoContrast .4
        TranslateY .4 3, Sharpness .2 6
        Brightness .9 6, Color .2 8
        Solarize .5 2, Invert .0
        Equalize .2, AutoContrast .6
        Equalize .2, Equalize .6
        Color .9 9, Equalize .6
        AutoContrast .8, Solarize .2 8
        Brightness .1 3, Color .7 0
        Solarize .4 5, AutoContrast .9
        TranslateY .9 9, TranslateY .7 9
        AutoContrast .9, Solarize .8 3
        Equalize .8, Invert .1
        TranslateY .7 9, AutoContrast .9"""),
    AutoAugmentPolicy.SVHN: _policy("""
        ShearX .9 4, Invert .2
        ShearY .9 8, Invert .7
        Equalize .6, Solarize .6 6
        Invert .9, Equalize .6
        Equalize .6, Rotate .9 3
        ShearX .9 4, AutoContrast .8
        ShearY .9 8, Invert .4
        ShearY .9 5, Solarize .2 6
        Invert .9, AutoContrast .8
        Equalize .6, Rotate .9 3
        ShearX .9 4, Solarize .3 3
        ShearY .8 8, Invert .7
        Equalize .9, TranslateY .6 6
        Invert .9, Equalize .6
        Contrast .3 3, Rotate .8 4
        Invert .8, TranslateY .0 2
        ShearY .7 6, Solarize .4 8
        Invert .6, Rotate .8 4
        ShearY .3 7, TranslateX .9 3
        ShearX .1 6, Invert .6
        Solarize .7 2, TranslateY .6 7
        ShearY .8 4, Invert .8
        ShearX .7 9, TranslateY .8 3
        ShearY .8 5, AutoContrast .7
        ShearX .7 2, Invert .1"""),
}
