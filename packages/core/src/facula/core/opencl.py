"""OpenCL devices for users: which there are, waiting for them, their memory, and time stamps.

``"opencl"`` and ``"opencl:0"`` name the first device, GPUs before CPUs. Work is asynchronous, in
the order in which it was asked for; reading a value (``item``, ``numpy``, ``print``) waits.
"""

from __future__ import annotations

import importlib
import itertools
import threading
import time
from collections.abc import Sequence
from typing import Any

from facula.core.backends import opencl as _opencl
from facula.core.backends.fallback import Fallbacks
from facula.core.backends.opencl import probe as _probe
from facula.core.backends.opencl.probe import Device
from facula.core.devices import as_device
from facula.core.dtypes import as_dtype
from facula.core.settings import get_float32_matmul_precision, set_float32_matmul_precision

__all__ = [
    "Event", "allow_tf32", "current_device", "device_count", "empty_cache", "fusion",
    "get_device_name", "get_device_properties", "is_available", "max_memory_allocated",
    "max_memory_reserved", "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats",
    "reset_peak_memory_stats", "set_fallback", "show_fusion", "synchronize", "tensor_core_state",
    "tensor_cores", "tune",
]


_marks = itertools.count(1)


def _index(device: Any) -> int:
    if device is None:
        return current_device()
    if isinstance(device, int):
        return device
    found = as_device(device)
    if found.type != "opencl":
        raise ValueError(f"opencl: {found} is not an OpenCL device: use 'opencl' or 'opencl:0'")
    return found.index or 0


def _backend(device: Any) -> Any:
    return _opencl.get_backend(_index(device))


def is_available() -> bool:
    """Whether there is at least one usable OpenCL device.

    Examples
    --------
    >>> import facula
    >>> facula.opencl.is_available() == (facula.opencl.device_count() > 0)
    True
    """
    return device_count() > 0


def device_count() -> int:
    """How many OpenCL devices there are; 0 where pyopencl or a driver is missing."""
    return _opencl.device_count()


def current_device() -> int:
    """The index of the device that functions here mean when none is named.

    It is the default device's (``facula.set_default_device``) if that is an OpenCL device, else 0.
    """
    default = as_device(None)
    return (default.index or 0) if default.type == "opencl" else 0


def get_device_properties(device: Any = None) -> Device:
    """What is known of a device: name, driver, compute units, memory, limits.

    Parameters
    ----------
    device : str, int or device, optional
        The device; the current one if not given.

    Raises
    ------
    RuntimeError
        If there is no such device, saying what to install.
    """
    return _probe.device(_index(device))


def get_device_name(device: Any = None) -> str:
    """The device's name as its driver gives it."""
    return get_device_properties(device).name


def synchronize(device: Any = None) -> None:
    """Wait until everything asked of the device is done."""
    _backend(device).synchronize()


def memory_allocated(device: Any = None) -> int:
    """Bytes in use by arrays, rounded up to the pool's sizes."""
    return _backend(device).runtime.pool.statistics()["allocated_bytes"]


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes that were in use at a time since the last :func:`reset_peak_memory_stats`."""
    return _backend(device).runtime.pool.statistics()["allocated_bytes_peak"]


def memory_reserved(device: Any = None) -> int:
    """Bytes that the pool holds, in use or ready to be used again."""
    return _backend(device).runtime.pool.statistics()["reserved_bytes"]


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that the pool held since the last :func:`reset_peak_memory_stats`."""
    return _backend(device).runtime.pool.statistics()["reserved_bytes_peak"]


def memory_stats(device: Any = None) -> dict[str, int]:
    """All counts of the memory pool."""
    return _backend(device).runtime.pool.statistics()


def reset_peak_memory_stats(device: Any = None) -> None:
    """Start the peaks again from what is in use now."""
    _backend(device).runtime.pool.reset_peak()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """(bytes not held by this process, bytes in all); other programs' use is not known."""
    total = get_device_properties(device).global_memory
    return total - memory_reserved(device), total


def empty_cache(device: Any = None) -> None:
    """Give unused memory back to the driver, pinned host memory too."""
    backend = _backend(device)
    backend.synchronize()
    backend.runtime.trim()


def set_fallback(mode: str) -> None:
    """What happens when an operation has no OpenCL kernel and runs on the host instead.

    The host waits for the operands, computes with NumPy and sends the results back. The page on
    GPUs lists the operations that do so; the arithmetic of complex numbers does as well.

    Parameters
    ----------
    mode : str
        ``"silent"``, ``"warn"`` (once per operation) or ``"error"`` (``NotImplementedError``).

    Raises
    ------
    ValueError
        For any other word.

    Examples
    --------
    >>> import facula
    >>> facula.opencl.set_fallback("silent")
    """
    if mode not in ("silent", "warn", "error"):
        raise ValueError(f"set_fallback: {mode!r} is not a mode: use 'silent', 'warn' or 'error'")
    Fallbacks.mode = mode
    Fallbacks.warned.clear()


