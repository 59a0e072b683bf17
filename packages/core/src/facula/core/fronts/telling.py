"""What users read when arguments are wrong: the operation's name before whatever was found."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NoReturn

import numpy as np

from facula.core.errors import LinAlgError, describe, not_a_tensor
from facula.core.memory import layout, memory_format
from facula.core.operation import Operation
from facula.core.tensor import Tensor

_KINDS = (NotImplementedError, LinAlgError, IndexError, TypeError, ValueError, RuntimeError)
# Python's own words say enough, a protocol asks for the type, or the fault is not the caller's.
_LEFT = (Warning, MemoryError, ZeroDivisionError, BufferError, AssertionError, NameError,
         RecursionError)


# NumPy's names of parameters, which PyTorch takes as well.
_NUMPYS = {"axis": "dim", "keepdims": "keepdim"}
# What PyTorch's functions that make tensors take as well; there is one layout and one kind of
# memory, so they are looked at where a call has failed for them, and cost others nothing.
_LAYOUT = {"layout": layout, "memory_format": memory_format, "pin_memory": bool}
_COPYING = {"clone", "cpu", "cuda", "opencl", "float", "double", "half", "bfloat16", "long", "int",
            "short", "char", "byte", "bool", "cfloat", "cdouble"}


@functools.cache
def _variadic(op: Operation) -> tuple[Set[str], str]:
    """The parameter that takes any number of arguments, if there is one, and those before it."""
    names, kinds = op.parameters, inspect.signature(op.function).parameters
    found = next((i for i, n in enumerate(names) if kinds[n].kind is kinds[n].VAR_POSITIONAL), None)
    return (set(), "") if found is None else (dict.fromkeys(names[:found]).keys(), names[found])


def renamed(op: Operation, error: Exception, args: Sequence[Any],
            kwargs: Mapping[str, Any]) -> tuple[Sequence[Any], dict[str, Any]] | None:
    """The arguments as a call takes them, if it failed for names that PyTorch takes as well.

    Those of NumPy; those of layouts; and that of sizes which are given one by one or in a tuple.
    """
    if not isinstance(error, TypeError) or not kwargs:
        return None
    if unused := (_LAYOUT.keys() & kwargs.keys()) - set(op.parameters):
        made = "device" in op.parameters or (op.name in _COPYING and unused == {"memory_format"})
        fits = all(kwargs[n] is None or isinstance(kwargs[n], _LAYOUT[n]) for n in unused)
        named = {n: v for n, v in kwargs.items() if n not in unused}
        return (args, named) if made and fits else None
    before, sizes = _variadic(op)
    if sizes in kwargs and len(before) == len(args) + len(before & kwargs.keys()):
        named = dict(kwargs)
        first = [named.pop(n) for n in before if n in named]
        return (*args, *first, named.pop(sizes)), named
    if not _NUMPYS.keys() & kwargs.keys():
        return None
    found = {_NUMPYS.get(n, n): v for n, v in kwargs.items()}
    fits = len(found) == len(kwargs) and all(
        n in op.parameters for n in found if n not in kwargs)
    fits = fits and not _NUMPYS.keys() & set(op.parameters)
    return (args, found) if fits else None


def retell(op: Operation, name: str, error: Exception, args: Sequence[Any],
           kwargs: Mapping[str, Any]) -> NoReturn:
    """Raise an error that came up in an operation, so that it names the operation.

    Errors that name it pass as they are. What only means that an argument is of a wrong kind
    (an attribute that it does not have, say) becomes a TypeError.

    Raises
    ------
    TypeError, ValueError, IndexError, RuntimeError
        One of these.
    """
    if isinstance(error, _LEFT):
        raise error
    kind = next((k for k in _KINDS if isinstance(error, k)), None)
    if kind is not None and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(error)):
        raise error
    given = dict(zip(op.parameters, args, strict=False)) | dict(kwargs)
    if isinstance(error, OverflowError):
        raise RuntimeError(f"{name}: a number is out of range: {error}") from error
    notes = op.function.__annotations__
    for parameter in op.tensors if kind is None else op.tensors[:1]:
        if str(notes.get(parameter)) == "Tensor" and parameter in given and not isinstance(
                given[parameter], Tensor):
            raise not_a_tensor(name, parameter, given[parameter]) from error
    if kind is not None:
        raise kind(f"{name}: {error}") from error
    listed = ", ".join(f"{n}={_brief(v)}" for n, v in given.items())
    raise TypeError(f"{name}: an argument is of a wrong type or form: {listed}: it takes "
                    f"{op.signature}") from error


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"ndarray(shape={value.shape}, dtype={value.dtype})"
    return describe(value)


def telling(op: Operation, front: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """The same function, whose errors name the operation."""
    name = name or op.name

    @functools.wraps(front)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return front(*args, **kwargs)
        except Exception as error:
            again = renamed(op, error, args, kwargs)
            if again is None:
                retell(op, name, error, args, kwargs)
        return told(*again[0], **again[1])

    return told
