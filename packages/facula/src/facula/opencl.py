"""The OpenCL devices: `facula.core.opencl` under the umbrella's name."""

from facula.core.opencl import *
from facula.core.opencl import __all__ as __all__
