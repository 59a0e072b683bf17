"""Anomaly mode: where a failing node was recorded, and the first NaN in a gradient."""

from __future__ import annotations

import traceback
import weakref
from collections.abc import Callable
from typing import Any

from facula.autograd import observe
from facula.autograd.meta import edge
from facula.core.ops import unary
from facula.core.slot import no_grad


class _State:
    """The mode, and the stacks of the nodes recorded under it."""

    depth = 0
    check_nan = True
    stacks: weakref.WeakKeyDictionary[Any, list[str]] = weakref.WeakKeyDictionary()


def enabled() -> bool:
    """Whether nodes are watched."""
    return _State.depth > 0


is_anomaly_enabled = enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients are searched for NaN."""
    return _State.check_nan


def _note(node: Any) -> None:
    _State.stacks[node] = traceback.format_stack()[:-3]


def watched(node: Any, compute: Callable[[], list[Any]]) -> list[Any]:
    """Call a node's rule; on an error or a NaN tell where the node was recorded.

    Raises
    ------
    RuntimeError
        If a gradient holds NaN.
    """
    stack = _State.stacks.get(node)
    where = ("recorded before anomaly mode began" if stack is None
             else f"recorded at (most recent call last):\n{''.join(stack)}")
    try:
        results = compute()
    except Exception as error:
        error.add_note(f"The error came from {node.name()}, {where}")
        raise
    if _State.check_nan:
        with no_grad():
            for i, g in enumerate(results):
                if g is not None and bool(unary.isnan(g).any()):
                    to = edge(node.parents[i])[0].name()
                    raise RuntimeError(
                        f"detect_anomaly: {node.name()} returned NaN in gradient {i}, of shape "
                        f"{tuple(g.shape)}, for {to}; it was {where}")
    return results


class detect_anomaly:
    """A context manager in which backward stops at the first NaN and shows where it came from.

    Operations inside remember the stack of their call. When the rule of one of them fails, or
    returns a NaN, the error shows that stack. Slow: for debugging.

    Parameters
    ----------
    check_nan : bool
        Look for NaN; otherwise only errors are explained.

    Examples
    --------
    >>> import facula
    >>> x = facula.zeros(1, requires_grad=True)
    >>> with facula.autograd.detect_anomaly():
    ...     (x / x).sum().backward()
    Traceback (most recent call last):
        ...
    RuntimeError: detect_anomaly: DivBackward0 returned NaN in gradient 1, ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_State.check_nan)
        _State.check_nan = self.check_nan
        _begin()

    def __exit__(self, *exc: object) -> None:
        _State.check_nan = self._before.pop()
        _end()


def _begin() -> None:
    _State.depth += 1
    if _State.depth == 1:
        observe.start(_note, True)


def _end() -> None:
    _State.depth -= 1
    if not _State.depth:
        observe.stop(_note, True)


class set_detect_anomaly:
    """Switch anomaly mode on or off at once; as a context manager, restore it at the end.

    Parameters
    ----------
    mode : bool
    check_nan : bool
        As for :class:`detect_anomaly`.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _State.depth, _State.check_nan
        _State.check_nan = check_nan
        _switch(1 if mode else 0)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        depth, _State.check_nan = self._before
        _switch(depth)


def _switch(depth: int) -> None:
    if depth and not _State.depth:
        _begin()
        _State.depth = depth
    elif not depth and _State.depth:
        _State.depth = 1
        _end()
    else:
        _State.depth = depth
