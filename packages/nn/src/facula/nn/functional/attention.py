"""Attention: weighted means of values, with weights from the likeness of queries and keys."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.ops import (
    attention,
    convert,
    creation,
    joining,
    linalg,
    masked,
    reduce,
    shape,
    views,
)
from facula.core.precision import guarded
from facula.core.tensor import Tensor
from facula.nn.functional.dropout import dropout
from facula.nn.functional.linear import linear


@guarded
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor,
                                 attn_mask: Tensor | None = None, dropout_p: float = 0.0,
                                 is_causal: bool = False, scale: float | None = None,
                                 enable_gqa: bool = False) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``.

    Parameters
    ----------
    query : Tensor
        ``(*, H, L, E)``.
    key : Tensor
        ``(*, H, S, E)``.
    value : Tensor
        ``(*, H, S, V)``.
    attn_mask : Tensor, optional
        Broadcasts to ``(*, H, L, S)``: bool (True where a query may look) or added to the scores.
    dropout_p : float
        The probability of dropping a weight; applied whenever it is not 0.
    is_causal : bool
        Let queries look only at keys that do not come later.
    scale : float, optional
        ``1 / sqrt(E)`` where not given.
    enable_gqa : bool
        Let several heads of the query share one of key and value.

    Returns
    -------
    Tensor
        ``(*, H, L, V)``.

    Raises
    ------
    RuntimeError
        If both a mask and ``is_causal`` are given.

    Examples
    --------
    >>> import facula
    >>> q = k = v = facula.ones(1, 2, 3, 4)
    >>> facula.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True).shape
    facula.Size([1, 2, 3, 4])
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError("scaled_dot_product_attention: attn_mask and is_causal=True exclude "
                           "each other: give one of them")
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)  # type: ignore
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)  # type: ignore
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    if not dropout_p and attention.has_kernel(query, key, value, attn_mask):
        return _in_one_kernel(query, key, value, attn_mask, is_causal, factor)
    weights = attention.weights(query, key, attn_mask, is_causal, factor)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return linalg.matmul(weights, value)


def _in_one_kernel(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None,
                   is_causal: bool, scale: float) -> Tensor:
    """The same where the device has a kernel for all of it."""
    if query.ndim == 4:
        return attention.attention(query, key, value, mask, is_causal, scale)[0]
    heads = [shape.unsqueeze(x, 0) for x in (query, key, value)]
    return shape.squeeze(attention.attention(
        heads[0], heads[1], heads[2], mask, is_causal, scale)[0], 0)


def _added(mask: Tensor | None, like: Tensor) -> Tensor | None:
    """A mask as numbers to add: True in a bool mask means "not allowed" here."""
    if mask is None or mask.dtype is not dtypes.bool_:
        return mask
    zeros = creation.zeros_like(convert.to(mask, dtype=like.dtype))
    return masked.masked_fill(zeros, mask, -math.inf)  # type: ignore[arg-type]


def multi_head_attention_forward(
        query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int,
        in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None,
        bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor,
        out_proj_bias: Tensor | None, training: bool = True,
        key_padding_mask: Tensor | None = None, need_weights: bool = True,
        attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
        q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
        v_proj_weight: Tensor | None = None, static_k: Tensor | None = None,
        static_v: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
    """The work of :class:`facula.nn.MultiheadAttention`, sequences first.

    Parameters
    ----------
    query, key, value : Tensor
        ``(L, N, E)``, ``(S, N, E)``, ``(S, N, E)``, or without N.
    embed_dim_to_check, num_heads : int
    in_proj_weight, in_proj_bias : Tensor, optional
        For query, key and value, one below the other.
    bias_k, bias_v : Tensor, optional
        ``(1, 1, E)``: one more key and value.
    add_zero_attn : bool
        One more key and value of zeros.
    dropout_p : float
    out_proj_weight, out_proj_bias : Tensor
    training : bool
        Whether dropout drops.
    key_padding_mask : Tensor, optional
        ``(N, S)``: True where a key does not count, or numbers to add.
    need_weights : bool
        Return the weights too.
    attn_mask : Tensor, optional
        ``(L, S)`` or ``(N * num_heads, L, S)``: True where a query must not look, or numbers.
    use_separate_proj_weight : bool
        Use the three weights that follow instead of ``in_proj_weight``.
    q_proj_weight, k_proj_weight, v_proj_weight : Tensor, optional
    static_k, static_v : Tensor, optional
        Projected keys and values, ``(N * num_heads, S, E / num_heads)``.
    average_attn_weights : bool
        Return the mean weights of the heads.
    is_causal : bool
        A hint that ``attn_mask`` is causal.

    Returns
    -------
    output : Tensor
        ``(L, N, E)``.
    weights : Tensor or None
        ``(N, L, S)``, or ``(N, num_heads, L, S)``.
    """
    single = query.ndim == 2
    if single:
        query, key, value = (shape.unsqueeze(t, 1) for t in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = shape.unsqueeze(key_padding_mask, 0)
    length, n, size = query.shape
    if size != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got "
                             f"{size}")
    head = size // num_heads
    if head * num_heads != size:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    _check_sequences(query, key, value, attn_mask, key_padding_mask, num_heads)
    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        weights = views.chunk(in_proj_weight, 3, 0)  # type: ignore[assignment,arg-type]
    biases: Any = ((None,) * 3 if in_proj_bias is None else views.chunk(in_proj_bias, 3, 0))
    q, k, v = (linear(x, w, b) for x, w, b in zip(  # type: ignore[arg-type]
        (query, key, value), weights, biases, strict=True))
    attn: Any = _added(attn_mask, query)
    padding: Any = _added(key_padding_mask, query)
    if attn is not None and attn.ndim == 3:
        attn = shape.reshape(attn, n, num_heads, *attn.shape[1:])
    if bias_k is not None and bias_v is not None:
        k = joining.cat([k, bias_k.repeat(1, n, 1)])  # type: ignore[attr-defined]
        v = joining.cat([v, bias_v.repeat(1, n, 1)])  # type: ignore[attr-defined]
        attn, padding = _one_more(attn), _one_more(padding)

    def heads(x: Tensor) -> Tensor:
        return shape.permute(shape.reshape(x, x.shape[0], n, num_heads, -1), 1, 2, 0, 3)
    q = heads(q)
    k = heads(k) if static_k is None else shape.reshape(static_k, n, num_heads, -1, head)
    v = heads(v) if static_v is None else shape.reshape(static_v, n, num_heads, -1, head)
    if add_zero_attn:
        k, v = (joining.cat([x, creation.zeros(n, num_heads, 1, head, dtype=x.dtype,
                                               device=x.device)], 2) for x in (k, v))
        attn, padding = _one_more(attn), _one_more(padding)
    mask: Any = attn
    if padding is not None:
        rows = shape.reshape(padding, n, 1, 1, -1)
        mask = rows if mask is None else mask + rows
    scale = 1 / math.sqrt(q.shape[-1])
    drops = bool(dropout_p and training)
    if not (need_weights or drops) and attention.has_kernel(q, k, v, mask):
        y = _in_one_kernel(q, k, v, mask, False, scale)
    else:
        probabilities = attention.weights(q, k, mask, False, scale)
        if drops:
            probabilities = dropout(probabilities, dropout_p)
        y = linalg.matmul(probabilities, v)
    y = shape.permute(y, 2, 0, 1, 3)
    y = linear(shape.reshape(y, length, n, -1), out_proj_weight, out_proj_bias)
    shown: Tensor | None = None
    if need_weights:
        shown = reduce.mean(probabilities, 1) if average_attn_weights else probabilities
    if single:
        y = shape.squeeze(y, 1)
        shown = None if shown is None else shape.squeeze(shown, 0)
    return y, shown


def _check_sequences(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None,
                     key_padding_mask: Tensor | None, heads: int) -> None:
    """A mask of another shape would be broadcast, and weights would be wrong without a word."""
    op = "multi_head_attention_forward"
    if tuple(key.shape[:2]) != tuple(value.shape[:2]) or key.shape[1] != query.shape[1]:
        raise AssertionError(
            f"{op}: the shapes do not fit: query {tuple(query.shape)}, key {tuple(key.shape)}, "
            f"value {tuple(value.shape)}: key and value must have one length, and all one batch")
    (length, batch), source = query.shape[:2], key.shape[0]
    if attn_mask is not None:
        flat, each = (length, source), (batch * heads, length, source)
        if attn_mask.ndim not in (2, 3) or tuple(attn_mask.shape) not in (flat, each):
            raise RuntimeError(f"{op}: attn_mask has shape {tuple(attn_mask.shape)}, but should "
                               f"have {flat} or {each}")
    if key_padding_mask is not None and tuple(key_padding_mask.shape) != (batch, source):
        raise AssertionError(f"{op}: key_padding_mask has shape {tuple(key_padding_mask.shape)}, "
                             f"but should have {(batch, source)}")


def _one_more(mask: Any) -> Any:
    """A mask with one more key that everything may look at."""
    if mask is None:
        return None
    return joining.cat([mask, mask.new_zeros((*mask.shape[:-1], 1))], -1)
