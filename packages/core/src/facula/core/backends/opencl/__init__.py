"""The OpenCL backend: GPUs, and CPUs through PoCL. Nothing is imported before it is asked for."""

from __future__ import annotations

import threading

from facula.core.backends.opencl import probe
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.runtime import FORKED, Runtime, was_forked

__all__ = ["OpenCLBackend", "device_count", "get_backend", "is_running", "nvidia_index"]

_backends: dict[int, OpenCLBackend] = {}
_lock = threading.Lock()


def device_count() -> int:
    """How many OpenCL devices there are; 0 where pyopencl or a driver is missing."""
    try:
        return len(probe.devices())
    except RuntimeError:
        return 0


def is_running() -> bool:
    """Whether this process has started OpenCL on any device (and so can't be forked safely)."""
    return bool(_backends)


def get_backend(index: int) -> OpenCLBackend:
    """The backend of device ``opencl:index``, started on first use.

    Raises
    ------
    RuntimeError
        If there is no such device, or this process was forked after OpenCL had started.
    """
    if was_forked():
        raise RuntimeError(FORKED)
    backend = _backends.get(index)
    if backend is None:
        with _lock:
            backend = _backends.get(index)
            if backend is None:
                device = probe.device(index)
                backend = OpenCLBackend(Runtime(probe.binding(), device), f"opencl:{index}")
                _backends[index] = backend
    return backend


def nvidia_index(number: int) -> int:
    """The OpenCL index of the ``number``-th NVIDIA GPU, which is what ``cuda`` names.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    found = [i for i, d in enumerate(probe.devices()) if d.kind == "nvidia"]
    if number >= len(found):
        raise RuntimeError(f"cuda:{number} needs an NVIDIA GPU with its OpenCL driver; this "
                           f"machine shows {len(found)}: use 'opencl' for any other device")
    return found[number]
