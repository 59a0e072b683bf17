"""ShuffleNet V2: half of the channels go on as they are, then the halves are mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from facula import nn
from facula.core import Tensor, cat
from facula.vision.models.registry import entry

__all__ = ["ShuffleNetV2", "ShuffleNet_V2_X0_5_Weights", "ShuffleNet_V2_X1_0_Weights",
           "ShuffleNet_V2_X1_5_Weights", "ShuffleNet_V2_X2_0_Weights", "shufflenet_v2_x0_5",
           "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"]


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Channels in turn from each of the groups."""
    batch, channels, height, width = x.shape
    split = x.reshape(batch, groups, channels // groups, height, width)
    return split.transpose(1, 2).reshape(batch, channels, height, width)


class InvertedResidual(nn.Module):
    """A branch of 1x1, depthwise 3x3 and 1x1 beside one that is empty, or strides as well."""

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError(f"InvertedResidual: stride={stride} must be 1, 2 or 3")
        half = oup // 2
        if stride == 1 and inp != 2 * half:
            raise ValueError(f"InvertedResidual: inp={inp}, oup={oup}: with stride=1 both must be "
                             "the same even number")
        self.stride = stride
        if stride > 1:
            self.branch1 = nn.Sequential(
                nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False), nn.BatchNorm2d(inp),
                nn.Conv2d(inp, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True))
        else:
            self.branch1 = nn.Sequential()
        self.branch2 = nn.Sequential(
            nn.Conv2d(inp if stride > 1 else half, half, 1, bias=False), nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
            nn.Conv2d(half, half, 3, stride, 1, groups=half, bias=False), nn.BatchNorm2d(half),
            nn.Conv2d(half, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, used = x.chunk(2, 1)
            return channel_shuffle(cat([kept, self.branch2(used)], 1), 2)
        return channel_shuffle(cat([self.branch1(x), self.branch2(x)], 1), 2)


class ShuffleNetV2(nn.Module):
    """ShuffleNet V2.

    Parameters
    ----------
    stages_repeats : list of int
        How many blocks each of the three stages has.
    stages_out_channels : list of int
        The channels after the first convolution, each stage, and the last convolution.
    num_classes : int
        The number of outputs.
    inverted_residual : callable
        What makes the blocks.

    References
    ----------
    N. Ma et al., ShuffleNet V2: practical guidelines for efficient CNN architecture design,
    arXiv:1807.11164, 2018.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import shufflenet_v2_x0_5
    >>> shufflenet_v2_x0_5(num_classes=4).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, stages_repeats: Sequence[int], stages_out_channels: Sequence[int],
                 num_classes: int = 1000,
                 inverted_residual: Callable[..., nn.Module] = InvertedResidual) -> None:
        super().__init__()
        if len(stages_repeats) != 3 or len(stages_out_channels) != 5:
            raise ValueError(f"ShuffleNetV2: stages_repeats={stages_repeats}, stages_out_channels="
                             f"{stages_out_channels}: 3 and 5 numbers are needed")
        first, *middle, last = stages_out_channels
        self.conv1 = nn.Sequential(nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first),
                                   nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        width = first
        stages = []
        for repeats, outside in zip(stages_repeats, middle, strict=True):
            stages.append(nn.Sequential(
                inverted_residual(width, outside, 2),
                *[inverted_residual(outside, outside, 1) for _ in range(repeats - 1)]))
            width = outside
        self.stage2, self.stage3, self.stage4 = stages
        self.conv5 = nn.Sequential(nn.Conv2d(width, last, 1, bias=False), nn.BatchNorm2d(last),
                                   nn.ReLU(inplace=True))
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(x.mean((2, 3)))


_net = partial(partial, ShuffleNetV2, [4, 8, 4])
shufflenet_v2_x0_5, ShuffleNet_V2_X0_5_Weights = entry(
    "shufflenet_v2_x0_5", _net([24, 48, 96, 192, 1024]), "ShuffleNet V2 x0.5")
shufflenet_v2_x1_0, ShuffleNet_V2_X1_0_Weights = entry(
    "shufflenet_v2_x1_0", _net([24, 116, 232, 464, 1024]), "ShuffleNet V2 x1.0")
shufflenet_v2_x1_5, ShuffleNet_V2_X1_5_Weights = entry(
    "shufflenet_v2_x1_5", _net([24, 176, 352, 704, 1024]), "ShuffleNet V2 x1.5")
shufflenet_v2_x2_0, ShuffleNet_V2_X2_0_Weights = entry(
    "shufflenet_v2_x2_0", _net([24, 244, 488, 976, 2048]), "ShuffleNet V2 x2.0")
