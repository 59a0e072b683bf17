"""The autograd slot: what may sit in a tensor's ``_autograd``, and the tape that fills it.

Core owns the slot, the two interfaces and the grad switch; it never imports autograd. The tape is
installed once, by ``facula.autograd`` when that is imported.
"""

from __future__ import annotations

import functools
import inspect
import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from facula.core.tensor import Tensor


class Meta(Protocol):
    """What sits in the slot of a tensor that takes part in differentiation."""

    requires_grad: bool
    is_leaf: bool
    grad: Tensor | None
    grad_fn: Any
    retains_grad: bool

    def fits(self, tensor: Tensor) -> None:
        """Expect gradients of this tensor's shape, dtype and device (leaves only)."""


class Tape(Protocol):
    """What autograd offers to core."""

    def leaf(self, tensor: Tensor) -> Meta:
        """A fresh slot content that makes the tensor a leaf which requires grad."""

    def backward(self, tensor: Tensor, gradient: Any, retain_graph: bool | None,
                 create_graph: bool, inputs: Any) -> None:
        """``Tensor.backward``."""

    def before_inplace(self, tensor: Tensor, name: str) -> None:
        """Refuse an in-place write that would make a gradient wrong."""

    def register_hook(self, tensor: Tensor, hook: Any) -> Any:
        """``Tensor.register_hook``."""

    def register_post_accumulate_grad_hook(self, tensor: Tensor, hook: Any) -> Any:
        """``Tensor.register_post_accumulate_grad_hook``."""

    def retain_grad(self, tensor: Tensor) -> None:
        """``Tensor.retain_grad``."""


class GradMode(threading.local):
    """Whether operations are recorded, and whether by ``inference_mode``, per thread."""

    enabled = True
    inference = False


class Installed:
    """The one tape of the process, or None."""

    tape: Tape | None = None


grad_mode = GradMode()


def install(tape: Tape) -> None:
    """Fill the slot's machinery, once.

    Raises
    ------
    RuntimeError
        If another tape is in place.
    """
    if Installed.tape is not None and Installed.tape is not tape:
        raise RuntimeError("facula.core: a tape is installed already")
    Installed.tape = tape


def tape(purpose: str) -> Tape:
    """The installed tape.

    Raises
    ------
    RuntimeError
        If there is none; the message says which package to install.
    """
    if Installed.tape is None:
        raise RuntimeError(f"{purpose}: differentiation needs facula-autograd: run "
                           "'pip install facula-autograd', then 'import facula.autograd'")
    return Installed.tape


def is_grad_enabled() -> bool:
    """Whether operations are recorded for backward in this thread."""
    return grad_mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside :class:`inference_mode`."""
    return grad_mode.inference


class _GradSwitch:
    """A context manager and decorator that sets the switch to ``value`` and restores it."""

    value = True

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(grad_mode.enabled)
        grad_mode.enabled = self.value

    def __exit__(self, *exc: object) -> None:
        grad_mode.enabled = self._before.pop()

    def __call__(self, function: Any) -> Any:
        return decorate(type(self), function)


def decorate(make: Any, function: Any) -> Any:
    """Run each call of ``function`` (or each step of a generator function) inside ``make()``."""
    if inspect.isgeneratorfunction(function):
        @functools.wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            advance, argument = generator.send, None
            while True:
                try:
                    with make():
                        item = advance(argument)
                except StopIteration as stop:
                    return stop.value
                try:
                    advance, argument = generator.send, (yield item)
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as error:
                    advance, argument = generator.throw, error
        return steps

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)
    return call


class no_grad(_GradSwitch):
    """Operations inside are not recorded. A context manager and a decorator.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(2, requires_grad=True)
    >>> with facula.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    value = False


class enable_grad(_GradSwitch):
    """Operations inside are recorded, also within :class:`no_grad`."""

    value = True


class inference_mode(_GradSwitch):
    """The same as :class:`no_grad`, under the name that says what the program is about.

    Parameters
    ----------
    mode : bool
        False records operations, as :class:`enable_grad`.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(2, requires_grad=True)
    >>> with facula.inference_mode():
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.value = not mode

    def __enter__(self) -> None:
        super().__enter__()
        self._before.append(grad_mode.inference)
        grad_mode.inference = not self.value

    def __exit__(self, *exc: object) -> None:
        grad_mode.inference = self._before.pop()
        super().__exit__(*exc)

    def __call__(self, function: Any) -> Any:
        mode = not self.value
        return decorate(lambda: inference_mode(mode), function)


class set_grad_enabled(_GradSwitch):
    """Set the switch at once; as a context manager, restore it at the end.

    Parameters
    ----------
    mode : bool
        Whether operations are recorded.
    """

    def __init__(self, mode: bool) -> None:
        self._before = [grad_mode.enabled]
        self.value = bool(mode)
        grad_mode.enabled = self.value

    def __enter__(self) -> None:
        grad_mode.enabled = self.value

    def __call__(self, function: Any) -> Any:
        grad_mode.enabled = self._before[-1]
        mode = self.value
        return decorate(lambda: set_grad_enabled(mode), function)
