"""The CPU backend: NumPy arrays, BLAS, and a thread pool for large memory-bound work."""

from facula.core.backends.cpu.backend import BACKEND, kernel

__all__ = ["BACKEND", "kernel"]
