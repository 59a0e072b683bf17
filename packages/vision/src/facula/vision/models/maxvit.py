"""MaxViT: convolutions, attention inside windows, and attention across a grid, in each layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from facula import nn
from facula.core import Tensor, empty, tensor
from facula.vision.models.registry import entry, settle, zero_bias
from facula.vision.models.swin_transformer import relative_position_index
from facula.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from facula.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["MaxVit", "MaxVit_T_Weights", "maxvit_t"]

Layer = Callable[..., nn.Module]


def _halved(size: Sequence[int]) -> tuple[int, int]:
    """What a 3x3 convolution of stride 2 makes of a picture's size."""
    return (size[0] - 1) // 2 + 1, (size[1] - 1) // 2 + 1


class MBConv(nn.Module):
    """Widen by 1x1, filter each channel, squeeze and excite, narrow by 1x1, add the input."""

    def __init__(self, in_channels: int, out_channels: int, expansion_ratio: float,
                 squeeze_ratio: float, stride: int, activation_layer: Layer, norm_layer: Layer,
                 p_stochastic_dropout: float = 0.0) -> None:
        super().__init__()
        self.proj: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            pool = [nn.AvgPool2d(3, stride, 1)] if stride == 2 else []
            self.proj = nn.Sequential(*pool, nn.Conv2d(in_channels, out_channels, 1))
        wide = int(out_channels * expansion_ratio)
        self.stochastic_depth = (StochasticDepth(p_stochastic_dropout, "row")
                                 if p_stochastic_dropout else nn.Identity())
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer,
                       activation_layer=activation_layer, inplace=None)
        self.layers = nn.Sequential()
        self.layers.add_module("pre_norm", norm_layer(in_channels))
        self.layers.add_module("conv_a", conv(in_channels, wide, 1))
        self.layers.add_module("conv_b", conv(wide, wide, 3, stride, groups=wide))
        self.layers.add_module("squeeze_excitation", SqueezeExcitation(
            wide, int(out_channels * squeeze_ratio), activation=nn.SiLU))
        self.layers.add_module("conv_c", nn.Conv2d(wide, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x) + self.stochastic_depth(self.layers(x))


class RelativePositionalMultiHeadAttention(nn.Module):
    """Attention of the places in each group, with a learnt number for each distance."""

    relative_position_index: Tensor

    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim:
            raise ValueError(f"RelativePositionalMultiHeadAttention: feat_dim={feat_dim} is no "
                             f"multiple of head_dim={head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = math.isqrt(max_seq_len)
        self.max_seq_len = max_seq_len
        self.to_qkv = nn.Linear(feat_dim, 3 * feat_dim)
        self.scale_factor = feat_dim ** -0.5
        self.merge = nn.Linear(feat_dim, feat_dim)
        self.relative_position_bias_table = nn.Parameter(
            empty((2 * self.size - 1) ** 2, self.n_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("relative_position_index",
                             tensor(relative_position_index(self.size, self.size)))

    def get_relative_positional_bias(self) -> Tensor:
        """What is added to the attention of each pair of places, before softmax."""
        chosen = self.relative_position_bias_table[self.relative_position_index]
        return chosen.permute(2, 0, 1).unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        n, groups, places, width = x.shape
        q, k, v = self.to_qkv(x).reshape(n, groups, places, 3, self.n_heads,
                                         self.head_dim).permute(3, 0, 1, 4, 2, 5).unbind(0)
        weights = q @ (k * self.scale_factor).transpose(-2, -1)
        weights = (weights + self.get_relative_positional_bias()).softmax(-1)
        return self.merge((weights @ v).transpose(2, 3).reshape(n, groups, places, width))


class PartitionAttentionLayer(nn.Module):
    """Attention and a perceptron, inside windows or across a grid of equally distant places."""

    def __init__(self, in_channels: int, head_dim: int, partition_size: int, partition_type: str,
                 grid_size: tuple[int, int], mlp_ratio: int, activation_layer: Layer,
                 norm_layer: Layer, attention_dropout: float, mlp_dropout: float,
                 p_stochastic_dropout: float) -> None:
        super().__init__()
        if partition_type not in ("grid", "window"):
            raise ValueError(f"PartitionAttentionLayer: partition_type={partition_type!r} must be "
                             "'grid' or 'window'")
        self.partition_size = partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        self.attn_layer = nn.Sequential(
            norm_layer(in_channels),
            RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size ** 2),
            nn.Dropout(attention_dropout))
        self.mlp_layer = nn.Sequential(
            nn.LayerNorm(in_channels), nn.Linear(in_channels, in_channels * mlp_ratio),
            activation_layer(), nn.Linear(in_channels * mlp_ratio, in_channels),
            nn.Dropout(mlp_dropout))
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, "row")

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        p = self.partition_size
        if (height, width) != self.grid_size or height % p or width % p:
            raise ValueError(f"MaxVit: {height} x {width} places here: this network was made for "
                             f"{self.grid_size[0]} x {self.grid_size[1]} and multiples of {p}")
        if self.partition_type == "window":  # rows and columns of windows, then of places
            cut, order = (height // p, p, width // p, p), (0, 2, 4, 3, 5, 1)
            back, inner = (0, 5, 1, 3, 2, 4), (height // p, width // p, p, p)
        else:  # places p apart make a group: the parts change their roles
            cut, order = (p, height // p, p, width // p), (0, 3, 5, 2, 4, 1)
            back, inner = (0, 5, 3, 1, 4, 2), (height // p, width // p, p, p)
        x = x.reshape(n, channels, *cut).permute(*order).reshape(n, -1, p * p, channels)
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        return x.reshape(n, *inner, channels).permute(*back).reshape(n, channels, height, width)


class MaxVitLayer(nn.Module):
    """Convolutions, attention inside windows, attention across the grid."""

    def __init__(self, in_channels: int, out_channels: int, squeeze_ratio: float,
                 expansion_ratio: float, stride: int, norm_layer: Layer, activation_layer: Layer,
                 head_dim: int, mlp_ratio: int, mlp_dropout: float, attention_dropout: float,
                 p_stochastic_dropout: float, partition_size: int,
                 grid_size: tuple[int, int]) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        self.layers.add_module("MBconv", MBConv(
            in_channels, out_channels, expansion_ratio, squeeze_ratio, stride, activation_layer,
            norm_layer, p_stochastic_dropout))
        for kind in ("window", "grid"):
            self.layers.add_module(f"{kind}_attention", PartitionAttentionLayer(
                out_channels, head_dim, partition_size, kind, grid_size, mlp_ratio,
                activation_layer, nn.LayerNorm, attention_dropout, mlp_dropout,
                p_stochastic_dropout))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MaxVitBlock(nn.Module):
    """A stage: layers, the first of which halves the size."""

    def __init__(self, in_channels: int, out_channels: int, input_grid_size: tuple[int, int],
                 p_stochastic: Sequence[float], **options: Any) -> None:
        super().__init__()
        self.grid_size = _halved(input_grid_size)
        self.layers = nn.ModuleList([
            MaxVitLayer(out_channels if i else in_channels, out_channels, stride=1 if i else 2,
                        grid_size=self.grid_size, p_stochastic_dropout=p, **options)
            for i, p in enumerate(p_stochastic)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    """The multi-axis vision transformer.

    Parameters
    ----------
    input_size : tuple of int
        Height and width of the pictures; all stages' sizes must be multiples of
        ``partition_size``.
    stem_channels : int
        The channels of the first convolutions.
    partition_size : int
        The side of windows and grids.
    block_channels, block_layers : list of int
        The channels and layers of each stage.
    head_dim : int
        The features of each head.
    stochastic_depth_prob : float
        The probability that the last layer is left out; it grows up to it.
    norm_layer : callable, optional
        Another normalisation of the convolutions.
    activation_layer : callable
        Makes the activations.
    squeeze_ratio, expansion_ratio, mlp_ratio : float
        The widths inside blocks, relative to the channels.
    mlp_dropout, attention_dropout : float
        The shares of features dropped.
    num_classes : int
        The number of outputs.

    References
    ----------
    Z. Tu et al., MaxViT: multi-axis vision transformer, arXiv:2204.01697, 2022.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import MaxVit
    >>> model = MaxVit((32, 32), 8, 2, [8, 16], [1, 1], 4, 0.1, num_classes=4)
    >>> model(facula.zeros(2, 3, 32, 32)).shape
    facula.Size([2, 4])
    """

    def __init__(self, input_size: tuple[int, int], stem_channels: int, partition_size: int,
                 block_channels: Sequence[int], block_layers: Sequence[int], head_dim: int,
                 stochastic_depth_prob: float, norm_layer: Layer | None = None,
                 activation_layer: Layer = nn.GELU, squeeze_ratio: float = 0.25,
                 expansion_ratio: float = 4, mlp_ratio: int = 4, mlp_dropout: float = 0.0,
                 attention_dropout: float = 0.0, num_classes: int = 1000) -> None:
        super().__init__()
        norm = norm_layer or partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
        size = _halved(input_size)
        sizes = [size := _halved(size) for _ in block_channels]
        if any(side % partition_size for pair in sizes for side in pair):
            raise ValueError(f"MaxVit: input_size={input_size} gives stages of {sizes} places, "
                             f"which must be multiples of partition_size={partition_size}")
        self.partition_size = partition_size
        self.stem = nn.Sequential(
            Conv2dNormActivation(3, stem_channels, 3, 2, norm_layer=norm, bias=False,
                                 activation_layer=activation_layer, inplace=None),
            Conv2dNormActivation(stem_channels, stem_channels, 3, norm_layer=None,
                                 activation_layer=None))
        self.blocks = nn.ModuleList()
        growing = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        size, width = _halved(input_size), stem_channels
        for channels, count in zip(block_channels, block_layers, strict=True):
            self.blocks.append(MaxVitBlock(
                width, channels, size, growing[:count], squeeze_ratio=squeeze_ratio,
                expansion_ratio=expansion_ratio, norm_layer=norm,
                activation_layer=activation_layer, head_dim=head_dim, mlp_ratio=mlp_ratio,
                mlp_dropout=mlp_dropout, attention_dropout=attention_dropout,
                partition_size=partition_size))
            growing = growing[count:]
            size, width = _halved(size), channels
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(width), nn.Linear(width, width),
            nn.Tanh(), nn.Linear(width, num_classes, bias=False))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.02)
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


def _prepare(weights: Any, kwargs: dict[str, Any]) -> None:
    settle("maxvit_t", kwargs, "input_size", weights.meta["min_size"])


def _maxvit(input_size: tuple[int, int] = (224, 224), **kwargs: Any) -> MaxVit:
    return MaxVit(input_size, 64, 7, [64, 128, 256, 512], [2, 2, 5, 2], 32, 0.2, **kwargs)


maxvit_t, MaxVit_T_Weights = entry("maxvit_t", _maxvit, "MaxViT tiny", _prepare)
