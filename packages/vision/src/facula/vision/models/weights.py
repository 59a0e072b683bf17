"""Published weights: an enumeration for each model, made from the table of addresses."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from facula.core.hub import load_state_dict_from_url
from facula.vision.transforms import _presets
from facula.vision.transforms.functional import InterpolationMode

_PUBLISHED = Path(__file__).with_name("published")


@dataclass(frozen=True)
class Weights:
    """One set of published weights.

    Parameters
    ----------
    url : str
        Where the file is.
    transforms : callable
        Makes the transform that the weights expect: ``weights.transforms()(picture)``.
    meta : dict
        What is known of them: ``"categories"``, ``"num_params"``, ``"min_size"``, ``"recipe"`` and
        measured values (``"_metrics"``, ``"_ops"`` in 10^9, ``"_file_size"`` in MB).
    """

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]

    def __repr__(self) -> str:
        return f"Weights(url={self.url!r})"  # the names of 1,000 classes are no help


class WeightsEnum(enum.Enum):
    """The base of all enumerations of weights, ``ResNet18_Weights`` and so on.

    Examples
    --------
    >>> from facula.vision.models import ResNet18_Weights
    >>> ResNet18_Weights.DEFAULT
    ResNet18_Weights.IMAGENET1K_V1
    >>> ResNet18_Weights.DEFAULT.meta["categories"][258]
    'Samoyed'
    >>> ResNet18_Weights.DEFAULT.transforms()
    ImageClassification(
        crop_size=[224]
        resize_size=[256]
        mean=[0.485, 0.456, 0.406]
        std=[0.229, 0.224, 0.225]
        interpolation=InterpolationMode.BILINEAR
    )
    """

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """A member, from a member, its name, or None (which stays None).

        Raises
        ------
        KeyError
            For a name that is none.
        TypeError
            For a member of another enumeration, or anything else.
        """
        if obj is None or isinstance(obj, cls):
            return obj
        if isinstance(obj, str):
            name = obj.removeprefix(f"{cls.__name__}.")
            if name not in cls.__members__:
                known = ", ".join(cls.__members__) or "none are published"
                raise KeyError(f"{cls.__name__}: there is no {obj!r}: {known}")
            return cls[name]
        raise TypeError(f"{cls.__name__}: weights={obj!r} is no member: pass one of "
                        f"{list(cls.__members__)} or None")

    @property
    def url(self) -> str:
        """Where the file is."""
        return str(self.value.url)

    @property
    def transforms(self) -> Callable[..., Any]:
        """Makes the transform that the weights expect."""
        made: Callable[..., Any] = self.value.transforms
        return made

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of the weights."""
        known: dict[str, Any] = self.value.meta
        return known

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The weights, fetched unless they are kept from before.

        The arguments are those of :func:`facula.hub.load_state_dict_from_url` after the address.
        """
        state: dict[str, Any] = load_state_dict_from_url(self.url, *args, **kwargs)
        return state

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return getattr, (type(self), self.name)  # values hold partials, which never compare equal

    def __deepcopy__(self, memo: Any) -> WeightsEnum:
        return self


def _table() -> dict[str, Any]:
    """What is published for each model, with lists of names in place of the names of lists."""
    rows: dict[str, Any] = json.loads((_PUBLISHED / "weights.json").read_text("utf-8"))["models"]
    lists = json.loads((_PUBLISHED / "categories.json").read_text("utf-8"))
    for row in rows.values():
        for member in row["members"].values():
            meta, options = member["meta"], member["options"]
            for key in ("categories", "keypoint_names"):
                if meta.get(key) is not None:
                    meta[key] = lists[meta[key]]
            if "min_size" in meta:
                meta["min_size"] = tuple(meta["min_size"])
            if "interpolation" in options:
                options["interpolation"] = InterpolationMode(options["interpolation"])
    return rows


_ROWS = _table()
ENUMS: dict[str, type[WeightsEnum]] = {}  # by the name of the model


def weights_of(model: str, module: str) -> Any:
    """The enumeration of a model's published weights, made once; its name is in the table."""
    row = _ROWS[model]
    members = {}
    for name, member in row["members"].items():
        preset = getattr(_presets, member["preset"])
        options = member["options"]
        members[name] = Weights(member["url"], partial(preset, **options) if options else preset,
                                member["meta"])
    if row["default"]:
        members["DEFAULT"] = members[row["default"]]
    made: Any = WeightsEnum(row["enum"], members, module=module)  # type: ignore[call-arg]
    made.__doc__ = f"The weights published for ``{model}``."
    ENUMS[model] = made
    return made
