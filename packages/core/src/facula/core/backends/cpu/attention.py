"""Attention on the CPU by blocks of scores that stay in the cache, forward and backward.

Where the scores of a block lie close together, which is nearly always, one number is taken from all
of them instead of each row's largest, and what is hidden is multiplied by 0 after the exponential.
Backward, what each row has subtracted (``lse``, ``sum(g * y)``) is one more column of the product
that makes the rows: a pass over the scores less, and a pass with one number a row is a slow one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.blas import over_batch
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.rows import largest, sums

BLOCK = 1 << 15  # scores; the backward pass holds two such blocks
NEAR = 60  # exp(-NEAR) times the number of keys is still a normal float32


def _wide(a: np.ndarray) -> np.ndarray:
    return a.astype(np.float32) if a.dtype.itemsize == 2 else a


def _heads(a: np.ndarray) -> np.ndarray:
    """All heads of all examples along one dimension."""
    return np.ascontiguousarray(_wide(a)).reshape(a.shape[0] * a.shape[1], *a.shape[2:])


def _transposed(a: np.ndarray, more: int = 0) -> np.ndarray:
    """(heads, S, E) as (heads, E + more, S), ones in the rest: BLAS reads it twice as fast."""
    heads, rows, columns = a.shape
    out = np.empty((heads, columns + more, rows), a.dtype)
    out[:, :columns] = a.swapaxes(1, 2)
    out[:, columns:] = 1
    return out


def _with_column(a: np.ndarray, column: np.ndarray, factor: Any = 1) -> np.ndarray:
    """(heads, L, E) times the factor as (heads, L, E + 1), the column last."""
    out = np.empty((*a.shape[:2], a.shape[2] + 1), a.dtype)
    np.multiply(a, a.dtype.type(factor), out=out[..., :-1])
    out[..., -1] = column
    return out


class _Hidden:
    """What queries may not look at, for any block."""

    def __init__(self, mask: np.ndarray | None, is_causal: bool, shape: tuple[int, ...],
                 of: np.dtype) -> None:
        self.heads, length, source = shape[1:]
        self.mask = None if mask is None else np.broadcast_to(_wide(mask), shape)
        self.boolean = mask is not None and mask.dtype == np.bool_
        self.seen = np.tri(length, source, dtype=of) if is_causal else None

    def masked(self, heads: slice, rows: slice) -> Any:
        """The mask's part for a block."""
        assert self.mask is not None
        of = np.arange(heads.start, heads.stop)
        return self.mask[of // self.heads, of % self.heads, rows]

    def after(self, exponentials: np.ndarray, heads: slice, rows: slice) -> None:
        """Zeros for what is hidden; the exponentials are finite."""
        if self.seen is not None:
            exponentials *= self.seen[rows]
        if self.boolean:
            exponentials *= self.masked(heads, rows)

    def before(self, scores: np.ndarray, heads: slice, rows: slice) -> None:
        """-inf for what is hidden."""
        if self.seen is not None:
            np.copyto(scores, -np.inf, where=self.seen[rows] == 0)
        if self.boolean:
            np.copyto(scores, -np.inf, where=~self.masked(heads, rows))

    def add(self, scores: np.ndarray, heads: slice, rows: slice) -> None:
        """A mask of numbers, added."""
        if self.mask is not None and not self.boolean:
            scores += self.masked(heads, rows)


def _over_blocks(part: Any, heads: int, length: int, source: int, features: int) -> None:
    """``part(heads, rows)`` for blocks of heads, or of the queries of one head."""
    together = max(1, BLOCK // max(1, length * source))
    rows = min(length, max(1, 2 * BLOCK // max(1, source)))

    def share(span: slice) -> None:
        for i in range(span.start, span.stop, together):
            for j in range(0, length, rows):
                part(slice(i, min(i + together, span.stop)), slice(j, min(j + rows, length)))

    if heads and length:
        over_batch(share, heads, 2.0 * heads * length * source * features)


def _forward(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
             is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    shape = (*query.shape[:3], key.shape[2])
    q, k, v = _heads(query), _transposed(_heads(key)), _heads(value)
    hidden = _Hidden(mask, is_causal, shape, q.dtype)
    y = np.empty((*q.shape[:2], v.shape[2]), q.dtype)
    lse = np.empty((*q.shape[:2], 1), q.dtype)

    def part(heads: slice, rows: slice) -> None:
        scores = np.matmul(q[heads, rows] * q.dtype.type(scale), k[heads])
        hidden.add(scores, heads, rows)
        low, top = (scores.min(), scores.max()) if scores.size else (0, np.nan)
        near = top - low < NEAR
        if near:
            scores -= top
        else:
            hidden.before(scores, heads, rows)
            top = largest(scores, -1) if scores.size else np.float32(-np.inf)
            scores -= np.where(np.isneginf(top), 0, top)
        np.exp(scores, out=scores)
        if near:
            hidden.after(scores, heads, rows)
        total = sums(scores, -1)
        logarithms = np.log(total) + top
        nothing = total == 0
        if hidden.boolean or not scores.size:
            total[nothing] = 1
        if not hidden.boolean:
            logarithms[nothing] = np.nan
        lse[heads, rows] = logarithms
        np.matmul(scores, v[heads], out=y[heads, rows])
        y[heads, rows] /= total

    _over_blocks(part, len(q), shape[2], shape[3], q.shape[2] + v.shape[2])
    return (y.reshape(*shape[:3], value.shape[3]).astype(query.dtype, copy=False),
            lse.reshape(shape[:3]))


@kernel
def attention(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
              is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    y: tuple[np.ndarray, ...] = call_quietly(_forward, query, key, value, mask, is_causal, scale)
    return y


def _backward(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
              mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
              scale: float) -> tuple[np.ndarray, ...]:
    shape = (*query.shape[:3], key.shape[2])
    g, k, v = _heads(grad), _heads(key), _heads(value)
    level = lse.reshape(g.shape[:2]).astype(g.dtype, copy=False)
    q = _with_column(_heads(query), -level, scale)
    grads = _with_column(g, -np.einsum("hle,hle->hl", g, _heads(y)))
    keys, values = _transposed(k, 1), _transposed(v, 1)
    hidden = _Hidden(mask, is_causal, shape, q.dtype)
    dq = np.empty((*q.shape[:2], k.shape[2]), q.dtype)
    dk, dv = np.zeros_like(k), np.zeros_like(v)

    def part(heads: slice, rows: slice) -> None:
        weights = np.matmul(q[heads, rows], keys[heads])
        hidden.add(weights, heads, rows)
        near = bool(weights.size) and weights.max() < NEAR
        if not near:
            hidden.before(weights, heads, rows)
        np.exp(weights, out=weights)
        if near:
            hidden.after(weights, heads, rows)
        else:  # -inf for a row that looks nowhere, less its sum's logarithm, which is -inf too
            weights[np.isneginf(level[heads, rows])] = 0
        by_score = np.matmul(grads[heads, rows], values[heads])
        by_score *= weights
        np.matmul(by_score, k[heads], out=dq[heads, rows])
        dk[heads] += np.matmul(by_score.swapaxes(1, 2), q[heads, rows, :-1])
        dv[heads] += np.matmul(weights.swapaxes(1, 2), g[heads, rows])

    _over_blocks(part, len(q), shape[2], shape[3], 3 * k.shape[2] + 2 * v.shape[2])
    dq *= dq.dtype.type(scale)
    return tuple([a.reshape(like.shape).astype(like.dtype, copy=False)
                  for a, like in ((dq, query), (dk, key), (dv, value))])


@kernel
def attention_grad(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
                   mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
                   scale: float) -> tuple[np.ndarray, ...]:
    grads: tuple[np.ndarray, ...] = call_quietly(
        _backward, grad, query, key, value, mask, y, lse, is_causal, scale)
    return grads
