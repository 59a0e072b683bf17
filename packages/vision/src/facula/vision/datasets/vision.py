"""The base of the vision data sets: a root folder, transforms, and a readable repr."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from facula.data import Dataset


class StandardTransform:
    """A transform of the picture and one of the target, as a single callable of both.

    Examples
    --------
    >>> from facula.vision.datasets import StandardTransform
    >>> StandardTransform(target_transform=lambda t: t + 1)("picture", 1)
    ('picture', 2)
    """

    def __init__(self, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, part in (("Transform: ", self.transform),
                           ("Target transform: ", self.target_transform)):
            if part is not None:
                first, *rest = repr(part).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)


class VisionDataset(Dataset[Any]):
    """A data set of pictures: a subclass defines ``__getitem__`` and ``__len__``.

    Parameters
    ----------
    root : str or Path, optional
        The folder with the files.
    transforms : callable, optional
        Called with picture and target; gives both anew.
    transform, target_transform : callable, optional
        Called with the picture, and with the target, alone; not together with ``transforms``.

    Raises
    ------
    ValueError
        If ``transforms`` is given together with one of the others.

    Examples
    --------
    >>> from facula.vision.datasets import FakeData
    >>> FakeData(size=8)
    Dataset FakeData
        Number of datapoints: 8
    """

    def __init__(self, root: str | os.PathLike[str] | None = None,
                 transforms: Callable[[Any, Any], Any] | None = None,
                 transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None) -> None:
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(f"{type(self).__name__}: transforms is given together with transform "
                             "or target_transform: pass either the one or the others")
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def _transformed(self, picture: Any, target: Any) -> tuple[Any, Any]:
        return (picture, target) if self.transforms is None else self.transforms(picture, target)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"VisionDataset: {type(self).__name__} has no __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"VisionDataset: {type(self).__name__} has no __len__")

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}", *(" " * 4 + line for line in body)])

    def extra_repr(self) -> str:
        """More lines for the repr; a subclass may say which part of the data it is."""
        return ""
