"""Automatic differentiation for facula's tensors: importing this installs the tape."""

from facula.autograd import (
    checkpoint,
    func,
    function,
    functional,
    graph,
    rules,
    tape,
)
from facula.autograd.anomaly import (
    detect_anomaly,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from facula.autograd.checks import GradcheckError, gradcheck, gradgradcheck
from facula.autograd.function import Function
from facula.autograd.grads import backward, grad
from facula.autograd.hooks import RemovableHandle
from facula.autograd.plans import not_differentiable, vjp
from facula.autograd.variable import Variable
from facula.core.slot import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "backward", "grad", "Function", "function", "functional", "func", "graph", "checkpoint",
    "no_grad", "enable_grad", "set_grad_enabled", "inference_mode", "is_grad_enabled",
    "RemovableHandle", "detect_anomaly", "set_detect_anomaly", "is_anomaly_enabled",
    "is_anomaly_check_nan_enabled", "gradcheck", "gradgradcheck", "GradcheckError", "vjp",
    "not_differentiable", "Variable",
]
