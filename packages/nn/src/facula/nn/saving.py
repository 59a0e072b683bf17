"""Parameters in files: they are saved and loaded as PyTorch's parameters."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from facula.core.serialization import names, register_global, register_reducer
from facula.core.serialization.errors import CheckpointError
from facula.core.tensor import Tensor
from facula.nn.parameter import Parameter


def _rebuild(data: Any, requires_grad: Any, backward_hooks: Any) -> Parameter:
    if not isinstance(data, Tensor):
        raise CheckpointError(f"a parameter is given {type(data).__name__} and not a tensor")
    return Parameter(data, bool(requires_grad))


def _reduce(parameter: Parameter) -> tuple[Any, ...]:
    return (names._rebuild_parameter,
            (parameter.detach(), parameter.requires_grad, OrderedDict()))


def register() -> None:
    """Let ``facula.load`` and ``facula.save`` know parameters."""
    register_global("torch._utils._rebuild_parameter", _rebuild)
    register_global("torch.nn.parameter.Parameter", Parameter)
    register_reducer(Parameter, _reduce)
