"""PyTorch's names for the files the layers stand in: ``nn.modules.conv``, ``batchnorm``, ...

Programs import base classes and helpers from there, such as ``nn.modules.batchnorm._BatchNorm``.
"""

import sys

from facula.nn import container, hooks, layers, lazy, module
from facula.nn.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from facula.nn.layers import *
from facula.nn.module import Module
from facula.nn.modules import utils

# A module's globals are what `from ... import` finds, so PyTorch's hooks for all modules go along.
for _name in ("forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook"):
    setattr(module, f"register_module_{_name}", getattr(hooks, f"register_module_{_name}"))

_FILES = {
    "activation": layers.activation, "adaptive": layers.adaptive,
    "batchnorm": layers.normalization, "channelshuffle": layers.vision, "container": container,
    "conv": layers.convolution, "distance": layers.distance, "dropout": layers.dropout,
    "flatten": layers.flatten, "fold": layers.vision, "instancenorm": layers.normalization,
    "lazy": lazy, "linear": layers.linear, "loss": layers.loss, "module": module,
    "normalization": layers.normalization, "padding": layers.padding,
    "pixelshuffle": layers.vision, "pooling": layers.pooling, "rnn": layers.recurrent,
    "sparse": layers.embedding, "transformer": layers.transformer, "upsampling": layers.vision,
}
for _name, _file in _FILES.items():
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = _file

__all__ = ["Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential",
           "utils", *layers.__all__]
