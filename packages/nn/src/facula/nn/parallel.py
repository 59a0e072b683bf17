"""DataParallel, for programs and checkpoints that have it: here it computes on one device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.nn.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """A module around another, whose state dict's names begin with ``module.``.

    PyTorch's divides each batch among the GPUs; here the module computes the whole batch where its
    parameters are.

    Parameters
    ----------
    module : Module
    device_ids, output_device : optional
        Accepted for PyTorch's sake.
    dim : int
        Likewise.

    Examples
    --------
    >>> import facula
    >>> list(facula.nn.DataParallel(facula.nn.Linear(1, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(self, module: Module, device_ids: Sequence[Any] | None = None,
                 output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = list(device_ids or [])
        self.output_device = output_device

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(module: Module, inputs: Any, device_ids: Sequence[Any] | None = None,
                  output_device: Any = None, dim: int = 0,
                  module_kwargs: dict[str, Any] | None = None) -> Any:
    """Call a module as :class:`DataParallel` does, which is as it is.

    Parameters
    ----------
    module : Module
    inputs : Any
        Its arguments: a tuple, or a single one.
    device_ids, output_device, dim
        Accepted for PyTorch's sake.
    module_kwargs : dict, optional
        Arguments by name.
    """
    args = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*args, **(module_kwargs or {}))
