"""Modules, layers, losses and initialisation."""

from facula.nn import functional, init, layers, parameter, saving, utils
from facula.nn.container import (
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from facula.nn.layers import *
from facula.nn.module import Module
from facula.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

saving.register()

__all__ = [
    "Buffer", "Module", "ModuleDict", "ModuleList", "Parameter", "ParameterDict", "ParameterList",
    "Sequential", "UninitializedBuffer", "UninitializedParameter", "functional", "init",
    "parameter", "utils", *layers.__all__,
]
