"""Running on the host what a device has no kernel for: the one way, and the switch that governs it.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from facula.core.backends import cpu
from facula.core.backends.base import Backend, Kernel


class Fallbacks:
    """What to do when something runs on the host, and what has been warned of."""

    mode = "silent"
    warned: set[tuple[str, str]] = set()


def report(device: str, name: str) -> None:
    """Tell, or refuse, that an operation runs on the host, as ``Fallbacks.mode`` says.

    Raises
    ------
    NotImplementedError
        If fallbacks are set to be errors.
    """
    if Fallbacks.mode == "silent":
        return
    message = (f"{name}: has no kernel for {device} and runs on the host "
               "(facula.opencl.set_fallback says what to do about it)")
    if Fallbacks.mode == "error":
        raise NotImplementedError(message)
    if (device, name) not in Fallbacks.warned:
        Fallbacks.warned.add((device, name))
        warnings.warn(message, stacklevel=4)


def through_host(backend: Backend, name: str, kernel: Kernel) -> Kernel:
    """A CPU kernel as the device's: arguments are moved to the host, results back."""
    def to_host(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple([to_host(v) for v in value])
        is_data = hasattr(value, "strides") and not isinstance(value, np.generic)
        return backend.to_numpy(value) if is_data else value

    def run(*args: Any) -> Any:
        report(backend.name, name)
        result = kernel(*[to_host(a) for a in args])
        if isinstance(result, tuple):
            return tuple([backend.from_numpy(np.asarray(r)) for r in result])
        return backend.from_numpy(np.asarray(result))

    return run


def host_fallback(backend: Backend, name: str) -> Kernel:
    """A primitive's CPU kernel, run on the host.

    Raises
    ------
    NotImplementedError
        If there is no CPU kernel of this name either.
    """
    kernel = cpu.BACKEND.kernels.get(name)
    if kernel is None:
        raise NotImplementedError(f"{name}: no kernel is registered for {backend.name}")
    return through_host(backend, name, kernel)
