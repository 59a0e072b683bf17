"""What the networks for segmentation share: the way through them, and how one is entered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import IntermediateLayerGetter, places_where_it_halves
from facula.vision.models.legacy import accepts_old_calls
from facula.vision.models.registry import parameters, register_model, settle
from facula.vision.models.weights import weights_of

M = TypeVar("M", bound=nn.Module)


def enlarged(x: Tensor, size: Any) -> Tensor:
    """Scores of another height and width, bilinearly."""
    return nn.functional.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


class SimpleSegmentationModel(nn.Module):
    """A backbone, a classifier of its places, and another one halfway that helps while training.

    Parameters
    ----------
    backbone : Module
        Gives a dictionary with ``"out"``, and ``"aux"`` for the second classifier.
    classifier : Module
        Scores the classes at each place of ``"out"``.
    aux_classifier : Module, optional
        Scores them at each place of ``"aux"``.
    """

    def __init__(self, backbone: nn.Module, classifier: nn.Module,
                 aux_classifier: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.backbone(x)
        found = OrderedDict(out=enlarged(self.classifier(features["out"]), x.shape[-2:]))
        if self.aux_classifier is not None:
            found["aux"] = enlarged(self.aux_classifier(features["aux"]), x.shape[-2:])
        return found


class FCNHead(nn.Sequential):
    """A 3x3 convolution to a quarter of the channels, and a 1x1 convolution to the classes."""

    def __init__(self, in_channels: int, channels: int) -> None:
        inside = in_channels // 4
        super().__init__(
            nn.Conv2d(in_channels, inside, 3, padding=1, bias=False), nn.BatchNorm2d(inside),
            nn.ReLU(), nn.Dropout(0.1), nn.Conv2d(inside, channels, 1))


def of_resnet(backbone: Any, aux: bool | None) -> tuple[nn.Module, int, int]:
    """A ResNet that gives ``"out"``, and ``"aux"`` if wanted, with the channels of both."""
    layers = {"layer4": "out"} | ({"layer3": "aux"} if aux else {})
    return IntermediateLayerGetter(backbone, layers), 2048, 1024


def of_mobilenet(backbone: Any, aux: bool | None) -> tuple[nn.Module, int, int]:
    """A MobileNet V3 likewise."""
    features = backbone.features
    places = places_where_it_halves(features)
    layers = {str(places[-1]): "out"} | ({str(places[-4]): "aux"} if aux else {})
    return (IntermediateLayerGetter(features, layers), features[places[-1]].out_channels,
            features[places[-4]].out_channels)


def entry(name: str, make: Callable[..., M], summary: str, backbone: Callable[..., nn.Module],
          backbone_weights: Any, **options: Any) -> tuple[Callable[..., M], Any]:
    """Enter a network for segmentation, and return what makes it and its weights' enumeration.

    Parameters
    ----------
    name : str
        The function's name.
    make : callable
        Makes the model out of a backbone, the number of classes, and whether to help training.
    summary : str
        The beginning of the function's docstring.
    backbone : callable
        Makes the backbone, with its weights and `options`.
    backbone_weights : WeightsEnum
        Those of the backbone that are fetched by default.
    """
    kind = weights_of(name, make.__module__)

    def build(*, weights: Any = None, progress: bool = True, num_classes: int | None = None,
              aux_loss: bool | None = None, weights_backbone: Any = backbone_weights,
              **kwargs: Any) -> M:
        chosen = kind.verify(weights)
        wanted = {key: value for key, value in (("num_classes", num_classes),
                                                ("aux_loss", aux_loss)) if value is not None}
        if chosen is not None:
            weights_backbone = None
            settle(name, wanted, "num_classes", len(chosen.meta["categories"]))
            if not name.startswith("lraspp"):
                settle(name, wanted, "aux_loss", True)
        body = backbone(weights=type(backbone_weights).verify(weights_backbone),
                        progress=progress, **options)
        model = make(body, wanted.get("num_classes", 21), wanted.get("aux_loss"), **kwargs)
        if chosen is not None:
            model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
        return model

    build.__name__ = build.__qualname__ = name
    build.__module__ = make.__module__
    build.__doc__ = (
        f"{summary}: {parameters(name)} parameters.\n\nIts weights are ``{kind.__name__}``; "
        f"without weights, the backbone's are fetched (``{backbone_weights!r}``), unless "
        "``weights_backbone`` is None.\nThere are 21 classes by default; ``aux_loss=True`` adds a "
        "classifier halfway.")
    made = accepts_old_calls(weights=("pretrained", kind), weights_backbone=(
        "pretrained_backbone", type(backbone_weights)))(build)
    return register_model()(made), kind
