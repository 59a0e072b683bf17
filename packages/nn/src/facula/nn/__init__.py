"""Modules, layers, losses and initialisation."""

from facula.nn import functional, init, parameter, saving, utils
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
