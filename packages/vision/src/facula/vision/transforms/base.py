"""The base of the transforms that change a picture: a call, and a repr made of the attributes."""

from __future__ import annotations

from typing import Any

from facula.vision.transforms.functional.kinds import InterpolationMode


class Transform:
    """A callable on pictures whose repr shows its public attributes."""

    def __call__(self, img: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: has no __call__: define it")

    def __repr__(self) -> str:
        parts = []
        for name, value in vars(self).items():
            if isinstance(value, InterpolationMode):
                value = value.value
            if not name.startswith("_"):
                parts.append(f"{name}={value}")
        return f"{type(self).__name__}({', '.join(parts)})"
