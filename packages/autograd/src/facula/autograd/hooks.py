"""What users hang on the graph: functions to call when a gradient passes, gradients to keep."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facula.core import Tensor

_next_id = itertools.count(1).__next__


class RemovableHandle:
    """Removes a hook: by ``remove()`` or at the end of a ``with`` block.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(1, requires_grad=True)
    >>> with x.register_hook(lambda g: g * 10):
    ...     (2 * x).backward()
    >>> x.grad
    tensor([20.])
    """

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.id = _next_id()
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; calling it again does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks:
    """All hooks of one slot, each kind in the order of registration.

    Attributes
    ----------
    tensor : dict
        ``hook(gradient)`` before the gradient is used; may return another.
    accumulated : dict
        ``hook()`` after a leaf's ``.grad`` has grown.
    before, after : dict
        ``hook(gradients of the outputs)`` and ``hook(gradients of the inputs, of the outputs)``
        around the call of a node's rule; may return others.
    keeps, kept : bool, Tensor or None
        Whether a non-leaf keeps its gradient (``retain_grad``), and the gradient.
    """

    __slots__ = ("tensor", "accumulated", "before", "after", "keeps", "kept")

    def __init__(self) -> None:
        self.tensor: dict[int, Any] = {}
        self.accumulated: dict[int, Any] = {}
        self.before: dict[int, Any] = {}
        self.after: dict[int, Any] = {}
        self.keeps = False
        self.kept: Tensor | None = None


def hooks_of(slot: Any) -> Hooks:
    """The hooks of a slot, made on first use."""
    if slot.hooks is None:
        slot.hooks = Hooks()
    return slot.hooks


def add(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    """Register one hook.

    Raises
    ------
    TypeError
        If it can't be called.
    """
    if not callable(hook):
        raise TypeError(f"hook: must be callable, but is {hook!r}")
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle
