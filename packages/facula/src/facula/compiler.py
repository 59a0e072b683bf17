"""PyTorch's `torch.compiler`: marks for a compiler, of which there is none."""

from collections.abc import Callable
from typing import Any

from facula.core import compile

__all__ = ["allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin",
           "disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "list_backends",
           "reset", "set_stance"]


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, *,
            reason: str | None = None) -> Any:
    """The function itself; without one, a decorator.

    Examples
    --------
    >>> import facula
    >>> @facula.compiler.disable
    ... def double(x):
    ...     return x + x
    >>> double(2)
    4
    """
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """The function itself."""
    return fn


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """Empty."""
    return []


def reset() -> None:
    """Nothing: nothing is kept."""


def cudagraph_mark_step_begin() -> None:
    """Nothing: launches are not recorded."""


class set_stance:
    """Accepted as a function, a block or a decorator."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        self.stance = stance

    def __call__(self, function: Any) -> Any:
        return function

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass
