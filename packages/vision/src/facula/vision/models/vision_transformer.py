"""Vision Transformer: a picture cut into patches that are read like words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from facula import nn
from facula.core import Tensor, cat, empty, zeros
from facula.vision.models.registry import entry, settle
from facula.vision.ops.misc import MLP, Conv2dNormActivation

__all__ = ["VisionTransformer", "ViT_B_16_Weights", "ViT_B_32_Weights", "ViT_L_16_Weights",
           "ViT_L_32_Weights", "ViT_H_14_Weights", "vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32",
           "vit_h_14"]

Layer = Callable[..., nn.Module]
_norm = partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """A convolution of the stem that takes the place of plain patches (arXiv:2106.14881)."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: Layer = nn.BatchNorm2d
    activation_layer: Layer = nn.ReLU


class MLPBlock(MLP):
    """The perceptron of a transformer's layer."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, dropout=dropout)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)  # type: ignore[arg-type]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # the layers had names
            for old, new in (("linear_1", "0"), ("linear_2", "3")):
                for kind in ("weight", "bias"):
                    if f"{prefix}{old}.{kind}" in state_dict:
                        state_dict[f"{prefix}{new}.{kind}"] = state_dict.pop(
                            f"{prefix}{old}.{kind}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class EncoderBlock(nn.Module):
    """Attention and a perceptron, each after a normalisation and with its input added."""

    def __init__(self, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float,
                 attention_dropout: float, norm_layer: Layer = _norm) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, attention_dropout,
                                                    batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Learnt positions, the layers, a last normalisation."""

    def __init__(self, seq_length: int, num_layers: int, num_heads: int, hidden_dim: int,
                 mlp_dim: int, dropout: float, attention_dropout: float,
                 norm_layer: Layer = _norm) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(empty(1, seq_length, hidden_dim))
        nn.init.normal_(self.pos_embedding, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential()
        for i in range(num_layers):
            self.layers.add_module(f"encoder_layer_{i}", EncoderBlock(
                num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer))
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """The Vision Transformer.

    Parameters
    ----------
    image_size, patch_size : int
        The sides of pictures and patches; the second must divide the first.
    num_layers, num_heads : int
        The layers, and the heads of each.
    hidden_dim, mlp_dim : int
        The features of each patch, and those inside the perceptrons.
    dropout, attention_dropout : float
        The shares of features and of attention weights dropped.
    num_classes : int
        The number of outputs.
    representation_size : int, optional
        The width of another layer before the last.
    norm_layer : callable
        Makes the normalisations.
    conv_stem_configs : list of ConvStemConfig, optional
        Convolutions in place of plain patches.

    References
    ----------
    A. Dosovitskiy et al., An image is worth 16x16 words: transformers for image recognition at
    scale, arXiv:2010.11929, 2020.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models import VisionTransformer
    >>> model = VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=4)
    >>> model(facula.zeros(1, 3, 32, 32)).shape
    facula.Size([1, 4])
    """

    def __init__(self, image_size: int, patch_size: int, num_layers: int, num_heads: int,
                 hidden_dim: int, mlp_dim: int, dropout: float = 0.0,
                 attention_dropout: float = 0.0, num_classes: int = 1000,
                 representation_size: int | None = None, norm_layer: Layer = _norm,
                 conv_stem_configs: Sequence[ConvStemConfig] | None = None) -> None:
        super().__init__()
        if image_size % patch_size:
            raise ValueError(f"VisionTransformer: image_size={image_size} is no multiple of "
                             f"patch_size={patch_size}")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj: nn.Module = (
            nn.Conv2d(3, hidden_dim, patch_size, patch_size) if conv_stem_configs is None
            else self._stem(conv_stem_configs, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1  # and the class's place
        self.class_token = nn.Parameter(zeros(1, 1, hidden_dim))
        self.encoder = Encoder(self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim,
                               dropout, attention_dropout, norm_layer)
        self.heads = nn.Sequential()
        width = hidden_dim
        if representation_size is not None:
            self.heads.add_module("pre_logits", nn.Linear(hidden_dim, representation_size))
            self.heads.add_module("act", nn.Tanh())
            width = representation_size
        self.heads.add_module("head", nn.Linear(width, num_classes))
        self._initialise()

    @staticmethod
    def _stem(rows: Sequence[ConvStemConfig], hidden_dim: int) -> nn.Sequential:
        stem = nn.Sequential()
        width = 3
        for i, row in enumerate(rows):
            stem.add_module(f"conv_bn_relu_{i}", Conv2dNormActivation(
                width, row.out_channels, row.kernel_size, row.stride, norm_layer=row.norm_layer,
                activation_layer=row.activation_layer))
            width = row.out_channels
        stem.add_module("conv_last", nn.Conv2d(width, hidden_dim, 1))
        return stem

    def _initialise(self) -> None:
        if isinstance(self.conv_proj, nn.Conv2d):
            fan_in = 3 * self.patch_size ** 2
            nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / fan_in))
            nn.init.zeros_(self.conv_proj.bias)  # type: ignore[arg-type]
        else:
            last: Any = self.conv_proj.conv_last
            nn.init.normal_(last.weight, 0.0, math.sqrt(2.0 / last.out_channels))
            nn.init.zeros_(last.bias)
        heads: Any = self.heads
        if self.representation_size is not None:
            nn.init.trunc_normal_(heads.pre_logits.weight,
                                  std=math.sqrt(1 / heads.pre_logits.in_features))
            nn.init.zeros_(heads.pre_logits.bias)
        nn.init.zeros_(heads.head.weight)
        nn.init.zeros_(heads.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        if (height, width) != (self.image_size, self.image_size):
            raise ValueError(f"VisionTransformer: pictures of {height} x {width}: this network was "
                             f"made for image_size={self.image_size}")
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = cat([self.class_token.expand(n, -1, -1), x], 1)
        return self.heads(self.encoder(x)[:, 0])


def interpolate_embeddings(image_size: int, patch_size: int, model_state: dict[str, Any],
                           interpolation_mode: str = "bicubic",
                           reset_heads: bool = False) -> dict[str, Any]:
    """A state dict whose learnt positions fit pictures of another size.

    Parameters
    ----------
    image_size, patch_size : int
        Of the network that it shall be loaded into.
    model_state : dict
        The state dict; where positions change it is changed in place.
    interpolation_mode : str
        As in :func:`facula.nn.functional.interpolate`.
    reset_heads : bool
        Whether to leave out the last layers.

    Raises
    ------
    ValueError
        If the positions there are do not belong to square pictures.
    """
    old = model_state["encoder.pos_embedding"]
    n, length, width = old.shape
    side, new = math.isqrt(length - 1), image_size // patch_size
    if n != 1 or side * side != length - 1:
        raise ValueError(f"interpolate_embeddings: positions of shape {tuple(old.shape)}: "
                         "(1, side * side + 1, width) is needed")
    if new == side:
        return model_state
    grid = old[:, 1:].transpose(1, 2).reshape(1, width, side, side)
    grid = nn.functional.interpolate(grid, size=new, mode=interpolation_mode, align_corners=True)
    moved = grid.reshape(1, width, new * new).transpose(1, 2)
    model_state["encoder.pos_embedding"] = cat([old[:, :1], moved], 1)
    if reset_heads:
        return {key: value for key, value in model_state.items() if not key.startswith("heads")}
    return model_state


def _prepare(weights: Any, kwargs: dict[str, Any]) -> None:
    settle("vit", kwargs, "image_size", weights.meta["min_size"][0])


def _vit(image_size: int = 224, **kwargs: Any) -> VisionTransformer:
    return VisionTransformer(image_size, **kwargs)


def _entry(size: str, patch: int, layers: int, heads: int, width: int) -> tuple[Any, Any]:
    made = partial(_vit, patch_size=patch, num_layers=layers, num_heads=heads, hidden_dim=width,
                   mlp_dim=4 * width)
    return entry(f"vit_{size}_{patch}", made, f"ViT {size.upper()}/{patch}", _prepare)


vit_b_16, ViT_B_16_Weights = _entry("b", 16, 12, 12, 768)
vit_b_32, ViT_B_32_Weights = _entry("b", 32, 12, 12, 768)
vit_l_16, ViT_L_16_Weights = _entry("l", 16, 24, 16, 1024)
vit_l_32, ViT_L_32_Weights = _entry("l", 32, 24, 16, 1024)
vit_h_14, ViT_H_14_Weights = _entry("h", 14, 32, 16, 1280)
