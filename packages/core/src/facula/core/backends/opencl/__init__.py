"""The OpenCL backend: GPUs, and CPUs through PoCL. Nothing is imported before it is asked for.

The rooms of the backend are modules of their own that load with the first device, by
``importlib``: whoever computes on the CPU does not pay for them at every start.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from facula.core.backends.opencl import probe

if TYPE_CHECKING:
    from facula.core.backends.opencl.backend import OpenCLBackend

__all__ = ["Fusion", "TensorCores", "configure_fusion", "device_count", "get_backend",
           "is_running", "listen", "nvidia_index"]


class Fusion:
    """Whether elementwise operations wait to be fused, and whether fused kernels are shown."""

    mode: bool | str = {"0": False, "1": True}.get(
        os.environ.get("FACULA_OPENCL_FUSION", ""), "auto")
    log = bool(os.environ.get("FACULA_OPENCL_FUSION_LOG"))


class TensorCores:
    """Whether products may run on NVIDIA's tensor cores."""

    enabled = os.environ.get("FACULA_OPENCL_TENSOR_CORES") != "0"


_backends: dict[int, OpenCLBackend] = {}
_listeners: list[Any] = []
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
    runtime = importlib.import_module("facula.core.backends.opencl.runtime")
    if runtime.was_forked():
        raise RuntimeError(runtime.FORKED)
    backend = _backends.get(index)
    if backend is None:
        with _lock:
            backend = _backends.get(index)
            if backend is None:
                device = probe.device(index)
                module = importlib.import_module("facula.core.backends.opencl.backend")
                backend = module.OpenCLBackend(
                    runtime.Runtime(probe.binding(), device), f"opencl:{index}")
                if _listeners:
                    backend.runtime.listen(_listeners[-1])
                _backends[index] = backend
    return backend


def configure_fusion(mode: bool | str) -> None:
    """Set ``Fusion.mode`` for the devices that run and those that will."""
    Fusion.mode = mode
    for backend in list(_backends.values()):
        backend.fuser.configure()


def listen(hear: Callable[[Any, str], None] | None) -> None:
    """Have ``hear(event, what)`` called for what any device is asked to do, or for nothing."""
    _listeners[:] = [] if hear is None else [hear]
    for backend in list(_backends.values()):
        backend.fuser.run_all()
        backend.runtime.listen(hear)


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
