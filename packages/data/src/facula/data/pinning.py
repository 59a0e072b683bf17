"""Batches in pinned memory, from which an OpenCL device copies by itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from facula.core import Tensor, opencl
from facula.data.collate import like


def pinned(value: Any, device: Any) -> Any:
    """The value with all tensors in it pinned; an object with ``pin_memory()`` does so itself."""
    if isinstance(value, Tensor):
        return value.pin_memory(device)
    if hasattr(value, "pin_memory"):
        return value.pin_memory()
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, Mapping):
        return like(value, {key: pinned(part, device) for key, part in value.items()})
    if isinstance(value, Sequence):
        parts = [pinned(part, device) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else like(value, parts)
    return value


class Pinning:
    """The batches of an iterator, each moved to pinned memory when it is asked for.

    It is made once workers have started: they fork, and a process that uses OpenCL may not.
    """

    def __init__(self, batches: Any, device: str) -> None:
        self._batches = batches
        self._device = device or None
        self._pins = opencl.is_available()
        if not self._pins:
            warnings.warn("DataLoader: pin_memory=True, but there is no OpenCL device: memory is "
                          "not pinned", UserWarning, stacklevel=3)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._batches)

    def __next__(self) -> Any:
        batch = next(self._batches)
        return pinned(batch, self._device) if self._pins else batch
