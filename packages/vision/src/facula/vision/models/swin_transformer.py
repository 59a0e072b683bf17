"""Swin Transformer V1 and V2: attention inside windows that are shifted in every other layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from facula import nn
from facula.core import Tensor, cat, empty, full, no_grad, tensor
from facula.nn import functional as F
from facula.vision.models.registry import entry, zero_bias
from facula.vision.ops.misc import MLP, Permute
from facula.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["SwinTransformer", "Swin_T_Weights", "Swin_S_Weights", "Swin_B_Weights",
           "Swin_V2_T_Weights", "Swin_V2_S_Weights", "Swin_V2_B_Weights",
           "swin_t", "swin_s", "swin_b", "swin_v2_t", "swin_v2_s", "swin_v2_b"]

Layer = Callable[..., nn.Module]


def relative_position_index(height: int, width: int) -> np.ndarray:
    """For each pair of places in a window, which entry of the table belongs to their distance."""
    rows, columns = np.divmod(np.arange(height * width), width)
    down = rows[:, None] - rows[None] + height - 1
    right = columns[:, None] - columns[None] + width - 1
    index: np.ndarray = down * (2 * width - 1) + right
    return index


class PatchMerging(nn.Module):
    """Four neighbours become one of twice the features; the normalisation comes first."""

    def __init__(self, dim: int, norm_layer: Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(self._norm_width(dim))

    @staticmethod
    def _norm_width(dim: int) -> int:
        return 4 * dim

    @staticmethod
    def _merge(x: Tensor) -> Tensor:
        height, width = x.shape[-3:-1]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        return cat([x[..., i::2, j::2, :] for j in (0, 1) for i in (0, 1)], -1)

    def forward(self, x: Tensor) -> Tensor:
        return self.reduction(self.norm(self._merge(x)))


class PatchMergingV2(PatchMerging):
    """The same, with the normalisation last."""

    @staticmethod
    def _norm_width(dim: int) -> int:
        return 2 * dim

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.reduction(self._merge(x)))


def _windows(x: Tensor, window: Sequence[int]) -> Tensor:
    """``(N, H, W, C)`` cut into windows: ``(N * windows, places, C)``."""
    n, height, width, channels = x.shape
    x = x.reshape(n, height // window[0], window[0], width // window[1], window[1], channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window[0] * window[1], channels)


def _unwindowed(x: Tensor, window: Sequence[int], n: int, height: int, width: int) -> Tensor:
    """The inverse of :func:`_windows`."""
    x = x.reshape(n, height // window[0], width // window[1], window[0], window[1], -1)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, height, width, -1)


def _mask(height: int, width: int, window: Sequence[int], shift: Sequence[int]) -> np.ndarray:
    """What to add to attention, (windows, places, places): -100 between unlike regions.

    After the shift the last windows hold places from opposite edges of the picture.
    """
    def region(size: int, w: int, s: int) -> np.ndarray:
        place = np.arange(size)
        return (place >= size - w).astype(int) + (place >= size - s)

    regions = (3 * region(height, window[0], shift[0])[:, None]
               + region(width, window[1], shift[1])[None])
    cut = regions.reshape(height // window[0], window[0], width // window[1], window[1])
    flat = cut.transpose(0, 2, 1, 3).reshape(-1, window[0] * window[1])
    unlike: np.ndarray = np.where(flat[:, None] != flat[:, :, None], -100.0, 0.0)
    return unlike


class ShiftedWindowAttention(nn.Module):
    """Attention of the places in each window, with a learnt number for each distance.

    Parameters
    ----------
    dim : int
        The features.
    window_size, shift_size : list of int
        Height and width of the windows, and of their shift.
    num_heads : int
        The heads.
    qkv_bias, proj_bias : bool
        Whether the linear layers have one.
    attention_dropout, dropout : float
        The shares of attention weights and of features dropped.
    """

    relative_position_index: Tensor

    def __init__(self, dim: int, window_size: Sequence[int], shift_size: Sequence[int],
                 num_heads: int, qkv_bias: bool = True, proj_bias: bool = True,
                 attention_dropout: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError(f"ShiftedWindowAttention: window_size={window_size}, shift_size="
                             f"{shift_size}: both must hold two numbers")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self._define_table()
        self.register_buffer("relative_position_index",
                             tensor(relative_position_index(*window_size).ravel()))

    def _define_table(self) -> None:
        size = math.prod(2 * w - 1 for w in self.window_size)
        self.relative_position_bias_table = nn.Parameter(empty(size, self.num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def _of_places(self, table: Tensor) -> Tensor:
        """The table's entries for each pair of places: ``(1, heads, places, places)``."""
        places = math.prod(self.window_size)
        chosen = table[self.relative_position_index].reshape(places, places, -1)
        return chosen.permute(2, 0, 1).unsqueeze(0)

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the attention of each pair of places, before softmax."""
        return self._of_places(self.relative_position_bias_table)

    def _products(self, q: Tensor, k: Tensor) -> Tensor:
        return (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)

    def _bias(self) -> Tensor | None:
        return self.qkv.bias

    def forward(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        window = self.window_size
        down, right = (-size % w for size, w in zip((height, width), window, strict=True))
        x = F.pad(x, (0, 0, 0, right, 0, down))
        high, wide = height + down, width + right
        shift = [0 if w >= size else s for w, size, s in zip(
            window, (high, wide), self.shift_size, strict=True)]
        if any(shift):
            x = x.roll((-shift[0], -shift[1]), (1, 2))
        x = _windows(x, window)
        count, places, _ = x.shape
        qkv = F.linear(x, self.qkv.weight, self._bias())
        q, k, v = qkv.reshape(count, places, 3, self.num_heads,
                              channels // self.num_heads).permute(2, 0, 3, 1, 4).unbind(0)
        attention = self._products(q, k) + self.get_relative_position_bias()
        if any(shift):
            mask = tensor(_mask(high, wide, window, shift), dtype=x.dtype, device=x.device)
            attention = attention.reshape(n, -1, self.num_heads, places, places)
            attention = attention + mask.unsqueeze(1).unsqueeze(0)
            attention = attention.reshape(count, self.num_heads, places, places)
        attention = F.dropout(attention.softmax(-1), self.attention_dropout, self.training)
        x = (attention @ v).transpose(1, 2).reshape(count, places, channels)
        x = F.dropout(F.linear(x, self.proj.weight, self.proj.bias), self.dropout, self.training)
        x = _unwindowed(x, window, n, high, wide)
        if any(shift):
            x = x.roll((shift[0], shift[1]), (1, 2))
        return x[:, :height, :width]


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """V2's attention: cosines with a learnt scale, and positions through a small perceptron."""

    relative_coords_table: Tensor

    def __init__(self, dim: int, window_size: Sequence[int], shift_size: Sequence[int],
                 num_heads: int, qkv_bias: bool = True, proj_bias: bool = True,
                 attention_dropout: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__(dim, window_size, shift_size, num_heads, qkv_bias, proj_bias,
                         attention_dropout, dropout)
        self.logit_scale = nn.Parameter(full((num_heads, 1, 1), math.log(10)))
        self.cpb_mlp = nn.Sequential(nn.Linear(2, 512), nn.ReLU(inplace=True),
                                     nn.Linear(512, num_heads, bias=False))
        if self.qkv.bias is not None:
            with no_grad():
                self.qkv.bias[dim:2 * dim].zero_()

    def _define_table(self) -> None:
        height, width = self.window_size
        down, right = np.meshgrid(np.arange(1 - height, height, dtype=np.float32),
                                  np.arange(1 - width, width, dtype=np.float32), indexing="ij")
        table = np.stack([8 * down / (height - 1), 8 * right / (width - 1)], -1)[None]
        logarithmic = np.sign(table) * np.log2(np.abs(table) + 1) / 3
        self.register_buffer("relative_coords_table", tensor(logarithmic.astype(np.float32)))

    def get_relative_position_bias(self) -> Tensor:
        table = self.cpb_mlp(self.relative_coords_table).reshape(-1, self.num_heads)
        return 16 * self._of_places(table).sigmoid()

    def _products(self, q: Tensor, k: Tensor) -> Tensor:
        scale = self.logit_scale.clamp(max=math.log(100.0)).exp()
        return F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * scale

    def _bias(self) -> Tensor | None:
        if self.qkv.bias is None:
            return None
        kept = self.qkv.bias.new_ones(3, 1)  # keys have no bias: all are shifted alike
        kept[1] = 0
        return (self.qkv.bias.reshape(3, -1) * kept).flatten()


class SwinTransformerBlock(nn.Module):
    """Attention and a perceptron, each after a normalisation and with its input added."""

    attention: Layer = ShiftedWindowAttention

    def __init__(self, dim: int, num_heads: int, window_size: Sequence[int],
                 shift_size: Sequence[int], mlp_ratio: float = 4.0, dropout: float = 0.0,
                 attention_dropout: float = 0.0, stochastic_depth_prob: float = 0.0,
                 norm_layer: Layer = nn.LayerNorm, attn_layer: Layer | None = None) -> None:
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = (attn_layer or type(self).attention)(
            dim, window_size, shift_size, num_heads, attention_dropout=attention_dropout,
            dropout=dropout)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=nn.GELU, dropout=dropout)
        for module in self.mlp.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformerBlockV2(SwinTransformerBlock):
    """V2's block: the normalisations come last."""

    attention: Layer = ShiftedWindowAttentionV2

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


