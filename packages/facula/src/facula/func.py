"""Functions of functions, as `torch.func`: `facula.autograd.func`, and modules as functions."""

from facula.autograd.func import *
from facula.autograd.func import __all__ as _names
from facula.nn.utils.stateless import replace_all_batch_norm_modules_, stack_module_state

__all__ = [*_names, "replace_all_batch_norm_modules_", "stack_module_state"]
