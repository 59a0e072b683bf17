"""Comparisons for tests: `facula.core.testing` under the umbrella's name."""

from facula.core.testing import *
from facula.core.testing import __all__ as __all__
