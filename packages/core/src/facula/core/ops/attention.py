"""Attention: weights from the likeness of queries and keys, and the whole of it in one kernel."""

from __future__ import annotations

import math
from typing import Any

from facula.core import dtypes
from facula.core.declare import primitive
from facula.core.errors import describe
from facula.core.ops import creation, linalg, masked, neural, reduce, shape
from facula.core.ops import softmax as soft
from facula.core.tensor import Tensor

MOST_FEATURES = 128  # what the devices' kernels have room for


def _lse_dtype(query: Tensor, *_: Any) -> dtypes.dtype:
    d = query._kind.dtype
    return d if d is dtypes.float64 else dtypes.float32


def weights(query: Tensor, key: Tensor, mask: Any, is_causal: bool, scale: float) -> Tensor:
    """``softmax(query @ key.T * scale + mask)``; rows of a bool mask with nothing true give 0."""
    if is_causal:
        rows, columns = query.shape[-2], key.shape[-2]
        mask = (shape.unsqueeze(creation.arange(rows, device=query.device), 1)  # type: ignore
                >= creation.arange(columns, device=query.device))
    scores: Any = linalg.matmul(query * scale, key.mT)  # type: ignore[operator]
    if mask is None:
        return soft.softmax(scores, -1)
    if mask.dtype is not dtypes.bool_:
        return soft.softmax(scores + mask, -1)
    found: Any = soft.softmax(masked.where(mask, scores, -math.inf), -1)
    if is_causal:
        return found
    # A query that may look nowhere gets zeros, not NaN.
    return masked.where(reduce.any(mask, -1, True), found, 0.0)


def has_kernel(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> bool:
    """Whether :func:`attention` does these (with 3 or 4 dimensions) faster than operations do."""
    kind = query._kind
    return (neural.has_kernel("attention", query)
            and query.ndim in (3, 4) and query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
            and key.shape[-2] == value.shape[-2] and query.shape[-1] == key.shape[-1]
            and max(query.shape[-1], value.shape[-1]) <= MOST_FEATURES
            and kind.dtype in (dtypes.float32, dtypes.float16, dtypes.bfloat16)
            and key._kind is kind and value._kind is kind
            and (mask is None or (not mask.requires_grad and mask._kind.device is kind.device
                                  and mask._kind.dtype in (kind.dtype, dtypes.bool_))))


@primitive(result=("same", _lse_dtype), outputs=2, export=False, dtypes=dtypes.FLOATS)
def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool,
              scale: float) -> tuple[Tensor, Tensor]:
    """``softmax(query @ key.T * scale + mask) @ value``, and the logarithms of softmax's sums.

    All of (N, H, length, features). The mask is bool (true where a query may look) or numbers to
    add; it has no gradient.

    References
    ----------
    T. Dao et al.: FlashAttention: fast and memory-efficient exact attention with IO-awareness.
    NeurIPS 2022.
    """
    n, heads, length, width = query.shape if query.ndim == 4 else (0,) * 4
    source = key.shape[2] if key.ndim == 4 else 0
    if (query.ndim != 4 or tuple(key.shape) != (n, heads, source, width) or value.ndim != 4
            or tuple(value.shape[:3]) != (n, heads, source)):
        raise RuntimeError(f"attention: query, key and value must be (N, H, L, E), (N, H, S, E) "
                           f"and (N, H, S, V), but are {describe(query)}, {describe(key)} and "
                           f"{describe(value)}")
    if mask is not None and (mask.ndim > 4 or any(
            have not in (1, want) for have, want in zip(
                reversed(mask.shape), (source, length, heads, n), strict=False))):
        raise RuntimeError(f"attention: the mask must broadcast to {(n, heads, length, source)}, "
                           f"but is {describe(mask)}")
    return query, key, value, mask, bool(is_causal), float(scale)  # type: ignore[return-value]


@primitive(outputs=3, export=False, dtypes=dtypes.FLOATS)
def attention_grad(grad: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None,
                   y: Tensor, lse: Tensor, is_causal: bool,
                   scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of :func:`attention` by query, key and value."""
    return grad, query, key, value, mask, y, lse, is_causal, scale  # type: ignore[return-value]
