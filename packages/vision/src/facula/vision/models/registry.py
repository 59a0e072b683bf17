"""The models by name: get_model, list_models, the weights of each, and how one is entered."""

from __future__ import annotations

import fnmatch
import inspect
import typing
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

from facula import nn
from facula.vision.models.legacy import accepts_old_calls
from facula.vision.models.weights import ENUMS, WeightsEnum, weights_of

B = TypeVar("B", bound=Callable[..., nn.Module])
M = TypeVar("M", bound=nn.Module)
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


def list_models(module: ModuleType | None = None, include: str | Iterable[str] | None = None,
                exclude: str | Iterable[str] | None = None) -> list[str]:
    """The names of all models, sorted; with patterns (``"resnet*"``), those that match.

    Parameters
    ----------
    module : module, optional
        Only those of this package, as ``facula.vision.models.detection``.
    include, exclude : str or iterable of str
        Patterns with the wildcards of file names.

    Examples
    --------
    >>> from facula.vision.models import list_models
    >>> list_models(include="squeeze*")
    ['squeezenet1_0', 'squeezenet1_1']
    """
    def patterns(value: str | Iterable[str] | None) -> list[str]:
        return [value] if isinstance(value, str) else list(value or ())

    wanted, unwanted = patterns(include), patterns(exclude)
    return sorted(
        name for name, builder in _BUILDERS.items()
        if (module is None or builder.__module__.rpartition(".")[0] == module.__name__)
        and (not wanted or any(fnmatch.fnmatchcase(name, p) for p in wanted))
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


def get_model_weights(name: str | Callable[..., nn.Module]) -> type[WeightsEnum]:
    """The enumeration of the weights published for a model.

    Parameters
    ----------
    name : str or callable
        The model's name, or the function that makes it.

    Raises
    ------
    ValueError
        If the function takes no weights, or says not which.

    Examples
    --------
    >>> from facula.vision.models import get_model_weights
    >>> list(get_model_weights("resnet50"))
    [ResNet50_Weights.IMAGENET1K_V1, ResNet50_Weights.IMAGENET1K_V2]
    """
    builder = get_model_builder(name) if isinstance(name, str) else name
    called = getattr(builder, "__name__", "")
    if called in ENUMS and _BUILDERS.get(called) is builder:
        return ENUMS[called]
    if "weights" not in inspect.signature(builder).parameters:
        raise ValueError(f"get_model_weights: {called} takes no argument `weights`")
    hint = typing.get_type_hints(builder).get("weights")
    for kind in (hint, *typing.get_args(hint)):
        if isinstance(kind, type) and issubclass(kind, WeightsEnum):
            return kind
    raise ValueError(f"get_model_weights: the weights of {called} are annotated as {hint}: "
                     "annotate them with a subclass of WeightsEnum")


def get_weight(name: str) -> WeightsEnum:
    """One set of weights by its full name.

    Raises
    ------
    ValueError
        If there is no such enumeration, or the name has no point in it.
    KeyError
        If the enumeration has no such member.

    Examples
    --------
    >>> from facula.vision.models import get_weight
    >>> get_weight("ResNet50_Weights.IMAGENET1K_V2")
    ResNet50_Weights.IMAGENET1K_V2
    """
    kind, _, member = name.partition(".")
    for known in ENUMS.values():
        if known.__name__ == kind and member:
            found: WeightsEnum = known.verify(member)
            return found
    raise ValueError(f"get_weight: {name!r} names no weights: 'ResNet50_Weights.IMAGENET1K_V2' "
                     "would")


def entry(name: str, make: Callable[..., M], summary: str,
          prepare: Callable[[Any, dict[str, Any]], Any] | None = None,
          ) -> tuple[Callable[..., M], Any]:
    """Enter a model for classification, and return what makes it and its weights' enumeration.

    Parameters
    ----------
    name : str
        The function's name.
    make : callable
        Makes the model out of the keyword arguments that the user passes.
    summary : str
        The beginning of the function's docstring.
    prepare : callable, optional
        With weights: sets the arguments that they determine, besides ``num_classes``; may return
        a function to call with the model when they are loaded.
    """
    module = getattr(make, "func", make).__module__
    kind = weights_of(name, module)

    def build(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> M:
        chosen = kind.verify(weights)
        if chosen is not None:
            if chosen.meta["categories"] is not None:
                settle(name, kwargs, "num_classes", len(chosen.meta["categories"]))
        finish = prepare(chosen, kwargs) if prepare is not None and chosen is not None else None
        model = make(**kwargs)
        if chosen is not None:
            model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
        if finish is not None:
            finish(model)
        return model

    build.__name__ = build.__qualname__ = name
    build.__module__ = module
    build.__doc__ = (f"{summary}: {parameters(name)} parameters.\n\nIts weights are "
                     f"``{kind.__name__}``; further arguments go to the class.")
    made = accepts_old_calls(weights=("pretrained", kind))(build)
    return register_model()(made), kind


def parameters(name: str) -> str:
    """How many parameters the published weights of a model have, in words."""
    counts = [member.meta["num_params"] for member in ENUMS[name]]
    return f"{counts[0]:,}"


def settle(name: str, kwargs: dict[str, Any], argument: str, value: Any) -> None:
    """Set an argument that the weights determine.

    Raises
    ------
    ValueError
        If the user asked for another value.
    """
    if kwargs.setdefault(argument, value) != value:
        raise ValueError(f"{name}: {argument}={kwargs[argument]!r} does not fit the weights, which "
                         f"have {value!r}: leave it out, or use weights=None")


def zero_bias(module: nn.Conv2d | nn.Linear) -> None:
    """Start a layer's bias, if it has one, at zero."""
    if module.bias is not None:
        nn.init.zeros_(module.bias)
