"""Decompositions of matrices on the CPU: LAPACK through NumPy, and the LU that NumPy lacks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.triangular import PANEL, substitute
from facula.core.errors import LinAlgError

Array = np.ndarray[Any, Any]


def stack_of(array: Array) -> Array:
    """The matrices as one stack: a copy in three dimensions."""
    return np.array(array, order="C").reshape(int(np.prod(array.shape[:-2])), *array.shape[-2:])


def each_or_nan(function: Callable[[Array], Array], input: Array,
                shape: tuple[int, ...]) -> tuple[Array, Array]:
    """A LAPACK function on each matrix, NaN where it fails, and the flags of those that failed."""
    lead = input.shape[:-2]
    out = np.full((*lead, *shape), np.nan, input.dtype)
    failed = np.zeros(lead, np.bool_)
    for at in np.ndindex(*lead):
        try:
            out[at] = function(input[at])
        except np.linalg.LinAlgError:
            failed[at] = True
    return out, failed


def _positive(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _failing_minor(matrix: Array) -> int:
    """The order of the smallest leading minor that is not positive definite."""
    low, high = 0, len(matrix)  # the minor of order low is positive definite, that of high is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _positive(matrix[:middle, :middle]) else (low, middle)
    return high


@contextlib.contextmanager
def convergence(name: str) -> Iterator[None]:
    """NumPy's error for what LAPACK gave up, as ours."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{name}: the algorithm did not converge, as for NaN or infinities: "
                          f"{error}") from None


@kernel
def cholesky_factor(input: Array) -> tuple[Array, Array]:
    info = np.zeros(input.shape[:-2], np.int32)
    try:
        return np.linalg.cholesky(input), info
    except np.linalg.LinAlgError:
        out, failed = each_or_nan(np.linalg.cholesky, input, input.shape[-2:])
    for at in np.argwhere(failed):
        info[tuple(at)] = _failing_minor(input[tuple(at)])
    return out, info


def eliminate(a: Array, pivot: bool) -> tuple[Array, Array]:
    """Turn a stack of matrices into their LU factors, in place: the pivots and LAPACK's info.

    Gaussian elimination by panels of columns: the rest of the matrix sees one product per panel.
    """
    count, m, n = a.shape
    k = min(m, n)
    each = np.arange(count)
    pivots = np.broadcast_to(np.arange(1, k + 1, dtype=np.int32), (count, k)).copy()
    info = np.zeros(count, np.int32)
    for start in range(0, k, PANEL):
        end = min(start + PANEL, k)
        for j in range(start, end):
            if pivot:
                column = a[:, j:, j]
                size = (np.abs(column.real) + np.abs(column.imag)
                        if a.dtype.kind == "c" else np.abs(column))  # as LAPACK compares
                chosen = size.argmax(1) + j
                pivots[:, j] = chosen + 1
                row = a[:, j].copy()
                a[:, j] = a[each, chosen]
                a[each, chosen] = row
            top = a[:, j, j]
            info[(top == 0) & (info == 0)] = j + 1
            a[:, j + 1:, j] /= np.where(top == 0, 1, top)[:, None]
            a[:, j + 1:, j + 1:end] -= a[:, j + 1:, j, None] * a[:, j, None, j + 1:end]
        if end < n:
            block = a[:, start:end, start:end]
            a[:, start:end, end:] = substitute(block, a[:, start:end, end:], unit=True)
            a[:, end:, end:] -= a[:, end:, start:end] @ a[:, start:end, end:]
    return pivots, info


@kernel
def lu_packed(input: Array, pivot: bool) -> tuple[Array, Array, Array]:
    a = stack_of(input)
    with np.errstate(all="ignore"):
        pivots, info = eliminate(a, pivot)
    lead = input.shape[:-2]
    return (a.reshape(input.shape), pivots.reshape(*lead, pivots.shape[-1]),
            info.reshape(lead))


@kernel
def pivot_order(pivots: Array, rows: int) -> Array:
    lead, k = pivots.shape[:-1], pivots.shape[-1]
    swaps = pivots.reshape(int(np.prod(lead)), k)
    order = np.broadcast_to(np.arange(rows), (len(swaps), rows)).copy()
    each = np.arange(len(swaps))
    for j in range(k):
        chosen = swaps[:, j] - 1
        here = order[:, j].copy()
        order[:, j] = order[each, chosen]
        order[each, chosen] = here
    return order.reshape(*lead, rows)


@kernel
def qr_factors(input: Array, complete: bool) -> tuple[Array, Array]:
    m, n = input.shape[-2:]
    if not input.size:  # without columns Q is any orthonormal matrix
        k = m if complete else min(m, n)
        eye = np.broadcast_to(np.eye(m, k, dtype=input.dtype), (*input.shape[:-2], m, k))
        return eye.copy(), np.zeros((*input.shape[:-2], k, n), input.dtype)
    q, r = np.linalg.qr(input, "complete" if complete else "reduced")
    return q, r


@kernel
def qr_packed(input: Array) -> tuple[Array, Array]:
    if not input.size:
        return input.copy(), np.zeros((*input.shape[:-2], min(input.shape[-2:])), input.dtype)
    transposed, tau = np.linalg.qr(input, "raw")
    return np.ascontiguousarray(np.swapaxes(transposed, -1, -2)), tau


@kernel
def eigh_factors(input: Array, upper: bool, vectors: bool) -> tuple[Array, Array]:
    side: Literal["U", "L"] = "U" if upper else "L"
    with convergence("linalg.eigh"):
        if not vectors:
            return np.linalg.eigvalsh(input, side), np.zeros(0, input.dtype)
        values, columns = np.linalg.eigh(input, side)
    return values, columns


@kernel
def eig_factors(input: Array, vectors: bool) -> tuple[Array, Array]:
    wide = np.result_type(input.dtype, np.complex64)
    with convergence("linalg.eig"):
        if not vectors:
            return np.linalg.eigvals(input).astype(wide), np.zeros(0, wide)
        values, columns = np.linalg.eig(input)
    return values.astype(wide), columns.astype(wide)


@kernel
def svd_factors(input: Array, full: bool, vectors: bool) -> tuple[Array, Array, Array]:
    m, n = input.shape[-2:]
    k, lead = min(m, n), input.shape[:-2]
    if not vectors:
        none = np.zeros(0, input.dtype)
        with convergence("linalg.svd"):
            return none, np.linalg.svd(input, compute_uv=False), none
    if not input.size:
        rows, columns = (m, n) if full else (k, k)
        left = np.broadcast_to(np.eye(m, rows, dtype=input.dtype), (*lead, m, rows))
        right = np.broadcast_to(np.eye(columns, n, dtype=input.dtype), (*lead, columns, n))
        return left.copy(), np.zeros((*lead, k), input.real.dtype), right.copy()
    with convergence("linalg.svd"):
        u, s, vh = np.linalg.svd(input, full_matrices=full)
    return u, s, vh
