"""The names of ``torch.cuda`` for ported scripts, on NVIDIA GPUs through their OpenCL driver."""

from __future__ import annotations

from typing import Any

from facula.core import opencl as _opencl
from facula.core.backends.opencl import nvidia_index
from facula.core.backends.opencl import probe as _probe
from facula.core.backends.opencl.probe import Device
from facula.core.opencl import Event

__all__ = [
    "Event", "current_device", "device_count", "empty_cache", "get_device_name",
    "get_device_properties", "is_available", "max_memory_allocated",
    "max_memory_reserved", "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats",
    "reset_peak_memory_stats", "synchronize",
]


def _indices() -> list[int]:
    try:
        return [i for i, d in enumerate(_probe.devices()) if d.kind == "nvidia"]
    except RuntimeError:
        return []


def _name(device: Any) -> Any:
    """The OpenCL index of an NVIDIA GPU's number; names pass through."""
    if device is None or isinstance(device, int):
        return nvidia_index(device or 0)
    return device


def is_available() -> bool:
    """Whether there is an NVIDIA GPU with its OpenCL driver."""
    return bool(_indices())


def device_count() -> int:
    """How many NVIDIA GPUs there are."""
    return len(_indices())


def current_device() -> int:
    """The number, among the NVIDIA GPUs, of the device meant when none is named: the first."""
    return 0


def empty_cache(device: Any = None) -> None:
    """As :func:`facula.opencl.empty_cache`."""
    _opencl.empty_cache(_name(device))


def get_device_name(device: Any = None) -> str:
    """As :func:`facula.opencl.get_device_name`."""
    return _opencl.get_device_name(_name(device))


def get_device_properties(device: Any = None) -> Device:
    """As :func:`facula.opencl.get_device_properties`."""
    return _opencl.get_device_properties(_name(device))


def max_memory_allocated(device: Any = None) -> int:
    """As :func:`facula.opencl.max_memory_allocated`."""
    return _opencl.max_memory_allocated(_name(device))


def max_memory_reserved(device: Any = None) -> int:
    """As :func:`facula.opencl.max_memory_reserved`."""
    return _opencl.max_memory_reserved(_name(device))


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """As :func:`facula.opencl.mem_get_info`."""
    return _opencl.mem_get_info(_name(device))


def memory_allocated(device: Any = None) -> int:
    """As :func:`facula.opencl.memory_allocated`."""
    return _opencl.memory_allocated(_name(device))


def memory_reserved(device: Any = None) -> int:
    """As :func:`facula.opencl.memory_reserved`."""
    return _opencl.memory_reserved(_name(device))


def memory_stats(device: Any = None) -> dict[str, int]:
    """As :func:`facula.opencl.memory_stats`."""
    return _opencl.memory_stats(_name(device))


def reset_peak_memory_stats(device: Any = None) -> None:
    """As :func:`facula.opencl.reset_peak_memory_stats`."""
    _opencl.reset_peak_memory_stats(_name(device))


def synchronize(device: Any = None) -> None:
    """As :func:`facula.opencl.synchronize`."""
    _opencl.synchronize(_name(device))
