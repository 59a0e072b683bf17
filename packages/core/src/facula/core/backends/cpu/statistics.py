"""Variance and mean on the CPU: the mean first, then the squares of what differs from it."""

from __future__ import annotations

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly


@kernel
def var_mean(input: np.ndarray, dims: tuple[int, ...], correction: float,
             keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    return call_quietly(_var_mean, input, dims, correction, keepdim)


def _var_mean(input: np.ndarray, dims: tuple[int, ...], correction: float,
              keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    half = input.dtype.itemsize == 2
    x = input.astype(np.float32) if half else input
    count = 1
    for d in dims:
        count *= input.shape[d]
    mean = np.sum(x, axis=dims, keepdims=True)
    mean = mean / mean.dtype.type(count)
    centred = x - mean
    if x.dtype.kind == "c":
        centred = np.abs(centred)
    np.multiply(centred, centred, out=centred)
    total = np.asarray(np.sum(centred, axis=dims, keepdims=keepdim))
    variance = np.asarray(total / total.dtype.type(max(0.0, count - correction)))
    mean = np.asarray(mean).reshape(variance.shape)
    if half:
        return variance.astype(input.dtype), mean.astype(input.dtype)
    return variance, mean
