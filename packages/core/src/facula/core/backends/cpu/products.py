"""Products of a few rows with one matrix, again and again, as a recurrent layer has them.

OpenBLAS copies the matrix into its own order at every call, which takes a third of the time where
there are 32 rows. For processors with AVX-512 it has kernels that copy nothing, for products of up
to a million multiplications. So there the matrix is cut, once, into pieces of that size: 32 rows
with a (256, 1024) matrix take 170 us so instead of 250.
"""

from __future__ import annotations

from typing import Any

import numpy as np

COLUMNS = 32
FEWEST, MOST = 8, 64  # rows
SMALL = 1_000_000


def _copies_nothing() -> bool:
    """Whether NumPy's BLAS has the kernels for small products on this processor."""
    told: Any = np.show_config(mode="dicts")  # type: ignore[call-overload]
    try:
        simd = told["SIMD Extensions"]
        present = {*simd.get("baseline", ()), *simd.get("found", ())}
        return (not present.isdisjoint(("AVX512_SKX", "X86_V4"))
                and "openblas" in told["Build Dependencies"]["blas"]["name"])
    except (KeyError, TypeError):
        return False


class Factor:
    """A matrix (K, N) to multiply many arrays of (rows, K) by."""

    cut_up = _copies_nothing()

    def __init__(self, matrix: np.ndarray, rows: int) -> None:
        depth, columns = matrix.shape
        parts = 1 if rows * depth * COLUMNS <= SMALL else 2
        self.matrix, self.parts = matrix, 0
        if (Factor.cut_up and matrix.dtype == np.float32 and FEWEST <= rows <= MOST
                and depth >= COLUMNS and not depth % parts and not columns % COLUMNS
                and rows * depth * COLUMNS <= parts * SMALL):
            self.parts = parts
            self.pieces = np.ascontiguousarray(matrix.reshape(
                parts, depth // parts, -1, COLUMNS).transpose(0, 2, 1, 3))
            self.sums = np.empty((2, columns // COLUMNS, rows, COLUMNS), np.float32)

    def __call__(self, rows: np.ndarray, out: np.ndarray) -> np.ndarray:
        """``np.matmul(rows, matrix, out=out)``."""
        if not self.parts:
            return np.matmul(rows, self.matrix, out=out)
        n = len(rows)
        pieces = out.reshape(n, -1, COLUMNS).swapaxes(0, 1)
        if self.parts == 1:
            np.matmul(rows, self.pieces[0], out=pieces)
        else:
            half = rows.shape[1] // 2
            np.matmul(rows.reshape(n, 2, half).swapaxes(0, 1)[:, None], self.pieces, out=self.sums)
            np.add(self.sums[0], self.sums[1], out=pieces)
        return out
