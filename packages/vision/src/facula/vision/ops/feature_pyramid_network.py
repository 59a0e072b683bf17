"""The feature pyramid: maps of all scales, each with what the coarser ones know."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from facula.core import Tensor
from facula.nn import Conv2d, Module, ModuleList, init
from facula.nn import functional as F
from facula.vision.ops.misc import Conv2dNormActivation

Features = tuple[list[Tensor], list[str]]


class ExtraFPNBlock(Module):
    """The base of what adds maps to a pyramid."""

    def forward(self, x: list[Tensor], y: list[Tensor], names: list[str]) -> Features:
        """The maps and names with some more: ``x`` are the pyramid's maps, ``y`` the backbone's."""
        raise NotImplementedError(f"{type(self).__name__}: has no forward: define it")


class FeaturePyramidNetwork(Module):
    """Maps of one number of channels at every scale, summed from coarse to fine.

    Parameters
    ----------
    in_channels_list : list of int
        The channels of each map that comes, from fine to coarse.
    out_channels : int
        The channels of all maps that go.
    extra_blocks : ExtraFPNBlock, optional
        What adds more maps.
    norm_layer : callable, optional
        Makes a normalisation after each convolution.

    References
    ----------
    T.-Y. Lin et al., Feature pyramid networks for object detection, CVPR 2017, arXiv:1612.03144.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.ops import FeaturePyramidNetwork
    >>> maps = {"fine": facula.zeros(1, 8, 16, 16), "coarse": facula.zeros(1, 16, 8, 8)}
    >>> out = FeaturePyramidNetwork([8, 16], 4)(maps)
    >>> {name: tuple(y.shape) for name, y in out.items()}
    {'fine': (1, 4, 16, 16), 'coarse': (1, 4, 8, 8)}
    """

    def __init__(self, in_channels_list: list[int], out_channels: int,
                 extra_blocks: ExtraFPNBlock | None = None,
                 norm_layer: Callable[..., Module] | None = None) -> None:
        super().__init__()
        self.inner_blocks = ModuleList()
        self.layer_blocks = ModuleList()
        for channels in in_channels_list:
            if channels == 0:
                raise ValueError("FeaturePyramidNetwork: in_channels_list holds a 0")
            self.inner_blocks.append(Conv2dNormActivation(
                channels, out_channels, kernel_size=1, padding=0, norm_layer=norm_layer,
                activation_layer=None))
            self.layer_blocks.append(Conv2dNormActivation(
                out_channels, out_channels, kernel_size=3, norm_layer=norm_layer,
                activation_layer=None))
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    init.constant_(module.bias, 0)
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError("FeaturePyramidNetwork: extra_blocks must be an ExtraFPNBlock, not "
                            f"{type(extra_blocks).__name__}")
        self.extra_blocks = extra_blocks

    def forward(self, x: Mapping[str, Tensor]) -> OrderedDict[str, Tensor]:
        """Maps by name, from fine to coarse; the result has the same names, and the extra ones."""
        names, maps = list(x), list(x.values())
        last = self.inner_blocks[-1](maps[-1])
        results = [self.layer_blocks[-1](last)]
        for i in range(len(maps) - 2, -1, -1):
            lateral = self.inner_blocks[i](maps[i])
            last = lateral + F.interpolate(last, size=tuple(lateral.shape[-2:]), mode="nearest")
            results.insert(0, self.layer_blocks[i](last))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results, strict=True))


class LastLevelMaxPool(ExtraFPNBlock):
    """One more map: every second place of the coarsest, as Faster R-CNN has it."""

    def forward(self, x: list[Tensor], y: list[Tensor], names: list[str]) -> Features:
        """See :class:`ExtraFPNBlock`."""
        return [*x, F.max_pool2d(x[-1], kernel_size=1, stride=2, padding=0)], [*names, "pool"]


class LastLevelP6P7(ExtraFPNBlock):
    """Two more maps by convolutions of stride 2, as RetinaNet has them.

    Parameters
    ----------
    in_channels, out_channels : int
        Of the coarsest map that comes, and of the new ones; if equal, the pyramid's own map is
        taken instead of the backbone's.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            init.kaiming_uniform_(module.weight, a=1)
            init.constant_(module.bias, 0)
        self.use_P5 = in_channels == out_channels

    def forward(self, x: list[Tensor], y: list[Tensor], names: list[str]) -> Features:
        """See :class:`ExtraFPNBlock`."""
        p6 = self.p6(x[-1] if self.use_P5 else y[-1])
        return [*x, p6, self.p7(F.relu(p6))], [*names, "p6", "p7"]
