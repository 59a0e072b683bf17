"""PyTorch's `torch.amp`: `facula.core.amp`, mixed precision, under the umbrella's name."""

from facula.core.amp import *
from facula.core.amp import __all__ as __all__
