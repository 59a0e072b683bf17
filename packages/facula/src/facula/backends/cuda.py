"""PyTorch's switches for products and attention on CUDA; but for TF32 they change nothing here."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace

from facula.core import cuda, get_float32_matmul_precision, opencl

__all__ = [
    "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp",
    "enable_mem_efficient_sdp", "flash_sdp_enabled", "is_built", "is_flash_attention_available",
    "math_sdp_enabled", "matmul", "mem_efficient_sdp_enabled", "sdp_kernel",
]


class _Products(SimpleNamespace):
    """Remembers what it is told; ``allow_tf32`` is the switch of ``facula.opencl.allow_tf32``."""

    @property
    def allow_tf32(self) -> bool:
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, mode: bool) -> None:
        opencl.allow_tf32(bool(mode))


#: What programs set before products of matrices, such as ``matmul.allow_tf32 = True``.
matmul = _Products(
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True, fp32_precision="none")
_KINDS = ("flash", "mem_efficient", "math", "cudnn")
_enabled = dict.fromkeys(_KINDS, True)


def is_built() -> bool:
    """Whether there is an NVIDIA GPU with its OpenCL driver: nothing has to be built for it."""
    return cuda.is_available()


def is_flash_attention_available() -> bool:
    """True: attention never stores the whole matrix of scores on OpenCL devices."""
    return True


def enable_flash_sdp(enabled: bool) -> None:
    """Remembered for :func:`flash_sdp_enabled`."""
    _enabled["flash"] = bool(enabled)


def flash_sdp_enabled() -> bool:
    """What :func:`enable_flash_sdp` was told; True at first."""
    return _enabled["flash"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Remembered for :func:`mem_efficient_sdp_enabled`."""
    _enabled["mem_efficient"] = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """What :func:`enable_mem_efficient_sdp` was told; True at first."""
    return _enabled["mem_efficient"]


def enable_math_sdp(enabled: bool) -> None:
    """Remembered for :func:`math_sdp_enabled`."""
    _enabled["math"] = bool(enabled)


def math_sdp_enabled() -> bool:
    """What :func:`enable_math_sdp` was told; True at first."""
    return _enabled["math"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Remembered for :func:`cudnn_sdp_enabled`."""
    _enabled["cudnn"] = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """What :func:`enable_cudnn_sdp` was told; True at first."""
    return _enabled["cudnn"]


@contextlib.contextmanager
def sdp_kernel(enable_flash: bool = True, enable_math: bool = True,
               enable_mem_efficient: bool = True, enable_cudnn: bool = True) -> Iterator[None]:
    """A block in which the four switches are set; there is one kernel for attention all the same.

    Examples
    --------
    >>> import facula
    >>> with facula.backends.cuda.sdp_kernel(enable_math=False):
    ...     facula.backends.cuda.math_sdp_enabled()
    False
    """
    before = dict(_enabled)
    _enabled.update(zip(_KINDS, (enable_flash, enable_mem_efficient, enable_math, enable_cudnn),
                        strict=True))
    try:
        yield
    finally:
        _enabled.update(before)
