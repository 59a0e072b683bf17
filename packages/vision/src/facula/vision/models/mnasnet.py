"""MNASNet: inverted residuals found by a search for what is fast on a phone."""

from __future__ import annotations

from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models._utils import make_divisible
from facula.vision.models.registry import entry, zero_bias

__all__ = ["MNASNet", "MNASNet0_5_Weights", "MNASNet0_75_Weights", "MNASNet1_0_Weights",
           "MNASNet1_3_Weights", "mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3"]

_MOMENTUM = 1 - 0.9997  # TensorFlow counts what stays, this library what is new
_norm = partial(nn.BatchNorm2d, momentum=_MOMENTUM)


class _InvertedResidual(nn.Module):
    """Widen by a 1x1 convolution, filter each channel, narrow again, add the input."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = inside * expand
        self.apply_residual = inside == outside and stride == 1
        self.layers = nn.Sequential(
            nn.Conv2d(inside, hidden, 1, bias=False), _norm(hidden), nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
            _norm(hidden), nn.ReLU(inplace=True),
            nn.Conv2d(hidden, outside, 1, bias=False), _norm(outside))

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input) + input if self.apply_residual else self.layers(input)


# Of each stack: kernel, stride, expansion, blocks.
_STACKS = ((3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1))


def _stack(inside: int, outside: int, kernel: int, stride: int, expand: int,
           repeats: int) -> nn.Sequential:
    return nn.Sequential(*[
        _InvertedResidual(outside if i else inside, outside, kernel, 1 if i else stride, expand)
        for i in range(repeats)])


def _stem(first: int, second: int) -> list[nn.Module]:
    """The plain layers before the stacks."""
    return [nn.Conv2d(3, first, 3, 2, 1, bias=False), _norm(first), nn.ReLU(inplace=True),
            nn.Conv2d(first, first, 3, 1, 1, groups=first, bias=False), _norm(first),
            nn.ReLU(inplace=True), nn.Conv2d(first, second, 1, bias=False), _norm(second)]


class MNASNet(nn.Module):
    """MNASNet-B1.

    Parameters
    ----------
    alpha : float
        The width of all layers, relative to the paper's.
    num_classes : int
        The number of outputs.
    dropout : float
        The share of features dropped before the last layer.

    Notes
    -----
    The first version of the published files had a stem whose width did not depend on ``alpha``; a
    state dict of that version is recognised by its version number and changes the layers so.

    References
    ----------
    M. Tan et al., MnasNet: platform-aware neural architecture search for mobile,
    arXiv:1807.11626, 2018.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import mnasnet0_5
    >>> mnasnet0_5(num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    _version = 2

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"MNASNet: alpha={alpha} must be positive")
        self.alpha = alpha
        self.num_classes = num_classes
        widths = self._widths()
        stacks = [_stack(inside, outside, *row) for inside, outside, row in zip(
            widths[1:-1], widths[2:], _STACKS, strict=True)]
        self.layers = nn.Sequential(
            *_stem(widths[0], widths[1]), *stacks, nn.Conv2d(widths[-1], 1280, 1, bias=False),
            _norm(1280), nn.ReLU(inplace=True))
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True),
                                        nn.Linear(1280, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, mode="fan_out", nonlinearity="sigmoid")
                zero_bias(module)

    def _widths(self) -> list[int]:
        return [make_divisible(n * self.alpha, 8) for n in (32, 16, 24, 40, 80, 96, 192, 320)]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *args: Any) -> None:
        version = local_metadata.get("version")
        if version not in (None, 1, 2):
            raise ValueError(f"MNASNet: the state dict has version {version}: 1 or 2 are known")
        if version == 1 and self.alpha != 1.0:
            old = [*_stem(32, 16), _stack(16, self._widths()[2], *_STACKS[0])]
            for i, layer in enumerate(old):
                self.layers[i] = layer
            self._version = 1
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.layers(x).mean((2, 3)))


mnasnet0_5, MNASNet0_5_Weights = entry("mnasnet0_5", partial(MNASNet, 0.5), "MNASNet 0.5")
mnasnet0_75, MNASNet0_75_Weights = entry("mnasnet0_75", partial(MNASNet, 0.75), "MNASNet 0.75")
mnasnet1_0, MNASNet1_0_Weights = entry("mnasnet1_0", partial(MNASNet, 1.0), "MNASNet 1.0")
mnasnet1_3, MNASNet1_3_Weights = entry("mnasnet1_3", partial(MNASNet, 1.3), "MNASNet 1.3")
