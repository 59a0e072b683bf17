"""How worker processes are started, and what may not be sent to them."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.context import BaseContext
from typing import Any

from facula.core import Tensor
from facula.core.backends import opencl


def context_for(chosen: Any) -> BaseContext:
    """The multiprocessing context: the chosen one, or what is safe and fast here.

    A forked process must not touch OpenCL once its parent has, and a driver's threads may hold
    locks at the moment of the fork. So where OpenCL is in use workers come from a fork server,
    which is itself started afresh; otherwise Linux forks, in milliseconds and without pickling.

    Raises
    ------
    ValueError, TypeError
        If ``chosen`` names no start method, or is neither a name nor a context.
    """
    if isinstance(chosen, BaseContext):
        return chosen
    if isinstance(chosen, str):
        names = multiprocessing.get_all_start_methods()
        if chosen not in names:
            raise ValueError(f"DataLoader: multiprocessing_context={chosen!r} is not a start "
                             f"method here: use one of {names}")
        return _prepared(chosen)
    if chosen is not None:
        raise TypeError("DataLoader: multiprocessing_context must be the name of a start method "
                        f"or a context, but is {chosen!r}")
    method = multiprocessing.get_start_method(allow_none=True)
    if method is None:
        method = "fork" if sys.platform == "linux" else multiprocessing.get_start_method()
    if method == "fork" and opencl.is_running():
        method = "forkserver"
    return _prepared(method)


def _prepared(method: str) -> BaseContext:
    """The context; a fork server that is still to start imports facula once for all workers."""
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        known = [name for name in ("facula", "facula.data", "facula.vision") if name in sys.modules]
        context.set_forkserver_preload(["__main__", *known])
    return context


def opencl_tensor(value: Any, depth: int = 4) -> tuple[str, Tensor] | None:
    """The first tensor on an OpenCL device inside a data set, and the path to it; None if none."""
    if isinstance(value, Tensor):
        return ("", value) if value.is_opencl else None
    if depth == 0:
        return None
    if isinstance(value, dict):
        parts = [(f"[{key!r}]", part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"[{i}]", part) for i, part in enumerate(value[:8])]
    elif type(value).__module__ == "builtins":
        return None
    else:
        parts = [(f".{key}", part) for key, part in getattr(value, "__dict__", {}).items()]
    for step, part in parts:
        if found := opencl_tensor(part, depth - 1):
            return step + found[0], found[1]
    return None
