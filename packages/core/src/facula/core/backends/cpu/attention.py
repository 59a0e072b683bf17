"""Attention by its definition on the CPU."""

from __future__ import annotations

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly


def _wide(*arrays: np.ndarray) -> list[np.ndarray]:
    return [a.astype(np.float32) if a.dtype.itemsize == 2 else a for a in arrays]


def _scores(query: np.ndarray, key: np.ndarray, mask: np.ndarray | None, is_causal: bool,
            scale: float) -> np.ndarray:
    scores = np.matmul(query, key.swapaxes(-1, -2))
    scores *= scores.dtype.type(scale)
    if is_causal:
        scores[..., np.tri(*scores.shape[-2:]) == 0] = -np.inf
    if mask is not None:
        if mask.dtype == np.bool_:
            np.copyto(scores, -np.inf, where=~mask)
        else:
            scores += mask.astype(scores.dtype)
    return scores


def _forward(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
             is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    q, k, v = _wide(query, key, value)
    weights = _scores(q, k, mask, is_causal, scale)
    top = weights.max(-1, keepdims=True, initial=-np.inf)
    weights -= np.where(np.isneginf(top), 0, top)
    np.exp(weights, out=weights)
    total = weights.sum(-1, keepdims=True)
    lse = (top + np.log(total))[..., 0]
    may_look_nowhere = mask is not None and mask.dtype == np.bool_
    if may_look_nowhere:
        total[total == 0] = 1
    else:
        lse[total[..., 0] == 0] = np.nan
    weights /= total
    return np.matmul(weights, v).astype(query.dtype), lse


@kernel
def attention(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
              is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    y: tuple[np.ndarray, ...] = call_quietly(_forward, query, key, value, mask, is_causal, scale)
    return y


def _backward(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
              mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
              scale: float) -> tuple[np.ndarray, ...]:
    g, q, k, v, out = _wide(grad, query, key, value, y)
    scores = _scores(q, k, mask, is_causal, scale)
    level = lse[..., None].astype(scores.dtype)
    weights = np.exp(scores - level)
    weights[np.isneginf(scores) & (level == level)] = 0
    by_score = np.matmul(g, v.swapaxes(-1, -2))
    by_score -= (g * out).sum(-1, keepdims=True)
    by_score *= weights
    by_score *= by_score.dtype.type(scale)
    return (np.matmul(by_score, k).astype(query.dtype),
            np.matmul(by_score.swapaxes(-1, -2), q).astype(key.dtype),
            np.matmul(weights.swapaxes(-1, -2), g).astype(value.dtype))


@kernel
def attention_grad(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
                   mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
                   scale: float) -> tuple[np.ndarray, ...]:
    grads: tuple[np.ndarray, ...] = call_quietly(
        _backward, grad, query, key, value, mask, y, lse, is_causal, scale)
    return grads
