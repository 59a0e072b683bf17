"""Triangular systems on the CPU, which NumPy lacks: substitution by blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel

Array = np.ndarray[Any, Any]
PANEL = 32  # rows per block: of 16 to 128 the quickest or nearly so for 100 to 2000 rows


def substitute(a: Array, b: Array, unit: bool) -> Array:
    """The x with ``a x = b`` for lower triangular a; what stands above the diagonal is not read."""
    n = a.shape[-1]
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.empty((*lead, *b.shape[-2:]), np.result_type(a, b))
    x[...] = b
    for start in range(0, n, PANEL):
        end = min(start + PANEL, n)
        if start:
            x[..., start:end, :] -= a[..., start:end, :start] @ x[..., :start, :]
        for i in range(start, end):
            if i > start:
                row = a[..., i:i + 1, start:i] @ x[..., start:i, :]
                x[..., i, :] -= row[..., 0, :]
            if not unit:
                x[..., i, :] /= a[..., i, i, None]
    return x


@kernel
def triangular_solution(a: Array, b: Array, upper: bool, unit: bool) -> Array:
    with np.errstate(all="ignore"):
        if upper:
            return substitute(a[..., ::-1, ::-1], b[..., ::-1, :], unit)[..., ::-1, :].copy()
        return substitute(a, b, unit)
