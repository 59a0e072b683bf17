"""Saving and loading: `facula.core.serialization` under the umbrella's name."""

from facula.core.serialization import *
from facula.core.serialization import __all__ as __all__
