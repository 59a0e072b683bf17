"""Automatic differentiation for facula's tensors: importing this installs the tape."""

from facula.autograd import rules  # noqa: F401  (fills the rules)
from facula.autograd.checks import GradcheckError, gradcheck, gradgradcheck
from facula.autograd.grads import backward, grad
from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.hooks import RemovableHandle
from facula.autograd import tape as _tape  # noqa: F401  (its import installs the tape)
from facula.core.slot import enable_grad, is_grad_enabled, no_grad, set_grad_enabled

__all__ = ["GradcheckError", "RemovableHandle", "backward", "enable_grad", "grad", "gradcheck",
           "gradgradcheck", "is_grad_enabled", "no_grad", "not_differentiable",
           "set_grad_enabled", "vjp"]
