"""What several networks share: rounding of widths, and a network's layers by name."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from facula import nn
from facula.core import Tensor, tensor
from facula.vision.models.registry import zero_bias


def make_divisible(v: float, divisor: int = 8, min_value: int | None = None) -> int:
    """The nearest multiple of ``divisor`` that is not more than a tenth below ``v``."""
    rounded = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * v else rounded


class IntermediateLayerGetter(nn.ModuleDict):
    """A network's children up to the last one named, which gives the outputs of those named.

    The children must stand in the order in which they are applied, each to what the last one gave.

    Parameters
    ----------
    model : Module
        The network; its modules are shared, not copied.
    return_layers : dict
        The names of children, and under which names to return what they give.

    Raises
    ------
    ValueError
        If the model has no such child.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import resnet18
    >>> from facula.vision.models._utils import IntermediateLayerGetter
    >>> getter = IntermediateLayerGetter(resnet18(), {"layer1": "near", "layer3": "far"})
    >>> [(name, y.shape) for name, y in getter(facula.zeros(1, 3, 64, 64)).items()]
    [('near', facula.Size([1, 64, 16, 16])), ('far', facula.Size([1, 256, 4, 4]))]
    """

    _version = 2

    def __init__(self, model: nn.Module, return_layers: dict[str, str]) -> None:
        children = dict(model.named_children())
        unknown = [name for name in return_layers if str(name) not in children]
        if unknown:
            raise ValueError(f"IntermediateLayerGetter: return_layers: the model has no {unknown}: "
                             f"it has {list(children)}")
        kept = {}
        left = {str(name) for name in return_layers}
        for name, child in children.items():
            if left:
                kept[name] = child
            left.discard(name)
        super().__init__(kept)
        self.return_layers = {str(name): str(new) for name, new in return_layers.items()}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        found: OrderedDict[str, Any] = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                found[self.return_layers[name]] = x
        return found


def initialise_mobile(model: nn.Module) -> None:
    """He's rule for convolutions, small numbers for linear layers, as the MobileNets have it."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            zero_bias(module)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
            zero_bias(module)


def renormalised(x: Tensor) -> Tensor:
    """Pictures normalised by ImageNet's statistics, as the first TensorFlow models want them.

    Those have values from -1 to 1: mean and deviation 0.5 in each channel.
    """
    scale = tensor([0.229, 0.224, 0.225], dtype=x.dtype, device=x.device) / 0.5
    shift = (tensor([0.485, 0.456, 0.406], dtype=x.dtype, device=x.device) - 0.5) / 0.5
    return x * scale.reshape(1, 3, 1, 1) + shift.reshape(1, 3, 1, 1)


def places_where_it_halves(features: nn.Module) -> list[int]:
    """In a MobileNet: the first layer, those that halve the size, and the last."""
    layers = list(features.children())
    halving = [i for i, layer in enumerate(layers) if getattr(layer, "_is_cn", False)]
    return [0, *halving, len(layers) - 1]
