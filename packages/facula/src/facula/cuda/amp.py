"""PyTorch's `torch.cuda.amp`: `facula.core.amp.cuda` under its name."""

from facula.core.amp.cuda import *
from facula.core.amp.cuda import __all__ as __all__
