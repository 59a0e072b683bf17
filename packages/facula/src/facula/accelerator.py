"""PyTorch's `torch.accelerator`: the OpenCL devices without their name."""

from typing import Any

from facula.core import device, opencl
from facula.core.opencl import (
    current_device,
    device_count,
    empty_cache,
    is_available,
    max_memory_allocated,
    max_memory_reserved,
    memory_allocated,
    memory_reserved,
    memory_stats,
    reset_peak_memory_stats,
    synchronize,
)

__all__ = ["current_accelerator", "current_device_index", "device_count", "empty_cache",
           "get_memory_info", "is_available", "max_memory_allocated", "max_memory_reserved",
           "memory_allocated", "memory_reserved", "memory_stats", "reset_peak_memory_stats",
           "synchronize"]


def current_accelerator(check_available: bool = False) -> device | None:
    """The kind of device that is there beside the CPU: ``"opencl"``, or None.

    Examples
    --------
    >>> import facula
    >>> facula.accelerator.current_accelerator() in (None, facula.device("opencl"))
    True
    """
    return device("opencl") if is_available() else None


def current_device_index() -> int:
    """The number of the device meant when none is named."""
    return current_device()


def get_memory_info(device: Any = None) -> tuple[int, int]:
    """Free and total bytes of a device."""
    return opencl.mem_get_info(device)
