"""Backbones of detectors: the layers of a classifier that are trained, and feature pyramids."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import IntermediateLayerGetter, places_where_it_halves
from facula.vision.models.legacy import accepts_old_calls
from facula.vision.models.registry import get_model_builder, get_model_weights
from facula.vision.models.weights import WeightsEnum
from facula.vision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d
from facula.vision.ops.feature_pyramid_network import (
    ExtraFPNBlock,
    LastLevelMaxPool,
    LastLevelP6P7,
)

__all__ = ["BackboneWithFPN", "LastLevelMaxPool", "LastLevelP6P7", "mobilenet_backbone",
           "resnet_fpn_backbone"]

Layer = Callable[..., nn.Module]


def _of_backbone(arguments: dict[str, Any]) -> type[WeightsEnum]:
    """The weights of the network that a call names."""
    return get_model_weights(arguments["backbone_name"])


class BackboneWithFPN(nn.Module):
    """A network whose layers of several scales feed a feature pyramid.

    Parameters
    ----------
    backbone : Module
        The network.
    return_layers : dict
        Its children that feed the pyramid, and how their maps are called.
    in_channels_list : list of int
        The channels of those.
    out_channels : int
        The channels of the pyramid's maps.
    extra_blocks : ExtraFPNBlock, optional
        What adds more maps; by default a pooling adds one.
    norm_layer : callable, optional
        Makes normalisations in the pyramid.
    """

    def __init__(self, backbone: nn.Module, return_layers: dict[str, str],
                 in_channels_list: list[int], out_channels: int,
                 extra_blocks: ExtraFPNBlock | None = None,
                 norm_layer: Layer | None = None) -> None:
        super().__init__()
        self.body = IntermediateLayerGetter(backbone, return_layers)
        self.fpn = FeaturePyramidNetwork(
            in_channels_list, out_channels, extra_blocks=extra_blocks or LastLevelMaxPool(),
            norm_layer=norm_layer)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return self.fpn(self.body(x))


@accepts_old_calls(weights=("pretrained", _of_backbone))
def resnet_fpn_backbone(*, backbone_name: str, weights: Any, norm_layer: Layer = FrozenBatchNorm2d,
                        trainable_layers: int = 3, returned_layers: Sequence[int] | None = None,
                        extra_blocks: ExtraFPNBlock | None = None) -> BackboneWithFPN:
    """A ResNet with a feature pyramid.

    Parameters
    ----------
    backbone_name : str
        ``"resnet50"``, say.
    weights : WeightsEnum, str or None
        The ResNet's.
    norm_layer : callable
        Makes the ResNet's normalisations.
    trainable_layers : int
        How many of its five stages are trained, from the last.
    returned_layers : list of int, optional
        Which stages, from 1 to 4, feed the pyramid; by default all.
    extra_blocks : ExtraFPNBlock, optional
        What adds more maps; by default a pooling adds one.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.detection.backbone_utils import resnet_fpn_backbone
    >>> backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None)
    >>> [y.shape[-1] for y in backbone(facula.zeros(1, 3, 64, 64)).values()]
    [16, 8, 4, 2, 1]
    """
    body = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return resnet_fpn(body, trainable_layers, returned_layers, extra_blocks)


def resnet_fpn(body: Any, trainable_layers: int, returned_layers: Sequence[int] | None = None,
               extra_blocks: ExtraFPNBlock | None = None,
               norm_layer: Layer | None = None) -> BackboneWithFPN:
    """A pyramid on a ResNet that is there, with some of its layers frozen."""
    if not 0 <= trainable_layers <= 5:
        raise ValueError(f"trainable_layers={trainable_layers}: it must be from 0 to 5")
    returned = list(returned_layers or (1, 2, 3, 4))
    if min(returned) < 1 or max(returned) > 4:
        raise ValueError(f"returned_layers={returned}: each must be from 1 to 4")
    trained = ["layer4", "layer3", "layer2", "layer1", "conv1"][:trainable_layers]
    if trainable_layers == 5:
        trained.append("bn1")
    for name, parameter in body.named_parameters():
        if not name.startswith(tuple(trained)):
            parameter.requires_grad_(False)
    width = body.inplanes // 8
    return BackboneWithFPN(
        body, {f"layer{k}": str(i) for i, k in enumerate(returned)},
        [width * 2 ** (k - 1) for k in returned], 256, extra_blocks, norm_layer)


@accepts_old_calls(weights=("pretrained", _of_backbone))
def mobilenet_backbone(*, backbone_name: str, weights: Any, fpn: bool,
                       norm_layer: Layer = FrozenBatchNorm2d, trainable_layers: int = 2,
                       returned_layers: Sequence[int] | None = None,
                       extra_blocks: ExtraFPNBlock | None = None) -> nn.Module:
    """A MobileNet, with a feature pyramid or a 1x1 convolution.

    Parameters
    ----------
    backbone_name : str
        ``"mobilenet_v3_large"``, say.
    weights : WeightsEnum, str or None
        The MobileNet's.
    fpn : bool
        Whether a pyramid follows.
    norm_layer : callable
        Makes the MobileNet's normalisations.
    trainable_layers : int
        How many of its stages are trained, from the last.
    returned_layers : list of int, optional
        Which stages feed the pyramid; by default the last two.
    extra_blocks : ExtraFPNBlock, optional
        What adds more maps; by default a pooling adds one.
    """
    body = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return mobilenet_extractor(body, fpn, trainable_layers, returned_layers, extra_blocks)


def freeze_before(layers: Sequence[nn.Module], stages: Sequence[int], trainable: int) -> None:
    """Freeze all layers but those of the last stages."""
    if not 0 <= trainable <= len(stages):
        raise ValueError(f"trainable_layers={trainable}: it must be from 0 to {len(stages)}")
    for layer in layers[:stages[len(stages) - trainable] if trainable else len(layers)]:
        for parameter in layer.parameters():
            parameter.requires_grad_(False)


def mobilenet_extractor(body: Any, fpn: bool, trainable_layers: int,
                        returned_layers: Sequence[int] | None = None,
                        extra_blocks: ExtraFPNBlock | None = None,
                        norm_layer: Layer | None = None) -> nn.Module:
    """The same on a MobileNet that is there."""
    features = body.features
    stages = places_where_it_halves(features)
    freeze_before(list(features), stages, trainable_layers)
    if not fpn:
        plain = nn.Sequential(features, nn.Conv2d(features[-1].out_channels, 256, 1))
        plain.out_channels = 256
        return plain
    returned = list(returned_layers or (len(stages) - 2, len(stages) - 1))
    if min(returned) < 0 or max(returned) >= len(stages):
        raise ValueError(f"returned_layers={returned}: each must be from 0 to {len(stages) - 1}")
    return BackboneWithFPN(
        features, {str(stages[k]): str(i) for i, k in enumerate(returned)},
        [features[stages[k]].out_channels for k in returned], 256, extra_blocks, norm_layer)


def trained_layers(trained: bool, wanted: int | None, largest: int, usual: int) -> int:
    """How many stages are trained: without trained weights all of them."""
    if not trained:
        if wanted is not None:
            warnings.warn(f"trainable_backbone_layers={wanted} has no effect without trained "
                          f"weights: all {largest} stages are trained", stacklevel=4)
        return largest
    count = usual if wanted is None else wanted
    if not 0 <= count <= largest:
        raise ValueError(f"trainable_backbone_layers={count}: it must be from 0 to {largest}")
    return count
