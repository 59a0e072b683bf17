"""Matrix products on the CPU: BLAS through NumPy."""

from __future__ import annotations

import numpy as np

from facula.core.backends.cpu.backend import kernel
from facula.core.backends.cpu.elementwise import call_quietly


@kernel
def batched_matmul(input: np.ndarray, other: np.ndarray) -> np.ndarray:
    if input.dtype.char in "fd":
        try:
            return np.matmul(input, other)
        except RuntimeWarning:
            return call_quietly(np.matmul, input, other)
    if input.dtype.kind == "V" or (input.dtype.itemsize == 2 and input.dtype.kind not in "iu"):
        wide = call_quietly(np.matmul, input.astype(np.float32), other.astype(np.float32))
        return call_quietly(wide.astype, input.dtype)
    if input.dtype.kind == "b":
        return np.matmul(input, other)
    try:
        return np.matmul(input, other)
    except RuntimeWarning:
        return call_quietly(np.matmul, input, other)
