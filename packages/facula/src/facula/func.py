"""Functions of functions: the public names of `facula.autograd.func`, as `torch.func`."""

from facula.autograd.func import *
from facula.autograd.func import __all__ as __all__
