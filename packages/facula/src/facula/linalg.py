"""Linear algebra: `facula.core.linalg` under the umbrella's name."""

from facula.core.linalg import *
from facula.core.linalg import __all__ as __all__
