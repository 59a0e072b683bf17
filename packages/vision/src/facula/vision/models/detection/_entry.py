"""How a detector is entered under its name: weights, the backbone's weights, frozen stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from facula import nn
from facula.vision.models.detection._utils import overwrite_eps
from facula.vision.models.detection.backbone_utils import trained_layers
from facula.vision.models.legacy import accepts_old_calls
from facula.vision.models.registry import parameters, register_model, settle
from facula.vision.models.weights import weights_of
from facula.vision.ops import FrozenBatchNorm2d

M = TypeVar("M", bound=nn.Module)


@dataclass
class Start:
    """What a detector's backbone is made from.

    ``weights`` are the backbone's, ``trained`` says whether it has any or gets the detector's,
    ``layers`` how many of its stages are trained.
    """

    weights: Any
    progress: bool
    trained: bool
    layers: int

    @property
    def norm_layer(self) -> Any:
        """What normalises: fixed statistics where the weights are trained ones."""
        return FrozenBatchNorm2d if self.trained else nn.BatchNorm2d


def entry(name: str, make: Callable[..., M], summary: str, backbone_weights: Any,
          fetched: bool = True, classes: int = 91, layers: tuple[int, int] = (5, 3),
          no_eps: bool = False) -> tuple[Callable[..., M], Any]:
    """Enter a detector, and return what makes it and its weights' enumeration.

    Parameters
    ----------
    name : str
        The function's name.
    make : callable
        Makes the model out of a :class:`Start` and the number of classes.
    summary : str
        The beginning of the function's docstring.
    backbone_weights : WeightsEnum
        Those of the backbone.
    fetched : bool
        Whether they are fetched by default.
    classes : int
        How many classes there are by default, background included.
    layers : tuple of int
        How many stages the backbone has, and how many of them are trained by default.
    no_eps : bool
        Whether the first published weights were trained without adding to variances.
    """
    module = getattr(make, "func", make).__module__
    kind = weights_of(name, module)
    default = backbone_weights if fetched else None

    def build(*, weights: Any = None, progress: bool = True, num_classes: int | None = None,
              weights_backbone: Any = default, trainable_backbone_layers: int | None = None,
              **kwargs: Any) -> M:
        chosen = kind.verify(weights)
        body = type(backbone_weights).verify(weights_backbone)
        wanted = {} if num_classes is None else {"num_classes": num_classes}
        if chosen is not None:
            body = None
            settle(name, wanted, "num_classes", len(chosen.meta["categories"]))
            if "keypoint_names" in chosen.meta:
                settle(name, kwargs, "num_keypoints", len(chosen.meta["keypoint_names"]))
        trained = chosen is not None or body is not None
        start = Start(body, progress, trained,
                      trained_layers(trained, trainable_backbone_layers, *layers))
        model = make(start, wanted.get("num_classes", classes), **kwargs)
        if chosen is not None:
            model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
            if no_eps and chosen.name == "COCO_V1":
                overwrite_eps(model, 0.0)
        return model

    build.__name__ = build.__qualname__ = name
    build.__module__ = module
    build.__doc__ = (
        f"{summary}: {parameters(name)} parameters.\n\nIts weights are ``{kind.__name__}``; "
        f"without weights, the backbone's are "
        + (f"fetched (``{backbone_weights!r}``), unless ``weights_backbone`` is None.\n"
           if fetched else "those of ``weights_backbone``, by default none.\n")
        + f"There are {classes} classes by default, background included; of the backbone's "
        f"{layers[0]} stages ``trainable_backbone_layers`` (by default {layers[1]}) are trained. "
        "Further arguments go to the class.")
    made = accepts_old_calls(weights=("pretrained", kind), weights_backbone=(
        "pretrained_backbone", type(backbone_weights)))(build)
    return register_model()(made), kind
