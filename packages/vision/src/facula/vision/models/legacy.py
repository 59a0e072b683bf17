"""Calls as they were before weights had names: ``pretrained=True``, and arguments by position."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from facula.vision.models.weights import WeightsEnum

M = TypeVar("M")
Weights = type[WeightsEnum] | Callable[[dict[str, Any]], type[WeightsEnum]]


def accepts_old_calls(**old: tuple[str, Weights]) -> Callable[[Callable[..., M]], Callable[..., M]]:
    """Let a builder of models with named arguments take what it took before, with a warning.

    Parameters
    ----------
    **old : tuple
        For each argument that takes weights, what it was called while it was true or false, and
        the enumeration, or a function of the call's arguments that gives it. True stands for the
        first member.

    Examples
    --------
    >>> import warnings
    >>> from facula.vision.models import resnet18
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     model = resnet18(pretrained=False)
    >>> "use weights=None" in str(seen[0].message)
    True
    """
    def decorate(build: Callable[..., M]) -> Callable[..., M]:
        parameters = inspect.signature(build).parameters.values()
        names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]

        @functools.wraps(build)
        def call(*args: Any, **kwargs: Any) -> M:
            if args:
                _name(build.__name__, names, args, kwargs)
            for argument, (former, weights) in old.items():
                if former in kwargs and argument in kwargs:
                    raise TypeError(f"{build.__name__}: got both {argument} and {former}: pass "
                                    f"{argument} alone")
                wanted = kwargs.get(argument, kwargs.get(former))
                if former in kwargs or isinstance(wanted, bool):
                    kwargs.pop(former, None)
                    kind = weights if isinstance(weights, type) else weights(kwargs)
                    member = _first(build.__name__, kind) if wanted else None
                    kwargs[argument] = member
                    warnings.warn(f"{build.__name__}: {former}={wanted} is the old way: use "
                                  f"{argument}={member!r}", stacklevel=2)
            return build(**kwargs)
        return call
    return decorate


def _name(op: str, names: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Put arguments that came by position among those with names."""
    if len(args) > len(names):
        raise TypeError(f"{op}: takes at most {len(names)} arguments by position, but got "
                        f"{len(args)}")
    for name, value in zip(names, args, strict=False):
        if name in kwargs:
            raise TypeError(f"{op}: got multiple values for argument {name!r}")
        kwargs[name] = value
    warnings.warn(f"{op}: arguments by position are the old way: name "
                  + ", ".join(names[:len(args)]), stacklevel=3)


def _first(op: str, kind: type[WeightsEnum]) -> WeightsEnum:
    members = list(kind)
    if not members:
        raise ValueError(f"{op}: no weights are published: use pretrained=False")
    return members[0]
