"""Hooks around a module's forward and backward: their registries, and the call that runs them."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from facula.autograd import RemovableHandle
from facula.core.ops import shape
from facula.core.tensor import Tensor

if TYPE_CHECKING:
    from facula.nn.module import Module

# The kinds of hooks; each module, and the process for all modules, has one registry for each.
FORWARD, FORWARD_PRE, BACKWARD, BACKWARD_PRE = range(4)
EVERYWHERE: tuple[OrderedDict[int, Hook], ...] = tuple(OrderedDict() for _ in range(4))


class Hook:
    """One registered hook and how it wants to be called."""

    __slots__ = ("function", "with_kwargs", "always_call")

    def __init__(self, function: Callable[..., Any], with_kwargs: bool = False,
                 always_call: bool = False) -> None:
        self.function = function
        self.with_kwargs = with_kwargs
        self.always_call = always_call


def add(hooks: OrderedDict[int, Any], hook: Any, prepend: bool = False) -> RemovableHandle:
    """Register a hook; the handle removes it."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def call(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module.forward(*args, **kwargs)`` with all hooks around it."""
    done: set[int] = set()
    result: Any = None
    after = {**EVERYWHERE[FORWARD], **module._forward_hooks}
    try:
        for hook in (*EVERYWHERE[FORWARD_PRE].values(), *module._forward_pre_hooks.values()):
            args, kwargs = _before(hook, module, args, kwargs)
        backward = [h.function for h in (*EVERYWHERE[BACKWARD].values(),
                                         *module._backward_hooks.values())]
        backward_pre = [h.function for h in (*EVERYWHERE[BACKWARD_PRE].values(),
                                             *module._backward_pre_hooks.values())]
        watch = _BackwardWatch(module, backward, backward_pre) if backward or backward_pre else None
        if watch is not None:
            args = watch.inputs(args)
        result = module.forward(*args, **kwargs)
        for number, hook in after.items():
            done.add(number)
            answer = _after(hook, module, args, kwargs, result)
            if answer is not None:
                result = answer
        return result if watch is None else watch.outputs(result)
    except Exception:
        for number, hook in after.items():
            if hook.always_call and number not in done:
                try:
                    answer = _after(hook, module, args, kwargs, result)
                    result = result if answer is None else answer
                except Exception as error:
                    warnings.warn("module forward hook with ``always_call=True`` raised an "
                                  "exception that was silenced as another error was raised in "
                                  f"forward: {error}", stacklevel=3)
        raise


def _before(hook: Hook, module: Module, args: tuple[Any, ...],
            kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if hook.with_kwargs:
        answer = hook.function(module, args, kwargs)
        if answer is None:
            return args, kwargs
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise RuntimeError("forward pre-hook must return None or a tuple of (new_args, "
                               f"new_kwargs), but got {answer}.")
        return answer
    answer = hook.function(module, args)
    if answer is None:
        return args, kwargs
    return answer if isinstance(answer, tuple) else (answer,), kwargs


def _after(hook: Hook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any],
           result: Any) -> Any:
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, result)
    return hook.function(module, args, result)


def _identity(t: Tensor) -> Tensor:
    """The same values as a node of its own, on whose gradient a hook can sit."""
    return shape.clone(t) if t.requires_grad else t


class _BackwardWatch:
    """Sees the gradients of one call's outputs and inputs, and runs the backward hooks on them.

    Inputs and outputs pass through nodes of their own. The inputs' gradients are complete when the
    last of them is computed; then the hooks run. They may replace the gradient of a single input;
    with several, those that were passed on already can't be replaced any more.
    """

    def __init__(self, module: Module, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_output: tuple[Any, ...] = ()
        self.grad_input: list[Any] = []
        self.waiting = 0

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those that need gradients watched."""
        self.grad_input = [None] * len(args)
        out = list(args)
        for i, value in enumerate(args):
            if isinstance(value, Tensor) and value.requires_grad:
                out[i] = _identity(value)
                out[i].register_hook(self._on_input(i))
                self.waiting += 1
        return tuple(out)

    def _on_input(self, i: int) -> Callable[[Tensor], Any]:
        def hook(g: Tensor) -> Tensor | None:
            self.grad_input[i] = g
            self.waiting -= 1
            if self.waiting:
                return None
            self._run()
            return self.grad_input[i]
        return hook

    def _run(self) -> None:
        grad_input = tuple(self.grad_input)
        for hook in self.hooks:
            answer = hook(self.module, grad_input, self.grad_output)
            if answer is not None:
                answer = answer if isinstance(answer, tuple) else (answer,)
                if len(answer) != len(grad_input):
                    raise RuntimeError("Backward hook returned an invalid number of grad_input, "
                                       f"got {len(answer)}, but expected {len(grad_input)}")
                grad_input = answer
        self.grad_input = list(grad_input)

    def outputs(self, result: Any) -> Any:
        """The result, its tensors watched."""
        several = isinstance(result, tuple)
        values = list(result) if several else [result]
        if not all(isinstance(v, Tensor) for v in values):
            warnings.warn("For backward hooks to be called, module output should be a Tensor or a "
                          f"tuple of Tensors but received {type(result)}", stacklevel=4)
            return result
        self.grad_output = (None,) * len(values)
        for i, value in enumerate(values):
            if value.requires_grad:
                values[i] = _identity(value)
                values[i].register_hook(self._on_output(i))
        return tuple(values) if several else values[0]

    def _on_output(self, i: int) -> Callable[[Tensor], Any]:
        def hook(g: Tensor) -> Tensor | None:
            grads = list(self.grad_output)
            grads[i] = g
            for pre in self.pre_hooks:
                answer = pre(self.module, tuple(grads))
                if answer is not None:
                    grads = list(answer) if isinstance(answer, tuple) else [answer]
            self.grad_output = tuple(grads)
            if self.waiting == 0 and not any(g is not None for g in self.grad_input):
                self._run()  # no input needs a gradient: the outputs' are all there is
            return grads[i]
        return hook


def register_module_forward_hook(hook: Any, *, with_kwargs: bool = False,
                                 always_call: bool = False) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the forward of every module in the process."""
    return add(EVERYWHERE[FORWARD], Hook(hook, with_kwargs, always_call))


def register_module_forward_pre_hook(hook: Any) -> RemovableHandle:
    """Call ``hook(module, args)`` before the forward of every module in the process."""
    return add(EVERYWHERE[FORWARD_PRE], Hook(hook))


def register_module_full_backward_hook(hook: Any) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` for every module in the process."""
    return add(EVERYWHERE[BACKWARD], Hook(hook))


def register_module_full_backward_pre_hook(hook: Any) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` for every module in the process."""
    return add(EVERYWHERE[BACKWARD_PRE], Hook(hook))
