"""Transforms of transforms: in a row, at random, or any function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula.core import multinomial, tensor
from facula.nn import Module
from facula.vision.transforms import _random

Transform = Callable[[Any], Any]


def _show(name: str, transforms: Sequence[Transform], **more: Any) -> str:
    lines = [f"    {key}={value}" for key, value in more.items()]
    for transform in transforms:
        lines += [f"    {line}" for line in repr(transform).splitlines()]
    return "\n".join([f"{name}(", *lines, ")"])


def _several(who: str, transforms: Sequence[Transform]) -> Sequence[Transform]:
    if not isinstance(transforms, Sequence):
        raise TypeError(f"{who}: transforms must be a sequence, not {type(transforms).__name__}")
    return transforms


def chosen(count: int, p: Sequence[float] | None) -> int:
    """A random index below ``count``, with equal or given weights."""
    if p is None:
        return _random.integer(0, count - 1)
    return int(multinomial(tensor([float(w) for w in p]), 1).item())


class Compose:
    """Several transforms, one after the other.

    Parameters
    ----------
    transforms : sequence of callable
        Each is called with what the one before gave.

    Examples
    --------
    >>> from facula.vision import transforms
    >>> transforms.Compose([transforms.CenterCrop(2), transforms.ToTensor()])
    Compose(
        CenterCrop(size=(2, 2))
        ToTensor()
    )
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _show(type(self).__name__, self.transforms)


class RandomApply(Module):
    """Several transforms in a row, or with probability ``1 - p`` none of them.

    Examples
    --------
    >>> from facula.vision import transforms
    >>> transforms.RandomApply([transforms.Grayscale()], p=0.0)("picture")
    'picture'
    """

    def __init__(self, transforms: Sequence[Transform], p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if _random.chance(self.p):
            for transform in self.transforms:
                img = transform(img)
        return img

    def __repr__(self) -> str:
        return _show(type(self).__name__, self.transforms, p=self.p)


class RandomChoice:
    """One of several transforms, with equal or given probabilities.

    Parameters
    ----------
    transforms : sequence of callable
        The candidates.
    p : sequence of float, optional
        A weight for each.

    Examples
    --------
    >>> from facula.vision import transforms
    >>> choose = transforms.RandomChoice([transforms.Lambda(abs), transforms.Lambda(str)], p=[1, 0])
    >>> choose(-1)
    1
    """

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        if p is not None and len(p) != len(transforms):
            raise ValueError(f"RandomChoice: {len(p)} probabilities for {len(transforms)} "
                             "transforms: give one for each")
        self.transforms = _several("RandomChoice", transforms)
        self.p = p

    def __call__(self, img: Any) -> Any:
        return self.transforms[chosen(len(self.transforms), self.p)](img)

    def __repr__(self) -> str:
        return f"{_show(type(self).__name__, self.transforms)}(p={self.p})"


class RandomOrder:
    """Several transforms in random order.

    Examples
    --------
    >>> from facula.vision import transforms
    >>> transforms.RandomOrder([transforms.Lambda(abs), transforms.Lambda(int)])(-1.5)
    1
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = _several("RandomOrder", transforms)

    def __call__(self, img: Any) -> Any:
        for index in _random.order(len(self.transforms)):
            img = self.transforms[index](img)
        return img

    def __repr__(self) -> str:
        return _show(type(self).__name__, self.transforms)


class Lambda:
    """Any function as a transform.

    Examples
    --------
    >>> from facula.vision import transforms
    >>> transforms.Lambda(lambda x: x + 1)(1)
    2
    """

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise TypeError(f"Lambda: needs a function, not {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
