"""The tape that core asks for: leaves, backward, hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.autograd import engine, inplace
from facula.autograd.meta import RETAIN, Leaf
from facula.core import ops
from facula.core.errors import describe
from facula.core.slot import enable_grad, install, no_grad
from facula.core.tensor import Tensor


class RemovableHandle:
    """Removes a hook: by ``remove()`` or at the end of a ``with`` block."""

    _next = 0

    def __init__(self, hooks: dict[int, Any]) -> None:
        RemovableHandle._next += 1
        self.id = RemovableHandle._next
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; calling it again does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def initial_gradient(op: str, output: Tensor, gradient: Any) -> Tensor:
    """The gradient to start from: given, or 1 for a single element.

    Raises
    ------
    RuntimeError
        If the output takes no part in differentiation, or the gradient is missing or misfits.
    """
    if not output.requires_grad:
        raise RuntimeError(f"{op}: {describe(output)} does not require grad and was not computed "
                           "from a tensor that does: call requires_grad_() on an input")
    if gradient is None:
        if output.numel() != 1:
            raise RuntimeError(f"{op}: the output has shape {tuple(output.shape)}: only for a "
                               "single element the gradient may be left out: give gradient=")
        return ops.creation.ones_like(output)
    if not isinstance(gradient, Tensor):
        raise TypeError(f"{op}: gradient must be a Tensor or None, but is {describe(gradient)}")
    if gradient._data.shape != output._data.shape:
        raise RuntimeError(f"{op}: the gradient has shape {tuple(gradient.shape)}, the output "
                           f"{tuple(output.shape)}: they must be equal")
    return gradient


def as_sequence(value: Any) -> Sequence[Any]:
    """One tensor or a sequence of them, as a tuple."""
    return (value,) if isinstance(value, Tensor) else tuple(value)


def run_backward(op: str, outputs: Sequence[Tensor], gradients: Sequence[Any], retain: bool | None,
                 create: bool, targets: set[Any] | None, collect: dict[Any, Tensor] | None) -> None:
    """Check the starting points and run the engine with recording as asked."""
    roots = [(o._autograd, initial_gradient(op, o, g))
             for o, g in zip(outputs, gradients, strict=True)]
    with enable_grad() if create else no_grad():
        engine.run(roots, create if retain is None else retain, targets, collect)


class GradientTape:
    """Fills core's slot; see ``facula.core.slot.Tape``."""

    def leaf(self, tensor: Tensor) -> Leaf:
        return Leaf(tensor)

    def backward(self, tensor: Tensor, gradient: Any, retain_graph: bool | None,
                 create_graph: bool, inputs: Any) -> None:
        targets = None
        if inputs is not None:
            inputs = as_sequence(inputs)
            if not inputs:
                raise RuntimeError("backward: inputs is empty: name at least one tensor, or None")
            targets = {slot_of("backward", t) for t in inputs}
        run_backward("backward", (tensor,), (gradient,), retain_graph, create_graph, targets, None)

    def before_inplace(self, tensor: Tensor, name: str) -> None:
        inplace.before_inplace(tensor, name)

    def register_hook(self, tensor: Tensor, hook: Any) -> RemovableHandle:
        return add_hook(slot_of("register_hook", tensor), "hooks", hook)

    def retain_grad(self, tensor: Tensor) -> None:
        slot = slot_of("retain_grad", tensor)
        if not slot.is_leaf and not hasattr(slot, "retained"):
            slot.retained = RETAIN


def slot_of(op: str, tensor: Any) -> Any:
    """The slot of a tensor that requires grad.

    Raises
    ------
    RuntimeError
        If it does not.
    """
    if not isinstance(tensor, Tensor) or not tensor.requires_grad:
        raise RuntimeError(f"{op}: {describe(tensor)} does not require grad: "
                           "call requires_grad_() on it before the computation")
    return tensor._autograd


def add_hook(slot: Any, where: str, hook: Any) -> RemovableHandle:
    """Register a hook on a slot."""
    hooks = getattr(slot, where)
    if hooks is None:
        hooks = {}
        setattr(slot, where, hooks)
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


install(GradientTape())
