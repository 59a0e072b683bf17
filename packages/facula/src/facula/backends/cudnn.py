"""PyTorch's switches for convolutions on CUDA, such as ``benchmark``; here they change nothing."""

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags",
           "is_acceptable", "is_available", "version"]

#: Remembered only: which kernel is the fastest is known from tables and ``facula.opencl.tune``.
benchmark = False
#: Remembered only.
benchmark_limit = 10
#: Remembered only: all algorithms are deterministic.
deterministic = False
#: Remembered only.
enabled = True
#: Remembered only: products of float32 numbers have full precision.
allow_tf32 = True


def is_available() -> bool:
    """False: GPUs are reached through OpenCL, without NVIDIA's library."""
    return False


def version() -> None:
    """None: the library is not used."""


def is_acceptable(tensor: object) -> bool:
    """False: the library is not used."""
    return False


@contextlib.contextmanager
def flags(enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10,
          deterministic: bool = False, allow_tf32: bool = True) -> Iterator[None]:
    """A block in which the switches are set.

    Examples
    --------
    >>> import facula.backends.cudnn
    >>> with facula.backends.cudnn.flags(enabled=False):
    ...     facula.backends.cudnn.enabled
    False
    """
    asked = dict(locals())
    module = vars(sys.modules[__name__])
    before = {name: module[name] for name in asked}
    module.update(asked)
    try:
        yield
    finally:
        module.update(before)
