"""Special functions: `facula.core.special` under the umbrella's name."""

from facula.core.special import *
from facula.core.special import __all__ as __all__
