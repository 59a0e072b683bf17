"""Kernels for primitives that other packages declare: NumPy functions, and files of OpenCL C.

``primitive`` (in ``facula.core.declare``) declares an operation; here its kernels are registered:

- ``cpu_kernel`` decorates the NumPy function of the primitive's name;
- ``opencl_kernel(name)`` decorates ``function(backend, *arguments)``, which launches kernels;
- ``opencl_source(path, signatures, types)`` says which kernels an OpenCL file holds, with
  ``BUFFER`` for each buffer among a kernel's arguments and a NumPy dtype for each number. The file
  is compiled for an element type when ``backend.families.kernel(name, dtype)`` is first asked.

An OpenCL kernel that writes into an array it was given, instead of a fresh one, first calls
``backend.runtime.settle(array)``: elementwise operations may still wait to read what it holds.
"""

from facula.core.backends.cpu.backend import kernel as cpu_kernel
from facula.core.backends.opencl.families import declare as opencl_source
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel as opencl_kernel

__all__ = ["BUFFER", "LONG", "cpu_kernel", "opencl_kernel", "opencl_source"]
