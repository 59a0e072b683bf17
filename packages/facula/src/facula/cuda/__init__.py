"""PyTorch's `torch.cuda`: `facula.core.cuda`, NVIDIA GPUs through OpenCL, under its name."""

from facula.core.cuda import *
from facula.core.cuda import __all__ as _names
from facula.cuda import amp

__all__ = [*_names, "amp"]
