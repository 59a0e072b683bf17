"""Published weights: `facula.core.hub` under the umbrella's name."""

from facula.core.hub import *
from facula.core.hub import __all__ as __all__
