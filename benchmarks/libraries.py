"""The libraries under one small interface: making tensors, waiting for the device."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np


class Library:
    """facula or torch, on one device. Attributes not found here are the library's own."""

    def __init__(self, name: str, device: str) -> None:
        self.name = name
        self.device = device
        self.module = importlib.import_module(name)
        self.label = name if device == "cpu" else f"{name} {device}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def tensor(self, *shape: int, grad: bool = False, seed: int = 0, low: float = -1.0,
               high: float = 1.0) -> Any:
        """Uniform float32 numbers, the same for every library."""
        values = np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)
        t = self.module.from_numpy(values).to(self.device)
        return t.requires_grad_() if grad else t

    def labels(self, n: int, classes: int) -> Any:
        """Class numbers."""
        values = np.random.default_rng(1).integers(0, classes, n)
        return self.module.from_numpy(values).to(self.device)

    def forced(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """The function, made to compute what it returns: on OpenCL that could wait for ever."""
        if not self.device.startswith("opencl"):
            return function

        def compute() -> Any:
            result = function()
            if isinstance(result, self.module.Tensor):
                result.data_ptr()  # puts the work on the queue and does not wait for it
            return result
        return compute

    def wait(self) -> None:
        """Let everything asked of the device be done."""
        if self.device.startswith("opencl"):
            self.module.opencl.synchronize()
        elif self.device.startswith("cuda"):
            self.module.cuda.synchronize()


def present(name: str) -> bool:
    """Whether a library is installed."""
    return importlib.util.find_spec(name) is not None


def libraries(device: str, peers: list[str]) -> list[Library]:
    """facula on the device, then the peers that are installed and can use one."""
    found = [Library("facula", device)]
    if "torch" in peers and present("torch"):
        torch = importlib.import_module("torch")
        torch.set_num_threads(max(1, torch.get_num_threads()))
        on_gpu = device.startswith(("opencl", "cuda")) and torch.cuda.is_available()
        found.append(Library("torch", "cuda" if on_gpu else "cpu"))
    return found
