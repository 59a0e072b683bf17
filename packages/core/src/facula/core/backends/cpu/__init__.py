"""The CPU backend: NumPy arrays, BLAS, and a thread pool for large memory-bound work."""

from facula.core.backends.cpu import (
    attention,
    convolution,
    decompose,
    fft,
    index,
    ldl,
    linalg,
    neural,
    pooling,
    random,
    recurrent,
    search,
    softmax,
    solve,
    sort,
    statistics,
    triangular,
    variates,
)
from facula.core.backends.cpu.backend import BACKEND, kernel

__all__ = ["BACKEND", "kernel", "attention", "convolution", "decompose", "fft", "index", "ldl",
           "linalg", "neural", "pooling", "random", "recurrent", "search", "softmax", "solve",
           "sort", "statistics", "triangular", "variates"]
