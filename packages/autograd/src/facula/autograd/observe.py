"""Watching operations being recorded: anomaly mode and saved-tensor hooks see each new node.

The recorders of all operations are wrapped while somebody watches, and put back afterwards, so that
recording costs nothing when nobody does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from facula.core.operation import operations
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor

Watcher = Callable[[Any], None]


class _State:
    """Who watches in the whole process, and how many threads have watchers of their own."""

    lock = threading.Lock()
    everywhere: list[Watcher] = []
    active = 0
    originals: list[tuple[Any, str, Any]] = []


class _Here(threading.local):
    """Who watches in this thread."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []


here = _Here()


def tell(node: Any) -> None:
    """Show a new node to everyone who watches."""
    for watcher in (*_State.everywhere, *here.watchers):
        watcher(node)


def _wrapped(record: Callable[..., Any]) -> Callable[..., Any]:
    def watched(out: Any, *args: Any) -> None:
        first = out if isinstance(out, Tensor) else out[0]
        before = first._autograd
        record(out, *args)
        if grad_mode.enabled and (_State.everywhere or here.watchers):
            for o in (out,) if isinstance(out, Tensor) else out:
                if o._autograd is not None and o._autograd is not before:
                    node = o._autograd.grad_fn
                    if node is not None:
                        tell(node)
                    break
    return watched


def start(watcher: Watcher, everywhere: bool) -> None:
    """Show each new node of this thread, or of all threads, to a function."""
    with _State.lock:
        (_State.everywhere if everywhere else here.watchers).append(watcher)
        _State.active += 1
        if _State.active == 1:
            for op in operations():
                for name in ("record", "record_inplace"):
                    original = getattr(op, name)
                    if original is not None:
                        _State.originals.append((op, name, original))
                        setattr(op, name, _wrapped(original))


def stop(watcher: Watcher, everywhere: bool) -> None:
    """The opposite of :func:`start`."""
    with _State.lock:
        (_State.everywhere if everywhere else here.watchers).remove(watcher)
        _State.active -= 1
        if not _State.active:
            for op, name, original in _State.originals:
                setattr(op, name, original)
            _State.originals.clear()
