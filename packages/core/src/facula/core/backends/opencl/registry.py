"""The table of primitives' kernels: written in the rooms, bound to each device's backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_MAKERS: dict[str, Callable[..., Any]] = {}
_TABLES: list[tuple[Any, dict[str, Callable[..., Any]]]] = []


def kernel(name: str) -> Callable[[F], F]:
    """Register ``function(backend, *canonical arguments)`` as the kernel of operation ``name``.

    Devices that are already running get it too: a package may be imported after the first launch.
    """
    def keep(function: F) -> F:
        if name in _MAKERS:
            raise ValueError(f"the OpenCL kernel of {name!r} is registered twice")
        _MAKERS[name] = function
        for backend, table in _TABLES:
            table[name] = _bound(function, backend)
        return function
    return keep


def bind_all(backend: Any) -> dict[str, Callable[..., Any]]:
    """Every registered kernel with its backend filled in."""
    table = {name: _bound(function, backend) for name, function in _MAKERS.items()}
    _TABLES.append((backend, table))
    return table


def _bound(function: Callable[..., Any], backend: Any) -> Callable[..., Any]:
    def bound(*arguments: Any) -> Any:
        return function(backend, *arguments)
    bound.__name__ = function.__name__
    bound.__doc__ = function.__doc__
    return bound
