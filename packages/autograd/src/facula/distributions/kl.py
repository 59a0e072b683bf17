"""Kullback-Leibler divergences: the table by pairs of types, and its use."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from facula.distributions.distribution import Distribution

__all__ = ["register_kl", "kl_divergence"]

_REGISTRY: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Any], Any]:
    """Enter a function ``(p, q)`` for the divergence of two types; a decorator.

    A call finds the entry for the types or, failing that, for their nearest base classes.

    Parameters
    ----------
    type_p, type_q : type
        Subclasses of :class:`facula.distributions.Distribution`.

    Raises
    ------
    TypeError
        If they are not.

    Examples
    --------
    >>> import facula
    >>> from facula.distributions import Normal, kl_divergence, register_kl
    >>> class Mine(Normal):
    ...     pass
    >>> @register_kl(Mine, Mine)
    ... def _(p, q):
    ...     return facula.tensor(7.0)
    >>> kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0))
    tensor(7.)
    """
    for name, given in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(given, type) or not issubclass(given, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {given}")

    def decorate(function: Any) -> Any:
        _REGISTRY[type_p, type_q] = function
        _dispatch.cache_clear()
        return function

    return decorate


@functools.lru_cache(maxsize=1024)
def _dispatch(type_p: type, type_q: type) -> Callable[[Any, Any], Any] | None:
    """The nearest entry, the first type deciding before the second."""
    found = [(type_p.__mro__.index(p), type_q.__mro__.index(q), p, q) for p, q in _REGISTRY
             if issubclass(type_p, p) and issubclass(type_q, q)]
    if not found:
        return None
    left = min(found, key=lambda entry: entry[:2])
    right = min(found, key=lambda entry: entry[1::-1])
    left_function, right_function = _REGISTRY[left[2:]], _REGISTRY[right[2:]]
    if left_function is not right_function:
        warnings.warn(f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please "
                      f"register_kl({left[2].__name__}, {right[3].__name__})", RuntimeWarning,
                      stacklevel=3)
    return left_function


def kl_divergence(p: Any, q: Any) -> Any:
    """``KL(p || q)``: the mean, under p, of ``log p(x) - log q(x)``.

    Parameters
    ----------
    p, q : Distribution

    Returns
    -------
    Tensor
        One number for each distribution of the batch.

    Raises
    ------
    NotImplementedError
        If no formula is known for the two types.

    Examples
    --------
    >>> import facula
    >>> from facula.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    function = _dispatch(type(p), type(q))  # type: ignore[arg-type]
    if function is None:
        raise NotImplementedError(f"No KL(p || q) is implemented for p type "
                                  f"{p.__class__.__name__} and q type {q.__class__.__name__}")
    return function(p, q)
