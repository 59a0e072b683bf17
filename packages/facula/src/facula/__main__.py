"""`python -m facula`: versions, processor, devices and configuration, for bug reports."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator

import numpy as np

from facula.core import opencl

DISTRIBUTIONS = (
    "facula",
    "facula-core",
    "facula-autograd",
    "facula-nn",
    "facula-optim",
    "facula-data",
    "facula-vision",
)
COMPANIONS = ("numpy", "ml_dtypes", "pillow", "pyopencl", "pocl-binary-distribution")
VARIABLES = ("FACULA_", "OPENBLAS_", "OMP_", "MKL_", "POCL_", "OCL_", "PYOPENCL_", "CUDA_CACHE_")


def version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """The processor's model, as far as the system tells it without help."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> str:
    total = os.cpu_count()
    if hasattr(os, "sched_getaffinity"):
        return f"{len(os.sched_getaffinity(0))} of {total} usable"
    return str(total)


def blas() -> str:
    """The BLAS that NumPy was built with."""
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def size(count: int) -> str:
    """A number of bytes in GiB, or in KiB where it is small."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**27 else f"{count / 2**10:.0f} KiB"


def versions() -> Iterator[tuple[str, str]]:
    yield "python", f"{platform.python_version()} ({platform.python_implementation()})"
    for distribution in (*DISTRIBUTIONS, *COMPANIONS):
        yield distribution, version_of(distribution)
    yield "BLAS", blas()


def machine() -> Iterator[tuple[str, str]]:
    yield "platform", platform.platform()
    yield "processor", processor()
    yield "cores", cores()


def devices() -> Iterator[tuple[str, str]]:
    """One line for each OpenCL device, or what is missing."""
    if not opencl.is_available():
        if version_of("pyopencl") == "not installed":
            yield "opencl", "pyopencl is not installed: facula-core[opencl] or facula-core[pocl]"
        else:
            yield "opencl", "no device: install a GPU's driver, or facula-core[pocl]"
        return
    for index in range(opencl.device_count()):
        d = opencl.get_device_properties(index)
        formats = " ".join(["fp32", *["fp64"] * d.fp64, *["fp16"] * d.fp16])
        yield f"opencl:{index}", f"{d.name} ({d.vendor})"
        yield "", f"{d.platform}, {d.version}, driver {d.driver}"
        memory = f"{size(d.global_memory)} memory, {size(d.local_memory)} local"
        yield "", f"{memory}, {d.compute_units} compute units, {formats}"
        if d.kind == "nvidia":
            yield "", "compute capability {}.{}".format(*d.capability)
        for kind, state in tensor_cores(index).items():
            yield "", f"tensor cores for {kind}: {state}"


def tensor_cores(index: int) -> dict[str, str]:
    """By type, what trying them has shown; the report has to come even where that fails."""
    try:
        return opencl.tensor_core_state(index)
    except Exception as error:
        return {"products": f"{type(error).__name__}: {error}"}


def configuration() -> Iterator[tuple[str, str]]:
    """Where compiled kernels are kept, and the variables that steer facula and what it uses."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    yield "kernel caches", f"{home} (drivers keep compiled kernels in folders of their own there)"
    for name, value in sorted(os.environ.items()):
        if name.startswith(VARIABLES):
            yield name, value


def main() -> int:
    sections = {
        "Versions": versions,
        "Machine": machine,
        "OpenCL devices": devices,
        "Configuration": configuration,
    }
    for title, lines in sections.items():
        print(title)
        for name, text in lines():
            print(f"  {name:26s} {text}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
