"""Transforms of transforms for whole samples: they take several arguments, and give as many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula.vision.transforms import _random
from facula.vision.transforms.container import chosen
from facula.vision.transforms.v2.base import Transform


class _Several(Transform):
    """The base: several transforms, each of which takes the sample, or the tuple of its parts."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        name = type(self).__name__
        if not isinstance(transforms, Sequence) and not hasattr(transforms, "__getitem__"):
            raise TypeError(f"{name}: transforms must be a sequence of callables, not "
                            f"{type(transforms).__name__}")
        if len(transforms) == 0:
            raise ValueError(f"{name}: transforms is empty: give at least one")
        self.transforms = transforms

    def _in_order(self, inputs: tuple[Any, ...], order: Any) -> Any:
        """What the transforms of these indices make of the sample, one after the other."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        for index in order:
            sample = (self.transforms[index](*sample) if len(inputs) > 1
                      else self.transforms[index](sample))
        return sample


class Compose(_Several):
    """Several transforms, one after the other.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> change = v2.Compose([v2.RandomHorizontalFlip(p=1), v2.ToDtype(facula.float32)])
    >>> change(facula.tensor([[[1, 2]]]), "a label")
    (tensor([[[2., 1.]]]), 'a label')
    """

    def forward(self, *inputs: Any) -> Any:
        """The sample after all of them."""
        return self._in_order(inputs, range(len(self.transforms)))

    def extra_repr(self) -> str:
        """A line for each."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomApply(_Several):
    """Several transforms in a row, or with probability ``1 - p`` none of them."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"RandomApply: p={p} must be from 0 to 1")
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """The sample after all of them, or as it is."""
        applies = _random.chance(self.p)
        return self._in_order(inputs, range(len(self.transforms)) if applies else ())

    def extra_repr(self) -> str:
        """A line for each."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomChoice(_Several):
    """One of several transforms, with equal or given probabilities."""

    def __init__(self, transforms: Sequence[Callable[..., Any]],
                 p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and len(p) != len(transforms):
            raise ValueError(f"RandomChoice: {len(p)} probabilities for {len(transforms)} "
                             "transforms: give one for each")
        weights = [1.0] * len(transforms) if p is None else p
        self.p = [w / sum(weights) for w in weights]

    def forward(self, *inputs: Any) -> Any:
        """The sample after one of them."""
        return self._in_order(inputs, [chosen(len(self.transforms), self.p)])


class RandomOrder(_Several):
    """Several transforms in random order."""

    def forward(self, *inputs: Any) -> Any:
        """The sample after all of them."""
        return self._in_order(inputs, _random.order(len(self.transforms)))
