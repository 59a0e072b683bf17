"""Attention on the CPU by blocks of scores that stay in the cache, forward and backward.

Where the scores of a block lie close together, which is nearly always, one number is taken from all
of them instead of each row's largest, and what is hidden is multiplied by 0 after the exponential.
Nothing is copied: BLAS reads heads that lie side by side, as a split projection leaves them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.blas import over_batch
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.backends.cpu.rows import largest, sums

BLOCK = 1 << 15  # scores; the backward pass holds two such blocks
NEAR = 60  # exp(-NEAR) times the number of keys is still a normal float32
Block = tuple[slice, slice, slice]


def _wide(a: np.ndarray) -> np.ndarray:
    return a.astype(np.float32) if a.dtype.itemsize == 2 else a


class _Hidden:
    """What queries may not look at, for any block of examples, heads and queries."""

    def __init__(self, mask: np.ndarray | None, is_causal: bool, shape: tuple[int, ...],
                 of: np.dtype) -> None:
        self.mask = None if mask is None else np.broadcast_to(_wide(mask), shape)
        self.boolean = mask is not None and mask.dtype == np.bool_
        self.seen = np.tri(*shape[2:], dtype=of) if is_causal else None

    def add(self, scores: np.ndarray, at: Block) -> None:
        """A mask of numbers, added."""
        if self.mask is not None and not self.boolean:
            scores += self.mask[at]

    def before(self, scores: np.ndarray, at: Block) -> None:
        """-inf for what is hidden."""
        if self.seen is not None:
            np.copyto(scores, -np.inf, where=self.seen[at[2]] == 0)
        if self.mask is not None and self.boolean:
            np.copyto(scores, -np.inf, where=~self.mask[at])

    def after(self, exponentials: np.ndarray, at: Block) -> None:
        """Zeros for what is hidden; the exponentials are finite."""
        if self.seen is not None:
            exponentials *= self.seen[at[2]]
        if self.mask is not None and self.boolean:
            exponentials *= self.mask[at]


def _over_blocks(part: Callable[[Block], None], shape: tuple[int, ...], features: int) -> None:
    """``part`` for blocks of examples, else of heads, else of the queries of one head."""
    n, heads, length, source = shape
    one = max(1, length * source)
    examples = max(1, BLOCK // (max(1, heads) * one))
    together = heads if examples > 1 else max(1, min(heads, BLOCK // one))
    rows = max(1, min(length, 2 * BLOCK // max(1, source)))
    blocks = [(slice(i, min(i + examples, n)), slice(h, min(h + together, heads)))
              for i in range(0, n, examples) for h in range(0, heads, together)]

    def share(span: slice) -> None:
        for some, of in blocks[span]:
            for j in range(0, length, rows):
                part((some, of, slice(j, min(j + rows, length))))

    if blocks:
        over_batch(share, len(blocks), 2.0 * n * heads * one * features)


def _forward(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
             is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    shape = (*query.shape[:3], key.shape[2])
    q, k, v = _wide(query), _wide(key).swapaxes(2, 3), _wide(value)
    hidden = _Hidden(mask, is_causal, shape, q.dtype)
    y = np.empty((*shape[:3], v.shape[3]), q.dtype)
    lse = np.empty((*shape[:3], 1), q.dtype)

    def part(at: Block) -> None:
        scores = np.matmul(q[at], k[at[:2]])
        scores *= q.dtype.type(scale)
        hidden.add(scores, at)
        low, top = (scores.min(), scores.max()) if scores.size else (0, np.nan)
        near = top - low < NEAR
        if near:
            scores -= top
        else:
            hidden.before(scores, at)
            top = largest(scores, -1) if scores.size else q.dtype.type(-np.inf)
            scores -= np.where(np.isneginf(top), 0, top)
        np.exp(scores, out=scores)
        if near:
            hidden.after(scores, at)
        total = sums(scores, -1)
        logarithms = np.log(total) + top
        nothing = total == 0
        if hidden.boolean or not scores.size:
            total[nothing] = 1
        if not hidden.boolean:
            logarithms[nothing] = np.nan
        lse[at] = logarithms
        out = np.matmul(scores, v[at[:2]], out=y[at])
        out /= total

    _over_blocks(part, shape, q.shape[3] + v.shape[3])
    return y.astype(query.dtype, copy=False), lse[..., 0]


@kernel
def attention(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: np.ndarray | None,
              is_causal: bool, scale: float) -> tuple[np.ndarray, ...]:
    y: tuple[np.ndarray, ...] = call_quietly(_forward, query, key, value, mask, is_causal, scale)
    return y


def _backward(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
              mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
              scale: float) -> tuple[np.ndarray, ...]:
    shape = (*query.shape[:3], key.shape[2])
    g, q, k, v = _wide(grad), _wide(query), _wide(key), _wide(value)
    columns, values = k.swapaxes(2, 3), v.swapaxes(2, 3)
    level = lse[..., None].astype(g.dtype, copy=False)
    product = np.einsum("nhle,nhle->nhl", g, _wide(y))[..., None]
    hidden = _Hidden(mask, is_causal, shape, q.dtype)
    dq, dk, dv = np.empty(q.shape, q.dtype), np.zeros(k.shape, k.dtype), np.zeros(v.shape, v.dtype)
    factor = q.dtype.type(scale)

    def part(at: Block) -> None:
        whole = at[:2]
        weights = np.matmul(q[at], columns[whole])
        weights *= factor
        hidden.add(weights, at)
        weights -= level[at]
        near = bool(weights.size) and weights.max() < NEAR
        if not near:
            hidden.before(weights, at)
        np.exp(weights, out=weights)
        if near:
            hidden.after(weights, at)
        else:  # a row that looks nowhere: its sum's logarithm is -inf too
            np.copyto(weights, 0, where=np.isneginf(level[at]))
        by_score = np.matmul(g[at], values[whole])
        by_score -= product[at]
        by_score *= weights
        by_score *= factor
        np.matmul(by_score, k[whole], out=dq[at])
        if weights.shape[2] == shape[2]:
            np.matmul(by_score.swapaxes(2, 3), q[at], out=dk[whole])
            np.matmul(weights.swapaxes(2, 3), g[at], out=dv[whole])
        else:
            dk[whole] += np.matmul(by_score.swapaxes(2, 3), q[at])
            dv[whole] += np.matmul(weights.swapaxes(2, 3), g[at])

    _over_blocks(part, shape, 3 * k.shape[3] + 2 * v.shape[3])
    return tuple([a.astype(like.dtype, copy=False)
                  for a, like in ((dq, query), (dk, key), (dv, value))])


@kernel
def attention_grad(grad: np.ndarray, query: np.ndarray, key: np.ndarray, value: np.ndarray,
                   mask: np.ndarray | None, y: np.ndarray, lse: np.ndarray, is_causal: bool,
                   scale: float) -> tuple[np.ndarray, ...]:
    grads: tuple[np.ndarray, ...] = call_quietly(
        _backward, grad, query, key, value, mask, y, lse, is_causal, scale)
    return grads
