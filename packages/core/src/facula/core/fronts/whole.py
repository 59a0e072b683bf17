"""Integer arguments of operations: a tensor of one integer becomes the int that it holds.

Anywhere else it would be computed with as a tensor, and wrap where its dtype ends: a size from it
could be smaller than what a kernel then writes.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facula.core.errors import describe
from facula.core.tensor import Tensor

_NOTES = frozenset(("int", "int | None"))
_HELD = (Tensor, np.ndarray, np.generic)


def _as_int(op: str, name: str, value: Any) -> Any:
    try:
        return operator.index(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{op}: {name} must be an int, but is {describe(value)}") from None


def reading_integers(op: str, function: Callable[..., Any],
                     parameters: Sequence[str]) -> Callable[..., Any]:
    """An operation's function, given ints for all of its parameters that are annotated so.

    Dimensions are read by those who count them from the end, see ``errors.canonical_dim``.
    """
    notes = function.__annotations__
    if _NOTES.isdisjoint(notes.values()):
        return function
    count = inspect.unwrap(function).__code__.co_argcount
    names = frozenset(name for name in parameters
                      if notes.get(name) in _NOTES and not name.startswith("dim"))
    if not names:
        return function
    places = [(i, name) for i, name in enumerate(parameters[:count]) if name in names]
    first = places[0][0] if places else count

    @functools.wraps(function)
    def read(*args: Any, **kwargs: Any) -> Any:
        if len(args) > first:
            for i, name in places:
                if i < len(args) and args[i].__class__ is not int and isinstance(args[i], _HELD):
                    given = _as_int(op, name, args[i])
                    args = (*args[:i], given, *args[i + 1:])
        if kwargs:
            for name in names & kwargs.keys():
                if isinstance(kwargs[name], _HELD):
                    kwargs[name] = _as_int(op, name, kwargs[name])
        return function(*args, **kwargs)

    return read