class SwinTransformer(nn.Module):
    """The Swin Transformer.

    Parameters
    ----------
    patch_size : list of int
        Height and width of the patches.
    embed_dim : int
        The features of each patch in the first stage; they double from stage to stage.
    depths, num_heads : list of int
        The layers of each stage, and the heads of each of its layers.
    window_size : list of int
        Height and width of the windows, in patches.
    mlp_ratio : float
        The width of the perceptrons, relative to the features.
    dropout, attention_dropout : float
        The shares of features and of attention weights dropped.
    stochastic_depth_prob : float
        The probability that the last layer is left out; it grows up to it.
    num_classes : int
        The number of outputs.
    norm_layer, block : callable, optional
        Other normalisations and layers.
    downsample_layer : callable
        What stands between stages.

    References
    ----------
    Z. Liu et al., Swin Transformer: hierarchical vision transformer using shifted windows,
    arXiv:2103.14030, 2021; Swin Transformer V2: scaling up capacity and resolution,
    arXiv:2111.09883, 2021.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import SwinTransformer
    >>> model = SwinTransformer([4, 4], 8, [2, 2], [2, 4], [4, 4], num_classes=4)
    >>> model(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, patch_size: Sequence[int], embed_dim: int, depths: Sequence[int],
                 num_heads: Sequence[int], window_size: Sequence[int], mlp_ratio: float = 4.0,
                 dropout: float = 0.0, attention_dropout: float = 0.0,
                 stochastic_depth_prob: float = 0.1, num_classes: int = 1000,
                 norm_layer: Layer | None = None, block: Layer | None = None,
                 downsample_layer: Layer = PatchMerging) -> None:
        super().__init__()
        self.num_classes = num_classes
        block = block or SwinTransformerBlock
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patch = (patch_size[0], patch_size[1])
        layers: list[nn.Module] = [nn.Sequential(
            nn.Conv2d(3, embed_dim, patch, patch), Permute([0, 2, 3, 1]), norm(embed_dim))]
        last, done, dim = sum(depths) - 1, 0, embed_dim
        for stage, (depth, heads) in enumerate(zip(depths, num_heads, strict=True)):
            if stage:
                layers.append(downsample_layer(dim, norm))
                dim *= 2
            layers.append(nn.Sequential(*[
                block(dim, heads, window_size=window_size,
                      shift_size=[w // 2 if i % 2 else 0 for w in window_size],
                      mlp_ratio=mlp_ratio, dropout=dropout, attention_dropout=attention_dropout,
                      stochastic_depth_prob=stochastic_depth_prob * (done + i) / last,
                      norm_layer=norm) for i in range(depth)]))
            done += depth
        self.features = nn.Sequential(*layers)
        self.norm = norm(dim)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(dim, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                zero_bias(module)

    def forward(self, x: Tensor) -> Tensor:
        x = self.permute(self.norm(self.features(x)))
        return self.head(self.flatten(self.avgpool(x)))


_V2: dict[str, Any] = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}


def _entry(name: str, width: int, third: int, heads: int, probability: float) -> tuple[Any, Any]:
    second = name.startswith("v2")
    window = [8, 8] if second else [7, 7]
    made = partial(SwinTransformer, [4, 4], width, [2, 2, third, 2],
                   [heads, 2 * heads, 4 * heads, 8 * heads], window,
                   stochastic_depth_prob=probability, **(_V2 if second else {}))
    return entry(f"swin_{name}", made, f"Swin {name.replace('_', ' ').upper()}")


swin_t, Swin_T_Weights = _entry("t", 96, 6, 3, 0.2)
swin_s, Swin_S_Weights = _entry("s", 96, 18, 3, 0.3)
swin_b, Swin_B_Weights = _entry("b", 128, 18, 4, 0.5)
swin_v2_t, Swin_V2_T_Weights = _entry("v2_t", 96, 6, 3, 0.2)
swin_v2_s, Swin_V2_S_Weights = _entry("v2_s", 96, 18, 3, 0.3)
swin_v2_b, Swin_V2_B_Weights = _entry("v2_b", 128, 18, 4, 0.5)
