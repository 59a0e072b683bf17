"""PyTorch's `torch.jit`: marks for TorchScript, which give back what they are given."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ["Final", "annotate", "export", "freeze", "ignore", "is_scripting", "is_tracing", "load",
           "optimize_for_inference", "save", "script", "script_if_tracing", "trace", "unused"]

T = TypeVar("T")


def script(obj: T, **options: Any) -> T:
    """The module or function itself: it runs as Python.

    Examples
    --------
    >>> import facula
    >>> @facula.jit.script
    ... def double(x):
    ...     return x + x
    >>> double(facula.ones(1))
    tensor([2.])
    """
    return obj


def trace(func: T, example_inputs: Any = None, **options: Any) -> T:
    """The module or function itself; ``example_inputs`` are not looked at."""
    return func


def script_if_tracing(fn: T) -> T:
    """The function itself."""
    return fn


def export(fn: T) -> T:
    """The method itself."""
    return fn


def unused(fn: T) -> T:
    """The method itself."""
    return fn


def ignore(drop: Any = False, **options: Any) -> Any:
    """The method itself; with ``drop``, a decorator."""
    return drop if isinstance(drop, Callable) else lambda fn: fn  # type: ignore[arg-type]


def freeze(mod: T, *args: Any, **options: Any) -> T:
    """The module itself."""
    return mod


def optimize_for_inference(mod: T, *args: Any) -> T:
    """The module itself."""
    return mod


def annotate(the_type: Any, the_value: T) -> T:
    """The value."""
    return the_value


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def save(m: Any, f: Any, **options: Any) -> None:
    """There is no file format for programs.

    Raises
    ------
    NotImplementedError
        Always: save the ``state_dict`` with :func:`facula.save`.
    """
    raise NotImplementedError("jit.save: there is no TorchScript: save the module's state_dict() "
                              "with facula.save")


def load(f: Any, map_location: Any = None, **options: Any) -> Any:
    """There is no file format for programs.

    Raises
    ------
    NotImplementedError
        Always: :func:`facula.load` reads what ``torch.save`` wrote.
    """
    raise NotImplementedError("jit.load: there is no TorchScript: facula.load reads state_dicts")
