"""Modules as functions of their parameters: called with others, stacked, freed of statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.autograd.func import functional_call
from facula.core.ops.joining import stack
from facula.nn.layers.normalization import _BatchNorm
from facula.nn.module import Module

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of equal modules, each stacked along a new first dimension.

    With :func:`facula.func.vmap` and :func:`functional_call` they serve as an ensemble.

    Parameters
    ----------
    models : sequence of Module
        Modules of one class, all in training or all in evaluation mode.

    Returns
    -------
    tuple of two dicts
        Name -> stacked parameter, which is a leaf that requires grad if they do; name -> stacked
        buffer.

    Raises
    ------
    RuntimeError
        If there are none, or the modules differ in class, mode or in what requires grad.

    Examples
    --------
    >>> import facula
    >>> parameters, buffers = facula.func.stack_module_state(
    ...     [facula.nn.Linear(2, 3) for _ in range(5)])
    >>> parameters["weight"].shape
    facula.Size([5, 3, 2])
    """
    if not models:
        raise RuntimeError("stack_module_state: there are no modules: give at least one")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: some modules are in training mode, some are not")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: the modules must be of one class, but are of "
                           f"{sorted({type(m).__name__ for m in models})}")

    def stacked(name: str, tensors: Sequence[Any]) -> Any:
        if len({t.requires_grad for t in tensors}) > 1:
            raise RuntimeError(f"stack_module_state: {name!r} requires grad in some modules only")
        return stack(tensors).detach().requires_grad_(tensors[0].requires_grad)

    parameters = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return ({n: stacked(n, [p[n] for p in parameters]) for n in parameters[0]},
            {n: stacked(n, [b[n] for b in buffers]) for n in buffers[0]})


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Take the running statistics from every batch normalisation, in place.

    What normalises by the batch at hand alone writes to no buffer, as :func:`facula.func.vmap`
    needs it.

    Examples
    --------
    >>> import facula
    >>> net = facula.func.replace_all_batch_norm_modules_(facula.nn.BatchNorm1d(3))
    >>> net.running_mean is None
    True
    """
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return root