class fusion:
    """Whether elementwise operations wait, to run as one kernel with those that follow.

    An elementwise operation on an OpenCL device need not run at once. What it will give is
    computed when something else needs it (a product, a sum, a view, reading, a write in place to
    what it reads), in one kernel with everything it waits for. Results differ from the unfused
    ones by rounding at most.

    Calling it sets the mode for the whole process; as a context manager it goes back in the end.

    Parameters
    ----------
    mode : bool or str
        ``False``: each operation runs by itself. ``True``: all wait, and each new chain gets its
        kernel at the first use. ``"auto"``, the mode at the start (unless the environment's
        ``FACULA_OPENCL_FUSION`` is 0 or 1): so on GPUs; on CPU devices large arrays only, and a
        chain gets a kernel once it has come often enough to be worth compiling.

    Raises
    ------
    ValueError
        For any other mode.

    Examples
    --------
    >>> import facula
    >>> with facula.opencl.fusion(False):
    ...     pass
    """

    def __init__(self, mode: bool | str = True) -> None:
        if mode is not True and mode is not False and mode != "auto":
            raise ValueError(f"fusion: mode is {mode!r}: use True, False or 'auto'")
        self._before = _opencl.Fusion.mode
        _opencl.configure_fusion(mode)

    def __enter__(self) -> None:
        """The mode is set already."""

    def __exit__(self, *exception: object) -> None:
        _opencl.configure_fusion(self._before)


def show_fusion(show: bool = True) -> None:
    """Print each fused kernel to stderr when it is made: its name says what it fuses.

    The environment's ``FACULA_OPENCL_FUSION_LOG=1`` does the same from the start.
    """
    _opencl.Fusion.log = bool(show)


class tensor_cores:
    """Whether products may run on the tensor cores of NVIDIA GPUs; they may from the start.

    Products of float16 and bfloat16, with sums in float32, and those of float32 where
    :class:`facula.opencl.allow_tf32` allows it, run there on GPUs of compute capability 8.0 and
    above. A kernel is used only after it has computed a small product rightly; where that fails
    the plain kernels go on, and :func:`facula.opencl.tensor_core_state` says why.

    Calling it sets the switch for the whole process; as a context manager it goes back in the end.
    The environment's ``FACULA_OPENCL_TENSOR_CORES=0`` switches them off from the start.

    Parameters
    ----------
    mode : bool

    Raises
    ------
    ValueError
        For anything but True and False.

    Examples
    --------
    >>> import facula
    >>> with facula.opencl.tensor_cores(False):
    ...     pass
    """

    def __init__(self, mode: bool = True) -> None:
        self._before = _opencl.TensorCores.enabled
        _opencl.TensorCores.enabled = _checked_mode("tensor_cores", mode)

    def __enter__(self) -> None:
        """The switch is set already."""

    def __exit__(self, *exception: object) -> None:
        _opencl.TensorCores.enabled = self._before


class allow_tf32:
    """Whether products of float32 may round their operands to 10 bits of mantissa (TF32).

    On tensor cores that is several times faster; sums stay in float32, and results are off by
    about a thousandth of the sum of the products' sizes. Only products of matrices do so, never
    convolutions. It is the switch of :func:`facula.set_float32_matmul_precision`: allowing is
    ``"high"``, not allowing ``"highest"``, which it is from the start. As a context manager it
    goes back in the end.

    Parameters
    ----------
    mode : bool

    Raises
    ------
    ValueError
        For anything but True and False.

    Examples
    --------
    >>> import facula
    >>> with facula.opencl.allow_tf32():
    ...     facula.get_float32_matmul_precision()
    'high'
    """

    def __init__(self, mode: bool = True) -> None:
        self._before = get_float32_matmul_precision()
        set_float32_matmul_precision("high" if _checked_mode("allow_tf32", mode) else "highest")

    def __enter__(self) -> None:
        """The switch is set already."""

    def __exit__(self, *exception: object) -> None:
        set_float32_matmul_precision(self._before)


def _checked_mode(name: str, mode: bool) -> bool:
    if mode is not True and mode is not False:
        raise ValueError(f"{name}: mode is {mode!r}: use True or False")
    return mode


