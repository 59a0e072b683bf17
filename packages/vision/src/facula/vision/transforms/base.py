"""The base of the transforms that change a picture: a module whose repr shows its attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from facula.nn import Module
from facula.vision.transforms.functional.kinds import InterpolationMode


class Transform(Module):
    """A module on pictures whose repr shows its public attributes, or those of `_shown`."""

    _shown: tuple[str, ...] | None = None
    _usual: dict[str, Any] = {}  # what the repr leaves out where it has this value

    def forward(self, img: Any) -> Any:
        """The changed picture."""
        raise NotImplementedError(f"{type(self).__name__}: has no forward: define it")

    def __repr__(self) -> str:
        names = public_names(self) if self._shown is None else self._shown
        names = [name for name in names
                 if name not in self._usual or getattr(self, name) != self._usual[name]]
        return f"{type(self).__name__}({', '.join(shown(self, names))})"


def public_names(module: Module) -> list[str]:
    """The names of a transform's settings, in the order in which they were set."""
    return [name for name in vars(module) if not name.startswith("_") and name != "training"]


def shown(module: Module, names: Iterable[str]) -> list[str]:
    """The settings of these names, as ``name=value``."""
    values = ((name, getattr(module, name)) for name in names)
    return [f"{name}={value.value if isinstance(value, InterpolationMode) else value}"
            for name, value in values]
