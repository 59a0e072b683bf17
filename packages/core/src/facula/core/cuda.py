"""The names of ``torch.cuda`` for ported scripts, on NVIDIA GPUs through their OpenCL driver."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from facula.core import opencl as _opencl
from facula.core import random as _random
from facula.core.backends.opencl import nvidia_index
from facula.core.backends.opencl import probe as _probe
from facula.core.backends.opencl.probe import Device
from facula.core.opencl import Event
from facula.core.tensor import Tensor
from facula.core.tensor_types import types_of

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "ComplexDoubleTensor",
    "ComplexFloatTensor", "DoubleTensor", "Event", "FloatTensor", "HalfTensor", "IntTensor",
    "LongTensor", "OutOfMemoryError", "ShortTensor", "Stream", "current_device", "current_stream",
    "default_stream", "device", "device_count", "empty_cache", "get_arch_list",
    "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state",
    "get_rng_state_all", "init", "initial_seed", "ipc_collect", "is_available",
    "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "max_memory_cached", "max_memory_reserved", "mem_get_info",
    "memory_allocated", "memory_cached", "memory_reserved", "memory_stats", "memory_summary",
    "reset_max_memory_allocated", "reset_peak_memory_stats", "seed", "seed_all", "set_device",
    "set_rng_state", "set_rng_state_all", "set_stream", "stream", "synchronize",
]

if TYPE_CHECKING:
    (BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, ComplexDoubleTensor, ComplexFloatTensor,
     DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor, ShortTensor) = (Tensor,) * 12
else:
    globals().update(types_of("cuda", "facula.cuda"))


OutOfMemoryError = MemoryError  # what a full device raises


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


def max_memory_cached(device: Any = None) -> int:
    """An older name of :func:`max_memory_reserved`."""
    return max_memory_reserved(device)


def memory_cached(device: Any = None) -> int:
    """An older name of :func:`memory_reserved`."""
    return memory_reserved(device)


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """:func:`memory_stats` as lines of text."""
    return "\n".join(f"{name:32} {value:>16,}" for name, value in memory_stats(device).items())


def reset_max_memory_allocated(device: Any = None) -> None:
    """An older name of :func:`reset_peak_memory_stats`."""
    reset_peak_memory_stats(device)


def init() -> None:
    """Nothing: devices are opened when they are used."""


def is_initialized() -> bool:
    """Whether there is a GPU; it needs no preparation."""
    return is_available()


def ipc_collect() -> None:
    """Nothing: no memory of the device is shared between processes."""


def set_device(device: Any) -> None:
    """Nothing: the GPU meant when none is named is the first; name another where tensors are made.

    :func:`facula.set_default_device` chooses the device of all new tensors.
    """


def get_arch_list() -> list[str]:
    """Empty: kernels are compiled for the device that is there."""
    return []


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """NVIDIA's compute capability, such as ``(9, 0)``."""
    return get_device_properties(device).capability


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether there is a GPU; bfloat16 is there on all of them."""
    return is_available()


def manual_seed(seed: int) -> None:
    """Seed the one generator that serves all devices, if there is a GPU; else nothing."""
    if is_available():
        _random.manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """The same as :func:`manual_seed`: there is one generator."""
    manual_seed(seed)


def seed() -> None:
    """Seed the one generator by chance, if there is a GPU; else nothing."""
    if is_available():
        _random.seed()


def seed_all() -> None:
    """The same as :func:`seed`: there is one generator."""
    seed()


def initial_seed() -> int:
    """As :func:`facula.initial_seed`: one generator serves all devices."""
    return _random.initial_seed()


def get_rng_state(device: Any = "cuda") -> Tensor:
    """As :func:`facula.get_rng_state`: one generator serves all devices."""
    return _random.get_rng_state()


def get_rng_state_all() -> list[Tensor]:
    """One state per GPU, all the same: one generator serves them."""
    return [_random.get_rng_state() for _ in _indices()]


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """As :func:`facula.set_rng_state`: one generator serves all devices."""
    _random.set_rng_state(new_state)


def set_rng_state_all(new_states: Sequence[Tensor]) -> None:
    """Set the one generator's state to the last of those given."""
    for state in new_states:
        _random.set_rng_state(state)


class Stream:
    """The device's queue. There is one for each device, in order, so streams never overlap.

    Parameters
    ----------
    device : optional
    priority : int
        Accepted for PyTorch's sake.

    Examples
    --------
    >>> import facula
    >>> with facula.cuda.stream(facula.cuda.Stream()):
    ...     y = facula.ones(1) + 1
    """

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        self.device = device
        self.priority = priority

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
        if is_available():
            synchronize(self.device)

    def query(self) -> bool:
        """True after waiting for the queue to be empty."""
        self.synchronize()
        return True

    def wait_stream(self, stream: Stream) -> None:
        """Nothing: work is done in the order in which it was asked for."""

    def wait_event(self, event: Event) -> None:
        """Nothing: work is done in the order in which it was asked for."""

    def record_event(self, event: Event | None = None) -> Event:
        """Put a mark behind all work asked for so far."""
        event = Event() if event is None else event
        event.record(_name(self.device))
        return event

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def stream(stream: Stream | None) -> contextlib.AbstractContextManager[Any]:
    """A block in which a stream is the one to use; there is one, so nothing changes."""
    return contextlib.nullcontext(stream)


def set_stream(stream: Stream) -> None:
    """Nothing: a device has one queue."""


def current_stream(device: Any = None) -> Stream:
    """The device's queue."""
    return Stream(device)


def default_stream(device: Any = None) -> Stream:
    """The device's queue."""
    return Stream(device)


class device:
    """A block in which new tensors that are asked for on ``"cuda"`` are still on the first GPU.

    Accepted for PyTorch's sake: name the device where tensors are made instead.
    """

    def __init__(self, device: Any) -> None:
        self.device = device

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass
