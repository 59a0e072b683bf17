"""The base of the transforms that change a picture: a module whose repr shows its attributes."""

from __future__ import annotations

from typing import Any

from facula.nn import Module
from facula.vision.transforms.functional.kinds import InterpolationMode


class Transform(Module):
    """A module on pictures whose repr shows its public attributes."""

    def forward(self, img: Any) -> Any:
        """The changed picture."""
        raise NotImplementedError(f"{type(self).__name__}: has no forward: define it")

    def __repr__(self) -> str:
        parts = []
        for name, value in vars(self).items():
            if isinstance(value, InterpolationMode):
                value = value.value
            if not name.startswith("_") and name != "training":
                parts.append(f"{name}={value}")
        return f"{type(self).__name__}({', '.join(parts)})"