def tensor_core_state(device: Any = None) -> dict[str, str]:
    """By type of operands, ``"on"`` or why a device's tensor cores are not used.

    What has not been used yet is tried and checked first. It is empty for a device that has none,
    or none that facula knows how to use.

    Parameters
    ----------
    device : str, int or device, optional
        The device; the current one if not given.

    Examples
    --------
    >>> import facula
    >>> if facula.opencl.is_available():
    ...     states = facula.opencl.tensor_core_state()
    """
    if not get_device_properties(device).tensor_cores:
        return {}
    known = importlib.import_module("facula.core.backends.opencl.tensor_cores")
    states: dict[str, str] = known.report(_backend(device).families)
    return states


def tune(device: Any = None, seconds: float = 60.0,
         operations: Sequence[str] = ("gemm", "convolution"), dtypes: Sequence[str] = ("float32",),
         verbose: bool = False) -> dict[str, dict[str, int]]:
    """Search for the tiles with which products and convolutions are fastest on this device.

    Candidates are measured in turn until the time is up, compared with the present choice by
    their results too, and what is clearly faster is kept in a JSON file: ``tuning.json`` in
    ``$FACULA_HOME``, else in ``facula`` in the user's folder for caches. It holds from the next
    start of the program on. Let nothing else run meanwhile. On the command line:
    ``python -m facula.core tune --seconds 60``.

    Parameters
    ----------
    device : str, int or device, optional
        The device; the current one if not given.
    seconds : float
        How long to search, about: the measurement that runs when the time is up is finished.
    operations : sequence of str
        ``"gemm"`` (matrix products) and ``"convolution"``.
    dtypes : sequence of str
        The names of floating dtypes.
    verbose : bool
        Print what is found as it is found.

    Returns
    -------
    dict
        The new parameters by operation, dtype and sizes; empty where nothing better was found.

    Raises
    ------
    ValueError
        For another operation, a dtype that is not floating, or no time.
    """
    known = ("gemm", "convolution")
    wrong = [o for o in operations if o not in known]
    if wrong:
        raise ValueError(f"tune: {wrong[0]!r} is not tuned: use {' or '.join(known)}")
    for d in dtypes:
        if not as_dtype(d).is_floating_point:
            raise ValueError(f"tune: dtype {d} is not a floating type")
    if not seconds > 0:
        raise ValueError(f"tune: seconds is {seconds}: it must be above 0")
    search = importlib.import_module("facula.core.backends.opencl.search")
    found: dict[str, dict[str, int]] = search.tune(
        _index(device), seconds, tuple(operations), tuple([as_dtype(d).name for d in dtypes]),
        print if verbose else lambda line: None)
    return found


class Event:
    """A mark on the device's queue, to wait for or to measure time between.

    Parameters
    ----------
    enable_timing : bool
        Whether :meth:`elapsed_time` will be asked for. Times are taken on the host when the driver
        reports the mark as reached, so they are good to about 0.1 ms.

    Examples
    --------
    >>> import facula
    >>> if facula.opencl.is_available():
    ...     start, end = (facula.opencl.Event(enable_timing=True) for _ in range(2))
    ...     start.record()
    ...     y = facula.ones(100, device="opencl") * 2
    ...     end.record()
    ...     assert start.elapsed_time(end) >= 0
    """

    def __init__(self, enable_timing: bool = False) -> None:
        self._timing = enable_timing
        self._mark: Any = None
        self._time = 0.0
        self._order = 0
        self._reached = threading.Event()

    def record(self, device: Any = None) -> None:
        """Put the mark behind all work asked for so far."""
        backend = _backend(device)
        backend.fuser.run_all()
        runtime = backend.runtime
        self._reached = reached = threading.Event()
        self._mark = runtime.mark()
        self._order = next(_marks)
        if self._timing:
            def stamp(status: int) -> None:
                self._time = time.perf_counter()
                reached.set()
            runtime.when_complete(self._mark, stamp)

    def query(self) -> bool:
        """Whether the mark has been reached (True if it was never recorded)."""
        return self._mark is None or self._mark.command_execution_status == 0

    def synchronize(self) -> None:
        """Wait until the mark has been reached."""
        if self._mark is not None:
            self._mark.wait()

    def wait(self, device: Any = None) -> None:
        """Let work asked for later wait for the mark; on one in-order queue it does anyway."""

    def elapsed_time(self, end: Event) -> float:
        """Milliseconds from this mark to ``end``; waits for both.

        Raises
        ------
        RuntimeError
            If one of them was not recorded, or made without ``enable_timing=True``.
        """
        for event in (self, end):
            if event._mark is None or not event._timing:
                raise RuntimeError("elapsed_time: both events must be made with "
                                   "enable_timing=True and recorded")
            event.synchronize()
            event._reached.wait()
        elapsed = 1000.0 * (end._time - self._time)
        # The driver may report two marks that were reached in order in the other one.
        return max(0.0, elapsed) if self._order < end._order else elapsed
