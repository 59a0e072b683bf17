"""Modules without their initial values, and memory formats, which are accepted and not used."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from facula.core.random import fork_rng
from facula.nn.module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """A module whose parameters are still to be filled, by loading or by hand.

    The random generator is where it was before, so that what is drawn later does not depend on it.

    Parameters
    ----------
    module_cls : type
        Its constructor must have an argument ``device``.
    *args, **kwargs
        For the constructor.

    Raises
    ------
    RuntimeError
        If it is no class of modules, or its constructor has no argument ``device``.

    Examples
    --------
    >>> import facula
    >>> facula.nn.utils.skip_init(facula.nn.Linear, 5, 1)
    Linear(in_features=5, out_features=1, bias=True)
    """
    if not (isinstance(module_cls, type) and issubclass(module_cls, Module)):
        raise RuntimeError(f"skip_init: expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError(f"skip_init: the constructor of {module_cls.__name__} must support a "
                           "'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Returns the module as it is: tensors have one memory format here.

    Parameters
    ----------
    module : Module
    memory_format : Any
        Accepted for PyTorch's sake.
    """
    return module


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Returns the module as it is: tensors have one memory format here.

    Parameters
    ----------
    module : Module
    memory_format : Any
        Accepted for PyTorch's sake.
    """
    return module
