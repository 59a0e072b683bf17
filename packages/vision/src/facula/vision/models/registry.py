"""The models by name: get_model, list_models, and the decorator that enters one."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from facula import nn

B = TypeVar("B", bound=Callable[..., nn.Module])
_BUILDERS: dict[str, Callable[..., nn.Module]] = {}


def register_model(name: str | None = None) -> Callable[[B], B]:
    """Enter a function that makes a model under a name, by default its own.

    Examples
    --------
    >>> from facula.vision.models import list_models
    >>> "resnet18" in list_models()
    True
    """
    def enter(builder: B) -> B:
        key = name or builder.__name__
        if key in _BUILDERS:
            raise ValueError(f"register_model: {key!r} is there already: choose another name")
        _BUILDERS[key] = builder
        return builder
    return enter


def list_models(include: str | Iterable[str] | None = None,
                exclude: str | Iterable[str] | None = None) -> list[str]:
    """The names of all models, sorted; with patterns (``"resnet*"``), those that match.

    Examples
    --------
    >>> from facula.vision.models import list_models
    >>> list_models("squeeze*")
    ['squeezenet1_0', 'squeezenet1_1']
    """
    def patterns(value: str | Iterable[str] | None) -> list[str]:
        return [value] if isinstance(value, str) else list(value or ())

    wanted, unwanted = patterns(include), patterns(exclude)
    return sorted(name for name in _BUILDERS
                  if (not wanted or any(fnmatch.fnmatchcase(name, p) for p in wanted))
                  and not any(fnmatch.fnmatchcase(name, p) for p in unwanted))


def get_model_builder(name: str) -> Callable[..., nn.Module]:
    """The function that makes the model of this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"get_model: unknown model {name!r}: list_models() names all "
                         f"{len(_BUILDERS)}") from None


def get_model(name: str, **config: Any) -> nn.Module:
    """A new model by name; further arguments go to its constructor.

    Examples
    --------
    >>> from facula.vision.models import get_model
    >>> model = get_model("squeezenet1_1", num_classes=10)
    >>> model.classifier[1].out_channels
    10
    """
    return get_model_builder(name)(**config)


def zero_bias(module: nn.Conv2d | nn.Linear) -> None:
    """Start a layer's bias, if it has one, at zero."""
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def no_weights(name: str, weights: Any) -> None:
    """Refuse ``weights`` that are to be fetched: no file is known that may be."""
    if weights is not None:
        raise ValueError(f"{name}: weights={weights!r}: pretrained weights are not fetched: use "
                         "weights=None, then model.load_state_dict(facula.load(FILE))")
