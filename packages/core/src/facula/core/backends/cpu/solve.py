"""Linear systems, determinants and pseudoinverses on the CPU: LAPACK through NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.decompose import convergence, each_or_nan, eliminate, stack_of

Array = np.ndarray[Any, Any]


@kernel
def linear_solution(a: Array, b: Array) -> tuple[Array, Array]:
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    info = np.zeros(a.shape[:-2], np.int32)
    n, k = b.shape[-2:]
    if not (a.size and b.size):
        return np.zeros((*lead, n, k), b.dtype), info
    # NumPy 1 takes b for vectors where it has one dimension less than a.
    b = b.reshape((1,) * (a.ndim - b.ndim) + b.shape)
    with np.errstate(all="ignore"):
        try:
            return np.linalg.solve(a, b), info
        except np.linalg.LinAlgError:
            inverse, failed = each_or_nan(np.linalg.inv, a, (n, n))
            for at in np.argwhere(failed):
                info[tuple(at)] = eliminate(stack_of(a[tuple(at)]), True)[1][0]
            return inverse @ b, info


@kernel
def determinant(input: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.linalg.det(input), input.dtype)


def _products_of_others(values: Array) -> Array:
    """For each number of a line the product of all others."""
    n = values.shape[-1]
    grid = np.broadcast_to(values[..., None, :], (*values.shape, n))
    return np.prod(np.where(np.eye(n, dtype=np.bool_), 1, grid), axis=-1)


@kernel
def cofactors(input: Array) -> Array:
    if not input.size:
        return input.copy()
    with convergence("linalg.det"):
        u, s, vh = np.linalg.svd(input)
    turn = np.conj(np.linalg.det(u) * np.linalg.det(vh))
    others = _products_of_others(s)
    return np.asarray(turn[..., None, None] * ((u * others[..., None, :]) @ vh), input.dtype)


@kernel
def sign_logdet(input: Array) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        sign, logarithm = np.linalg.slogdet(input)
    return np.asarray(sign), np.asarray(logarithm)


@kernel
def pseudoinverse(input: Array, floor: Array, share: Array, hermitian: bool) -> Array:
    m, n = input.shape[-2:]
    if not input.size:
        return np.zeros((*input.shape[:-2], n, m), input.dtype)
    if hermitian:
        with convergence("linalg.pinv"):
            values, u = np.linalg.eigh(input)
        vh, size = np.conj(np.swapaxes(u, -1, -2)), np.abs(values)
        top = size.max(-1, keepdims=True)
    else:
        with convergence("linalg.pinv"):
            u, values, vh = np.linalg.svd(input, full_matrices=False)
        size, top = values, values[..., :1]
    limit = np.maximum(floor[..., None], share[..., None] * top)
    kept = size > limit
    weights = np.where(kept, 1 / np.where(kept, values, 1), 0).astype(values.dtype)
    return (np.conj(np.swapaxes(vh, -1, -2)) * weights[..., None, :]) @ np.conj(
        np.swapaxes(u, -1, -2))
