"""Which OpenCL devices this machine has, found on first use: GPUs first, then CPU devices."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Any

INSTALL_BINDING = ("OpenCL needs the package pyopencl: "
                   "pip install 'facula-core[opencl]' (with a GPU driver) or "
                   "pip install 'facula-core[pocl]' (runs on any x86-64 Linux CPU)")
INSTALL_DRIVER = ("no OpenCL device was found: install the OpenCL driver of your GPU, or a CPU "
                  "device with pip install 'facula-core[pocl]'")

MMA_CAPABILITY = (8, 0)  # from which mma.sync has the shapes and types of gemm_mma.cl (PTX ISA)

# PoCL compiles a kernel anew per local size and per "small grid" unless told not to. Our kernels
# fix their local size themselves, so one compilation (about 55 ms) serves all launches.
_POCL_SETTINGS = {"POCL_WORK_GROUP_SPECIALIZATION": "0"}


@dataclass(slots=True, eq=False)
class Device:
    """One OpenCL device and the limits kernels are chosen by.

    ``kind`` is ``"nvidia"``, ``"gpu"`` (any other accelerator) or ``"cpu"``. ``capability`` is
    NVIDIA's compute capability, (0, 0) elsewhere. ``tensor_cores`` says how products may use them:
    ``"mma"`` by that instruction, ``"emulated"`` as it does, in tests, ``""`` not at all.
    ``overrides`` has, by operation, parameters that go before those of the tables (see
    ``tuning.py``).
    """

    handle: Any = field(repr=False)
    name: str
    vendor: str
    platform: str
    driver: str
    version: str
    kind: str
    compute_units: int
    clock_mhz: int
    global_memory: int
    largest_buffer: int
    local_memory: int
    work_group: int
    argument_bytes: int
    vector_bytes: int
    fp64: bool
    fp16: bool
    capability: tuple[int, int] = (0, 0)
    tensor_cores: str = ""
    overrides: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)


def binding() -> Any:
    """The module pyopencl, imported on first use.

    Raises
    ------
    RuntimeError
        If it is not installed.
    """
    for name, value in _POCL_SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import pyopencl
    except ImportError as error:
        raise RuntimeError(INSTALL_BINDING) from error
    return pyopencl


def _capability(cl: Any, handle: Any) -> tuple[int, int]:
    """NVIDIA's compute capability, as far as the driver tells it."""
    asked = cl.device_info
    try:
        return (int(handle.get_info(asked.COMPUTE_CAPABILITY_MAJOR_NV)),
                int(handle.get_info(asked.COMPUTE_CAPABILITY_MINOR_NV)))
    except (AttributeError, cl.Error):
        return (0, 0)


def _describe(cl: Any, platform: Any, handle: Any) -> Device:
    extensions = handle.extensions
    is_gpu = bool(handle.type & (cl.device_type.GPU | cl.device_type.ACCELERATOR))
    kind = "cpu" if not is_gpu else "nvidia" if "nvidia" in handle.vendor.lower() else "gpu"
    capability = _capability(cl, handle) if kind == "nvidia" else (0, 0)
    return Device(
        handle=handle, name=handle.name.strip(), vendor=handle.vendor.strip(),
        platform=platform.name.strip(), driver=handle.driver_version.strip(),
        version=handle.version.strip(), kind=kind, compute_units=handle.max_compute_units,
        clock_mhz=handle.max_clock_frequency, global_memory=handle.global_mem_size,
        largest_buffer=handle.max_mem_alloc_size, local_memory=handle.local_mem_size,
        work_group=handle.max_work_group_size, argument_bytes=handle.max_parameter_size,
        vector_bytes=4 * max(1, handle.native_vector_width_float),
        fp64="cl_khr_fp64" in extensions or bool(handle.double_fp_config),
        fp16="cl_khr_fp16" in extensions, capability=capability,
        tensor_cores="mma" if capability >= MMA_CAPABILITY else "")


def _search() -> tuple[Device, ...]:
    cl = binding()
    try:
        platforms = cl.get_platforms()
    except cl.Error:  # the loader answers PLATFORM_NOT_FOUND_KHR where no driver is installed
        platforms = []
    found: list[Device] = []
    cpu_platforms: set[str] = set()
    for platform in platforms:
        try:
            handles = platform.get_devices()
        except cl.Error:  # a driver without a device
            continue
        usable = [_describe(cl, platform, handle) for handle in handles
                  if handle.available and handle.compiler_available]
        # The same CPU driver may be installed twice (a system PoCL beside the wheel's); both
        # would show one processor, so only the first counts.
        found += [d for d in usable if d.kind != "cpu" or d.platform not in cpu_platforms]
        cpu_platforms.update(d.platform for d in usable if d.kind == "cpu")
    return tuple(sorted(found, key=lambda d: d.kind == "cpu"))


_devices: tuple[Device, ...] | None = None
_lock = threading.Lock()


def devices() -> tuple[Device, ...]:
    """All usable devices in the order of their index.

    Raises
    ------
    RuntimeError
        If pyopencl is not installed.
    """
    global _devices
    if _devices is None:
        with _lock:
            if _devices is None:
                _devices = _search()
    return _devices


def device(index: int) -> Device:
    """The device called ``opencl:index``.

    Raises
    ------
    RuntimeError
        If pyopencl or a driver is missing, or there is no device of that index.
    """
    all_devices = devices()
    if not all_devices:
        raise RuntimeError(INSTALL_DRIVER)
    if not 0 <= index < len(all_devices):
        names = ", ".join(f"opencl:{i} ({d.name})" for i, d in enumerate(all_devices))
        raise RuntimeError(f"opencl:{index} does not exist: this machine has {names}")
    return all_devices[index]
