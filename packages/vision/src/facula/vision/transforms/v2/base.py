"""The base of v2's transforms: whole samples in, whole samples out."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image as PIL

from facula.core import Tensor
from facula.nn import Module
from facula.vision.transforms import _random
from facula.vision.transforms.base import Transform as PictureTransform
from facula.vision.transforms.base import public_names, shown
from facula.vision.transforms.v2 import functional as F
from facula.vision.transforms.v2.functional.dispatch import find
from facula.vision.transforms.v2.tree import flatten
from facula.vision.tv_tensors import Image, TVTensor, Video

PICTURES = (Image, Video, PIL.Image)
PLAIN = (bool, int, float, str, tuple, list, enum.Enum)


class Transform(PictureTransform):
    """The base of transforms of samples, which may be anything nested in dicts, lists and tuples.

    One's own transform defines :meth:`transform`, and :meth:`make_params` where the same random
    numbers serve the whole sample. Pictures, videos, masks, boxes and points are transformed; a
    plain tensor is taken for a picture if the sample holds no other, and then only the first.
    Everything else passes.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> class Half(v2.Transform):
    ...     def transform(self, inpt, params):
    ...         return inpt / 2
    >>> Half()({"picture": facula.ones(1, 1, 1), "name": "x"})
    {'picture': tensor([[[0.5000]]]), 'name': 'x'}
    """

    _transformed_types: tuple[Any, ...] = (Tensor, PIL.Image)
    _first: tuple[str, ...] = ()  # what the repr shows before the other settings

    __repr__ = Module.__repr__

    def extra_repr(self) -> str:
        """The settings that are plain values."""
        names = [name for name in public_names(self) if isinstance(getattr(self, name), PLAIN)]
        first = [name for name in self._first if name in names]
        return ", ".join(shown(self, first + [name for name in names if name not in first]))

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise an error if the sample does not suit; by default all do."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """What is drawn once for the whole sample; by default nothing."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One part of the sample, transformed."""
        raise NotImplementedError(f"{type(self).__name__}: has no transform: define it")

    def forward(self, *inputs: Any) -> Any:
        """The transformed sample; several arguments come back as a tuple."""
        leaves, build = flatten(inputs if len(inputs) > 1 else inputs[0])
        self.check_inputs(leaves)
        wanted = self._wanted(leaves)
        params = self.make_params([x for x, yes in zip(leaves, wanted, strict=True) if yes])
        return build([self.transform(x, params) if yes else x
                      for x, yes in zip(leaves, wanted, strict=True)])

    def _wanted(self, leaves: list[Any]) -> list[bool]:
        """Which parts are transformed: of plain tensors the first, if there is no picture."""
        plain = not any(isinstance(x, PICTURES) for x in leaves)
        answer = []
        for x in leaves:
            yes = isinstance(x, self._transformed_types)
            if yes and F.is_pure_tensor(x):
                yes, plain = plain, False
            answer.append(yes)
        return answer

    def _call(self, functional: Any, inpt: Any, *args: Any, **kwargs: Any) -> Any:
        """The functional, or the input itself where it has no kernel for its class."""
        if isinstance(inpt, TVTensor) and find(functional.kernels, type(inpt)) is None:
            return inpt
        return functional(inpt, *args, **kwargs)


class Randomly(Transform):
    """The base of transforms that happen to a sample with probability ``p``."""

    p: float
    _first = ("p",)

    def forward(self, *inputs: Any) -> Any:
        """The transformed sample, or the sample."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, build = flatten(sample)
        self.check_inputs(leaves)
        if not _random.chance(self.p):
            return sample
        wanted = self._wanted(leaves)
        params = self.make_params([x for x, yes in zip(leaves, wanted, strict=True) if yes])
        return build([self.transform(x, params) if yes else x
                      for x, yes in zip(leaves, wanted, strict=True)])


def fill_for(fill: Any, kind: type) -> Any:
    """The fill of a class of inputs, from one for all or a dict by class and ``"others"``."""
    if not isinstance(fill, dict):
        return fill
    found = find({k: v for k, v in fill.items() if isinstance(k, type)}, kind)
    if found is None and kind not in fill:
        if "others" not in fill:
            raise ValueError(f"fill: there is none for {kind.__name__}: give it, or 'others', in "
                             f"{fill}")
        return fill["others"]
    return found


def picture_of(flat_inputs: Sequence[Any]) -> Any:
    """The first picture, video or plain tensor."""
    for x in flat_inputs:
        if isinstance(x, PICTURES) or F.is_pure_tensor(x):
            return x
    raise TypeError("the sample holds no picture, video or plain tensor")


Getter = Callable[[Any], Any]


def labels_getter(name: str, getter: Any) -> Getter:
    """What finds the labels in a sample: a function, a key, or the usual places."""
    if callable(getter):
        return getter
    if isinstance(getter, str) and getter != "default":
        return lambda sample: _as_mapping(sample)[getter]
    if getter is None:
        return lambda sample: None
    if getter == "default":
        return _usual_labels
    raise ValueError(f"{name}: labels_getter={getter!r} must be a function, a key, 'default' or "
                     "None")


def _as_mapping(sample: Any) -> Any:
    if isinstance(sample, (list, tuple)) and len(sample) > 1 and isinstance(sample[1], dict):
        return sample[1]
    return sample


def _usual_labels(sample: Any) -> Any:
    """A tensor under "labels", or a key that holds "label"; or the second of a pair."""
    inside = _as_mapping(sample)
    if isinstance(inside, dict):
        key = next((k for k in inside if str(k).lower() == "labels"), None)
        if key is None:
            key = next((k for k in inside if "label" in str(k).lower()), None)
        if key is None:
            raise ValueError("labels_getter='default' found no labels: there is no key with "
                             f"'label' among {list(inside)}: pass a function or None")
        return inside[key]
    if isinstance(inside, (list, tuple)) and len(inside) > 1 and isinstance(inside[1], Tensor):
        return inside[1]
    raise ValueError("labels_getter='default' found no labels: the sample is neither a dict nor a "
                     "pair of a picture and labels: pass a function or None")
