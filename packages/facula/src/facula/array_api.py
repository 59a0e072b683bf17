"""The array API standard's functions: `facula.core.array_api` under the umbrella's name."""

from facula.core.array_api import *
from facula.core.array_api import __all__ as __all__
