"""ResNet, ResNeXt and Wide ResNet: sums of a path with convolutions and one without."""

from __future__ import annotations

from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.vision.models.registry import entry

__all__ = [
    "ResNet", "ResNet18_Weights", "ResNet34_Weights", "ResNet50_Weights", "ResNet101_Weights",
    "ResNet152_Weights", "ResNeXt50_32X4D_Weights", "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights", "Wide_ResNet50_2_Weights", "Wide_ResNet101_2_Weights",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1,
            dilation: int = 1) -> nn.Conv2d:
    """A 3x3 convolution without bias that keeps height and width, but for the stride."""
    return nn.Conv2d(in_planes, out_planes, 3, stride, dilation, dilation, groups, bias=False)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1x1 convolution without bias."""
    return nn.Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input is led."""

    expansion = 1

    def __init__(self, inplanes: int, planes: int, stride: int = 1,
                 downsample: nn.Module | None = None, groups: int = 1, base_width: int = 64,
                 dilation: int = 1, norm_layer: Any = nn.BatchNorm2d) -> None:
        super().__init__()
        if groups != 1 or base_width != 64 or dilation > 1:
            raise ValueError(f"BasicBlock: groups={groups}, base_width={base_width}, dilation="
                             f"{dilation}: only 1, 64 and 1 are possible")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """A narrow 3x3 convolution between two of 1x1, around which the input is led.

    The stride is the 3x3 convolution's, as in torchvision (ResNet V1.5).
    """

    expansion = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1,
                 downsample: nn.Module | None = None, groups: int = 1, base_width: int = 64,
                 dilation: int = 1, norm_layer: Any = nn.BatchNorm2d) -> None:
        super().__init__()
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """The residual network.

    Parameters
    ----------
    block : type
        :class:`BasicBlock` or :class:`Bottleneck`.
    layers : list of int
        How many blocks each of the four stages has.
    num_classes : int
        The number of outputs.
    zero_init_residual : bool
        Start each block as the identity.
    groups, width_per_group : int
        ResNeXt's groups, and the width of each.
    replace_stride_with_dilation : list of bool, optional
        For the last three stages: dilate instead of striding.
    norm_layer : callable, optional
        Another normalisation.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, arXiv:1512.03385, 2015.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import resnet18
    >>> resnet18(num_classes=7).eval()(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 7])
    """

    def __init__(self, block: Any, layers: list[int], num_classes: int = 1000,
                 zero_init_residual: bool = False, groups: int = 1, width_per_group: int = 64,
                 replace_stride_with_dilation: list[bool] | None = None,
                 norm_layer: Any = None) -> None:
        super().__init__()
        dilate = replace_stride_with_dilation or [False, False, False]
        if len(dilate) != 3:
            raise ValueError(f"ResNet: replace_stride_with_dilation={dilate} must have 3 values")
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._stage(block, 64, layers[0], 1, False)
        self.layer2 = self._stage(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._stage(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._stage(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._initialise(zero_init_residual)

    def _initialise(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if zero_init_residual and isinstance(module, Bottleneck):
                nn.init.zeros_(module.bn3.weight)
            elif zero_init_residual and isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)

    def _stage(self, block: Any, planes: int, blocks: int, stride: int,
               dilate: bool) -> nn.Sequential:
        before, outside = self.dilation, planes * block.expansion
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        downsample = None
        if stride != 1 or self.inplanes != outside:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, outside, stride),
                self._norm_layer(outside))
        made = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width,
                      before, self._norm_layer)]
        self.inplanes = outside
        made += [block(outside, planes, 1, None, self.groups, self.base_width, self.dilation,
                       self._norm_layer) for _ in range(1, blocks)]
        return nn.Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _resnext(name: str, layers: list[int], groups: int, width: int) -> Any:
    made = partial(ResNet, Bottleneck, layers, groups=groups, width_per_group=width)
    return entry(name, made, f"{name} (arXiv:1611.05431, groups of convolutions)")


def _wide(name: str, layers: list[int]) -> Any:
    made = partial(ResNet, Bottleneck, layers, width_per_group=128)
    return entry(name, made, f"{name} (arXiv:1605.07146, bottlenecks twice as wide)")


resnet18, ResNet18_Weights = entry(
    "resnet18", partial(ResNet, BasicBlock, [2, 2, 2, 2]), "ResNet-18")
resnet34, ResNet34_Weights = entry(
    "resnet34", partial(ResNet, BasicBlock, [3, 4, 6, 3]), "ResNet-34")
resnet50, ResNet50_Weights = entry(
    "resnet50", partial(ResNet, Bottleneck, [3, 4, 6, 3]), "ResNet-50")
resnet101, ResNet101_Weights = entry(
    "resnet101", partial(ResNet, Bottleneck, [3, 4, 23, 3]), "ResNet-101")
resnet152, ResNet152_Weights = entry(
    "resnet152", partial(ResNet, Bottleneck, [3, 8, 36, 3]), "ResNet-152")
resnext50_32x4d, ResNeXt50_32X4D_Weights = _resnext("resnext50_32x4d", [3, 4, 6, 3], 32, 4)
resnext101_32x8d, ResNeXt101_32X8D_Weights = _resnext("resnext101_32x8d", [3, 4, 23, 3], 32, 8)
resnext101_64x4d, ResNeXt101_64X4D_Weights = _resnext("resnext101_64x4d", [3, 4, 23, 3], 64, 4)
wide_resnet50_2, Wide_ResNet50_2_Weights = _wide("wide_resnet50_2", [3, 4, 6, 3])
wide_resnet101_2, Wide_ResNet101_2_Weights = _wide("wide_resnet101_2", [3, 4, 23, 3])
