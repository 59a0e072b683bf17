"""Transforms of transforms for whole samples: they take several arguments, and give as many."""

from __future__ import annotations

from typing import Any

from facula.vision.transforms import container as v1


def _one(inputs: tuple[Any, ...]) -> Any:
    """What transforms are called with: the argument, or the tuple of them."""
    return inputs if len(inputs) > 1 else inputs[0]


class Compose(v1.Compose):
    """Several transforms, one after the other.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> change = v2.Compose([v2.RandomHorizontalFlip(p=1), v2.ToDtype(facula.float32)])
    >>> change(facula.tensor([[[1, 2]]]), "a label")
    (tensor([[[2., 1.]]]), 'a label')
    """

    def __call__(self, *inputs: Any) -> Any:
        return super().__call__(_one(inputs))


class RandomApply(v1.RandomApply):
    """Several transforms in a row, or with probability ``1 - p`` none of them."""

    def __call__(self, *inputs: Any) -> Any:
        return super().__call__(_one(inputs))


class RandomChoice(v1.RandomChoice):
    """One of several transforms, with equal or given probabilities."""

    def __call__(self, *inputs: Any) -> Any:
        return super().__call__(_one(inputs))


class RandomOrder(v1.RandomOrder):
    """Several transforms in random order."""

    def __call__(self, *inputs: Any) -> Any:
        return super().__call__(_one(inputs))
