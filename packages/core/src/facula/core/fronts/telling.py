"""What users read when arguments are wrong: the operation's name before whatever was found."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
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


def renamed(op: Operation, error: Exception, kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The named arguments that a call takes, if it failed for NumPy's names or those of layouts."""
    if not isinstance(error, TypeError):
        return None
    if unused := (_LAYOUT.keys() & kwargs.keys()) - set(op.parameters):
        made = "device" in op.parameters or (op.name in _COPYING and unused == {"memory_format"})
        fits = all(kwargs[n] is None or isinstance(kwargs[n], _LAYOUT[n]) for n in unused)
        return {n: v for n, v in kwargs.items() if n not in unused} if made and fits else None
    if not _NUMPYS.keys() & kwargs.keys():
        return None
    found = {_NUMPYS.get(n, n): v for n, v in kwargs.items()}
    fits = len(found) == len(kwargs) and all(
        n in op.parameters for n in found if n not in kwargs)
    return found if fits and not _NUMPYS.keys() & set(op.parameters) else None


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
            again = renamed(op, error, kwargs)
            if again is None:
                retell(op, name, error, args, kwargs)
        return told(*args, **again)

    return told
