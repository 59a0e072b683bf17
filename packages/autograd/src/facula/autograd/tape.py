"""The tape that core asks for: leaves, backward, hooks."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from facula.autograd import engine, inplace
from facula.autograd.hooks import RemovableHandle, add, hooks_of
from facula.autograd.meta import Leaf
from facula.core import ops
from facula.core.errors import describe
from facula.core.precision import mode, switched_off
from facula.core.slot import enable_grad, install, no_grad
from facula.core.tensor import Tensor


def initial_gradient(op: str, output: Tensor, gradient: Any) -> Tensor:
    """The gradient to start from: given, or 1 for a single element.

    Raises
    ------
    RuntimeError
        If the output takes no part in differentiation, or the gradient is missing or misfits.
    """
    if not isinstance(output, Tensor):
        raise TypeError(f"{op}: outputs must be tensors, but one is {describe(output)}")
    if not output.requires_grad:
        raise RuntimeError(f"{op}: {describe(output)} does not require grad and was not computed "
                           "from a tensor that does: call requires_grad_() on an input")
    if gradient is None:
        if output.numel() != 1:
            raise RuntimeError(f"{op}: the output has shape {tuple(output.shape)}: only for a "
                               "single element the gradient may be left out: give gradient=")
        if output.is_complex():
            raise RuntimeError(f"{op}: the output is {output.dtype.name}: only for a real number "
                               "the gradient may be left out: give gradient=")
        return ops.creation.ones_like(output)
    if not isinstance(gradient, Tensor):
        raise TypeError(f"{op}: gradient must be a Tensor or None, but is {describe(gradient)}")
    if gradient._data.shape != output._data.shape:
        raise RuntimeError(f"{op}: the gradient has shape {tuple(gradient.shape)}, the output "
                           f"{tuple(output.shape)}: they must be equal")
    if gradient.device != output.device:
        raise RuntimeError(f"{op}: the gradient is on {gradient.device}, the output on "
                           f"{output.device}: move it with .to({str(output.device)!r})")
    if gradient.is_complex() and not output.is_complex():
        raise RuntimeError(f"{op}: the gradient is {gradient.dtype.name}, but the output is real, "
                           f"{output.dtype.name}: give a real gradient")
    return gradient


def as_sequence(value: Any) -> Sequence[Any]:
    """One tensor or a sequence of them, as a tuple."""
    return (value,) if isinstance(value, Tensor) else tuple(value)


def run_backward(op: str, outputs: Sequence[Tensor], gradients: Sequence[Any], retain: bool | None,
                 create: bool, targets: set[Any] | None, collect: dict[Any, Tensor] | None) -> None:
    """Check the starting points and run the engine with recording as asked.

    Autocast is off meanwhile: each rule computes in the dtypes of its forward operation.
    """
    if mode.on:
        with switched_off():
            return run_backward(op, outputs, gradients, retain, create, targets, collect)
    with enable_grad() if create else no_grad():
        roots = [(o._autograd, g) for o, g in zip(
            outputs, [initial_gradient(op, o, g) for o, g in zip(outputs, gradients, strict=True)],
            strict=True)]
        engine.run(roots, create if retain is None else retain, targets, collect)


def wanted_slots(op: str, inputs: Any) -> set[Any] | None:
    """The slots of the tensors given as ``inputs``; None where none were.

    Raises
    ------
    RuntimeError
        If the sequence is empty, or a tensor does not require grad.
    """
    if inputs is None:
        return None
    tensors = as_sequence(inputs)
    if not tensors:
        raise RuntimeError(f"{op}: inputs is empty: name at least one tensor, or leave it out")
    return {slot_of(op, t) for t in tensors}


class GradientTape:
    """Fills core's slot; see ``facula.core.slot.Tape``."""

    def leaf(self, tensor: Tensor) -> Leaf:
        return Leaf(tensor)

    def backward(self, tensor: Tensor, gradient: Any, retain_graph: bool | None,
                 create_graph: bool, inputs: Any) -> None:
        run_backward("backward", (tensor,), (gradient,), retain_graph, create_graph,
                     wanted_slots("backward", inputs), None)

    def before_inplace(self, tensor: Tensor, name: str) -> None:
        inplace.before_inplace(tensor, name)

    def register_hook(self, tensor: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        return add(hooks_of(slot_of("register_hook", tensor)).tensor, hook)

    def register_post_accumulate_grad_hook(self, tensor: Tensor,
                                           hook: Callable[[Tensor], None]) -> RemovableHandle:
        slot = slot_of("register_post_accumulate_grad_hook", tensor)
        if not slot.is_leaf:
            raise RuntimeError("register_post_accumulate_grad_hook: only leaf tensors accumulate "
                               f"gradients, but {describe(tensor)} is the result of "
                               f"{slot.name()}: use register_hook()")
        it = weakref.ref(tensor)
        return add(hooks_of(slot).accumulated, lambda: hook(it()))  # type: ignore[arg-type]

    def retain_grad(self, tensor: Tensor) -> None:
        slot = slot_of("retain_grad", tensor)
        if not slot.is_leaf:
            hooks_of(slot).keeps = True


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


install(GradientTape())
