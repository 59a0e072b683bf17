"""The Bunch-Kaufman decomposition of indefinite matrices on the CPU, which NumPy lacks.

The lower variant, in LAPACK's format: D's blocks and L below them in one matrix, a pivot p > 0 for
an exchange of this row and row p, and twice ``-p`` for a block of two rows, of which the second was
exchanged with row p. Rows of L to the left of an exchange stay where they are.
Source: Bunch, Kaufman (1977), and the description of LAPACK's routines sytrf and sytrs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.decompose import stack_of

Array = np.ndarray[Any, Any]
_ALPHA = (1 + math.sqrt(17)) / 8  # bounds the growth of the elements


def _sizes(x: Array) -> Array:
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)


def _choose(a: Array, k: int) -> tuple[int, int]:
    """The row to bring to the front, and whether one or two rows go together."""
    here = _sizes(a[k, k])
    below = _sizes(a[k + 1:, k])
    largest = below.max(initial=0)
    if max(here, largest) == 0 or here >= _ALPHA * largest:
        return k, 1
    r = k + 1 + int(below.argmax())
    row = max(_sizes(a[r, k:r]).max(initial=0), _sizes(a[r + 1:, r]).max(initial=0))
    if here * row >= _ALPHA * largest * largest:
        return k, 1
    return (r, 1) if _sizes(a[r, r]) >= _ALPHA * row else (r, 2)


def _exchange(a: Array, k: int, r: int, width: int, hermitian: bool) -> None:
    """Exchange rows and columns k and r > k of what is left, of which the lower triangle counts."""
    a[r + 1:, [k, r]] = a[r + 1:, [r, k]]
    middle, across = a[k + 1:r, k].copy(), a[r, k + 1:r].copy()
    if hermitian:
        middle, across, a[r, k] = middle.conj(), across.conj(), np.conj(a[r, k])
    a[k + 1:r, k], a[r, k + 1:r] = across, middle
    a[k, k], a[r, r] = a[r, r], a[k, k]
    if width == 2:
        a[k, k - 1], a[r, k - 1] = a[r, k - 1], a[k, k - 1]


def _factor(a: Array, pivots: Array, hermitian: bool) -> int:
    """Decompose one matrix in place; 0 or the place of the first zero on D's diagonal."""
    n, k, info = len(a), 0, 0
    turned = np.conj if hermitian else np.asarray
    if hermitian:
        np.fill_diagonal(a, a.diagonal().real)
    while k < n:
        r, width = _choose(a, k)
        last = k + width - 1
        if r != last:
            _exchange(a, last, r, width, hermitian)
        pivots[k:last + 1] = r + 1 if width == 1 else -(r + 1)
        rest = slice(last + 1, n)
        block = a[k:last + 1, k:last + 1].copy()
        if width == 2:
            block[0, 1] = turned(block[1, 0])
        if width == 1 and block[0, 0] == 0:
            info = info or k + 1
        else:
            columns = a[rest, k:last + 1].copy()
            scaled = columns / block if width == 1 else np.linalg.solve(block.T, columns.T).T
            a[rest, rest] -= scaled @ turned(columns).T  # also above the diagonal, unread there
            a[rest, k:last + 1] = scaled
            if hermitian:
                np.fill_diagonal(a[rest, rest], a[rest, rest].diagonal().real)
        k += width
    return info


@kernel
def ldl_packed(input: Array, hermitian: bool) -> tuple[Array, Array, Array]:
    a, lead, n = stack_of(input), input.shape[:-2], input.shape[-1]
    pivots = np.zeros((len(a), n), np.int32)
    with np.errstate(all="ignore"):
        info = [_factor(a[i], pivots[i], hermitian) for i in range(len(a))]
    return (np.tril(a).reshape(input.shape), pivots.reshape(*lead, n),
            np.array(info, np.int32).reshape(lead))


def _blocks(pivots: Array) -> list[tuple[int, int]]:
    """(first row, number of rows) of D's blocks."""
    found, k = [], 0
    while k < len(pivots):
        found.append((k, 1 if pivots[k] > 0 else 2))
        k += found[-1][1]
    return found


def _solve(a: Array, pivots: Array, b: Array, hermitian: bool) -> None:
    """Solve for one matrix, in place: through L's columns, D's blocks, and back through L."""
    blocks = _blocks(pivots)
    turned = np.conj if hermitian else np.asarray
    for k, width in blocks:
        last, r = k + width - 1, abs(int(pivots[k])) - 1
        b[[last, r]] = b[[r, last]]
        b[last + 1:] -= a[last + 1:, k:last + 1] @ b[k:last + 1]
        block = a[k:last + 1, k:last + 1].copy()
        if width == 2:
            block[0, 1] = turned(block[1, 0])
            b[k:last + 1] = np.linalg.solve(block, b[k:last + 1])
        else:
            b[k] /= block[0, 0]
    for k, width in reversed(blocks):
        last, r = k + width - 1, abs(int(pivots[k])) - 1
        b[k:last + 1] -= turned(a[last + 1:, k:last + 1]).T @ b[last + 1:]
        b[[last, r]] = b[[r, last]]


@kernel
def ldl_solution(input: Array, pivots: Array, b: Array, hermitian: bool) -> Array:
    lead = np.broadcast_shapes(input.shape[:-2], b.shape[:-2])
    a = stack_of(np.broadcast_to(input, (*lead, *input.shape[-2:])))
    swaps = np.broadcast_to(pivots, (*lead, pivots.shape[-1])).reshape(a.shape[:2])
    x = stack_of(np.broadcast_to(b, (*lead, *b.shape[-2:])))
    with np.errstate(all="ignore"):
        for i in range(len(a)):
            _solve(a[i], swaps[i], x[i], hermitian)
    return x.reshape(*lead, *b.shape[-2:])
