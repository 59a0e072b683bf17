"""Where the time goes: `facula.core.profiler` under the umbrella's name."""

from facula.core.profiler import *
from facula.core.profiler import __all__ as __all__
