"""The CPU backend: NumPy arrays, BLAS, and a thread pool for large memory-bound work."""

from facula.core.backends.cpu import (
    convolution,
    index,
    linalg,
    neural,
    pooling,
    random,
    recurrent,
    search,
    softmax,
    sort,
    statistics,
)
from facula.core.backends.cpu.backend import BACKEND, kernel

__all__ = ["BACKEND", "kernel", "convolution", "index", "linalg", "neural", "pooling", "random",
           "recurrent", "search", "softmax", "sort", "statistics"]
