"""Modules, layers, losses and initialisation."""

from facula.nn import (
    attention,
    functional,
    grad,
    init,
    layers,
    modules,
    parallel,
    parameter,
    saving,
    utils,
)
from facula.nn.container import (
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from facula.nn.layers import *
from facula.nn.module import Module
from facula.nn.parallel import DataParallel
from facula.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

saving.register()

__all__ = [
    "Buffer", "DataParallel", "Module", "ModuleDict", "ModuleList", "Parameter", "ParameterDict",
    "ParameterList", "Sequential", "UninitializedBuffer", "UninitializedParameter", "attention",
    "functional", "grad", "init", "parallel", "parameter", "utils", *layers.__all__,
]
