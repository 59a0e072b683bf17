"""Windows: `facula.core.signal.windows` under the umbrella's name."""

from facula.core.signal.windows import *
from facula.core.signal.windows import __all__ as __all__
