"""Multi-head attention."""

from __future__ import annotations

from typing import Any

from facula.core.tensor import Tensor
from facula.nn import functional as F
from facula.nn import init
from facula.nn.layers.linear import Linear, empty
from facula.nn.module import Module
from facula.nn.parameter import Parameter


class NonDynamicallyQuantizableLinear(Linear):
    """:class:`~facula.nn.Linear` under the name that PyTorch prints inside attention."""


class MultiheadAttention(Module):
    """Attention by several heads, each in a part of the features (Vaswani et al., 2017).

    Parameters
    ----------
    embed_dim, num_heads : int
        The second must divide the first.
    dropout : float
        Of the weights, in training mode.
    bias : bool
    add_bias_kv : bool
        One more, learnt, key and value.
    add_zero_attn : bool
        One more key and value of zeros.
    kdim, vdim : int, optional
        The features of keys and values, if not ``embed_dim``.
    batch_first : bool
        Sequences are ``(N, L, E)`` instead of ``(L, N, E)``.
    device, dtype : optional
        Of the parameters.

    Examples
    --------
    >>> import facula
    >>> attention = facula.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = facula.zeros(3, 5, 8)
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    (facula.Size([3, 5, 8]), facula.Size([3, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
                 add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
                 vdim: int | None = None, batch_first: bool = False, device: Any = None,
                 dtype: Any = None) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError("embed_dim and num_heads must be greater than 0, got embed_dim="
                             f"{embed_dim} and num_heads={num_heads} instead")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        where = {"device": device, "dtype": dtype}
        if self._qkv_same_embed_dim:
            self.in_proj_weight = empty(3 * embed_dim, embed_dim, **where)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = empty(embed_dim, embed_dim, **where)
            self.k_proj_weight = empty(embed_dim, self.kdim, **where)
            self.v_proj_weight = empty(embed_dim, self.vdim, **where)
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", empty(3 * embed_dim, **where) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, **where)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, empty(1, 1, embed_dim, **where) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            weight = getattr(self, name)
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)  # type: ignore[arg-type]
        for name in ("bias_k", "bias_v"):
            bias = getattr(self, name)
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor,
                key_padding_mask: Tensor | None = None, need_weights: bool = True,
                attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        """Attend; see :func:`facula.nn.functional.multi_head_attention_forward`.

        Returns
        -------
        output : Tensor
        weights : Tensor or None
        """
        turned = self.batch_first and query.ndim == 3
        if turned:
            query, key, value = (t.transpose(0, 1) for t in (query, key, value))
        y, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask,
            need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal)
        return (y.transpose(0, 1) if turned else y), weights
