"""The decorators that declare operations: one for each family, public to other packages too.

Every parameter annotated ``Tensor...`` is a tensor argument, all others are attributes. The
decorated function supplies name, signature and docstring; what its body means depends on the
family:

=============  =================================================================================
elementwise    no body: a NumPy function and an OpenCL expression over the parameters' names
reduction      no body: a NumPy function with ``axis`` and ``keepdims``, and a ``Reduce`` record
view           returns ``(data, *canonical attributes)``, the data being a view of the input's
primitive      validates, returns the canonical arguments; kernels are registered by its name
composite      ordinary code over other operations
=============  =================================================================================
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from facula.core.dtypes import FLOAT
from facula.core.fronts import (
    Resolver,
    elementwise_front,
    inplace_composite_front,
    inplace_front,
    inplace_primitive_front,
    primitive_front,
    reading_integers,
    reduction_front,
    telling,
    view_front,
)
from facula.core.operation import Operation, Reduce, register
from facula.core.precision import guarded
from facula.core.slot import grad_mode

F = TypeVar("F", bound=Callable[..., Any])


_TENSORS = ("Tensor", "Sequence[Tensor", "tuple[Tensor")


def parameters_of(function: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of a function's parameters in order, and the defaults of those that have one.

    It may wrap another. This is ``inspect.signature`` at a tenth of its cost.
    """
    if hasattr(function, "__wrapped__"):
        function = inspect.unwrap(function)
    code = function.__code__
    count = code.co_argcount
    keywords = code.co_varnames[count:count + code.co_kwonlyargcount]
    rest = code.co_varnames[count + len(keywords):]
    star = rest[:1] if code.co_flags & inspect.CO_VARARGS else ()
    names = (*code.co_varnames[:count], *star, *keywords)
    given = function.__defaults__ or ()
    defaults = dict(zip(names[count - len(given):count], given, strict=True))
    return names, defaults | (function.__kwdefaults__ or {})


def _is_tensor(note: Any) -> bool:
    """Whether an annotation, text or a class where a module does not postpone them, says so."""
    if type(note) is not str:
        note = getattr(note, "__name__", str(note))
    return note.startswith(_TENSORS)


def _record(family: str, function: Callable[..., Any], space: str = "",
            **given: Any) -> Operation:
    if not function.__doc__:
        raise ValueError(f"operation {function.__name__} has no docstring")
    names, defaults = parameters_of(function)
    notes = function.__annotations__
    tensors = tuple([n for n in names if n in notes and _is_tensor(notes[n])])
    name = function.__name__
    shown = f"{space}.{name}" if space else name
    op = Operation(
        name=f"{space}_{name}" if space else name,
        family=family, room=function.__module__.rpartition(".")[2],
        function=reading_integers(shown, function, names), parameters=names, tensors=tensors,
        attributes={n: defaults.get(n, inspect.Parameter.empty)
                    for n in names if n not in tensors}, **given)
    op.record = op.record_inplace = _without_rule(op)
    register(op)
    return op


def _without_rule(op: Operation) -> Callable[..., None]:
    """The recorder until there is a rule: a missing gradient is an error, never a silent zero."""
    def record(out: Any, *args: Any) -> None:
        first = out[0] if isinstance(out, tuple) else out
        if grad_mode.enabled and first._kind.dtype.category >= FLOAT:
            raise RuntimeError(
                f"{op.name}: has no derivative, but an argument requires grad: declare one with "
                "facula.autograd.vjp (or not_differentiable), or detach() the argument")
    return record


def _publish(op: Operation, front: Callable[..., Any]) -> Any:
    functools.update_wrapper(front, op.function)
    front.__name__ = op.name
    front.operation = op  # type: ignore[attr-defined]
    op.public = front
    return front


def elementwise(*, numpy: Callable[..., Any], opencl: str | tuple[str, ...] | None,
                result: Any = "same", domain: Any = (-3.0, 3.0),
                dtypes: tuple[Any, ...] | None = None, outputs: int = 1, inplace: bool = True,
                method: bool = True, export: bool = True) -> Callable[[F], F]:
    """Declare an elementwise operation of one to three (or more) tensors.

    Parameters
    ----------
    numpy : callable
        ``f(*operands, *attributes)`` on arrays of the compute dtype, with at least one dimension
        unless it is a ufunc: the CPU kernel and the oracle.
    opencl : str or tuple of str
        The same in OpenCL C, one expression per output, over the parameters' names; None where it
        runs on the host (see :func:`facula.opencl.set_fallback`).
    result : str, dtype or callable, or a tuple of them per output
        The dtype rule: a name in ``facula.core.promotion.RULES``, a fixed dtype, or a function
        from the promoted dtype to (compute dtype, result dtype).
    domain : tuple
        ``(low, high)`` from which tests and examples draw operands, or one pair per operand.
    dtypes : tuple of dtype, optional
        The promoted dtypes for which it is defined; all of them where not given.
    outputs : int
        The number of results.
    inplace : bool
        Whether the method ``name_`` exists.
    method, export : bool
        Whether the operation is a method of Tensor, and a function of ``facula``.
    """
    def declare(function: F) -> F:
        op = _record("elementwise", function, numpy=numpy, opencl=opencl, result=result,
                     domain=domain, dtypes=dtypes, outputs=outputs, method=method,
                     inplace=inplace and outputs == 1, export=export)
        op.extra["resolver"] = Resolver(op)
        if op.inplace:
            op.extra["inplace"] = _inplace(op, inplace_front(op))
        return _publish(op, elementwise_front(op))
    return declare


def takes_out(passes: int) -> Callable[[F], F]:
    """Mark a ``numpy`` function of elementwise operations that takes ``out=`` as ufuncs do.

    Large arrays are then computed without temporaries: whole where the function makes one pass
    over them, else by blocks that stay in the cache.
    """
    def mark(function: F) -> F:
        function.passes = passes  # type: ignore[attr-defined]
        return function
    return mark


def _inplace(op: Operation, front: Callable[..., Any]) -> Callable[..., Any]:
    front.__name__ = op.name + "_"
    named = f":func:`facula.{op.name}`" if op.export else f"``{op.name}``"
    front.__doc__ = f"In-place version of {named}."
    front.__wrapped__ = op.function  # type: ignore[attr-defined]
    return front


def reduction(*, numpy: Callable[..., Any], opencl: Reduce, result: Any = "same",
              domain: Any = (-3.0, 3.0), dtypes: tuple[Any, ...] | None = None,
              method: bool = True, nonempty: bool = False) -> Callable[[F], F]:
    """Declare a reduction with parameters ``(input, dim, keepdim, *, dtype, **attributes)``.

    ``numpy`` is called as ``f(array, axis=dims, keepdims=keepdim, **attributes)``; ``opencl`` is a
    :class:`~facula.core.operation.Reduce`. With ``nonempty``, reducing a dimension of size 0 is an
    error, because there is no identity. The rest is as for :func:`elementwise`.
    """
    def declare(function: F) -> F:
        op = _record("reduction", function, numpy=numpy, opencl=opencl, result=result,
                     domain=domain, dtypes=dtypes, method=method)
        op.extra["nonempty"] = nonempty
        return _publish(op, reduction_front(op))
    return declare


def view(function: F | None = None, *, result: Callable[[Any], Any] | None = None,
         method: bool = True, export: bool = True) -> Any:
    """Declare a view of the first argument's memory; no kernel is needed.

    ``result`` is the view's dtype as a function of the argument's, where it is not the same.
    """
    def declare(function: F) -> F:
        op = _record("view", function, result=result or "same", method=method, export=export)
        return _publish(op, view_front(op))
    return declare if function is None else declare(function)


def primitive(*, result: Any = "same", outputs: int = 1, method: bool = False,
              dtypes: tuple[Any, ...] | None = None, inplace: bool = False,
              export: bool = True, portable: Callable[..., Any] | None = None,
              into: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Declare an operation with a kernel of its own on each backend.

    The function validates and returns the canonical arguments in declared order. ``result`` says
    the output's dtype: ``"same"`` as the first tensor's, a fixed dtype, or a function of the
    canonical arguments; a tuple of these where there are several ``outputs``. ``portable`` is a
    kernel ``f(backend, *arguments)`` that serves every backend without one of its own. ``inplace``
    adds the method ``name_``, which stores the result in the first tensor: by a backend's kernel
    ``name_(out, *other arguments)``, by ``into(backend, out, *other arguments)`` where given, or
    by computing it apart.
    """
    def declare(function: F) -> F:
        op = _record("primitive", function, result=result, outputs=outputs, method=method,
                     dtypes=dtypes, inplace=inplace, export=export)
        op.extra["portable"] = portable
        op.extra["into"] = into
        op.extra["nested"] = any(str(function.__annotations__[n]).startswith(_TENSORS[1:])
                                 for n in op.tensors)
        front = _publish(op, primitive_front(op))
        if inplace:
            op.extra["inplace"] = _inplace(op, inplace_primitive_front(op))
        return front
    return declare


def composite(function: F | None = None, *, method: bool = True, export: bool = True,
              inplace: bool = False, space: str = "", tells: bool = False) -> Any:
    """Declare an operation written over others: differentiable and portable for nothing.

    ``inplace`` adds the method ``name_``, which computes the result apart and copies it in.
    ``space`` is the namespace that a function belongs to which stands neither in ``facula`` nor
    among the methods: ``linalg`` for ``facula.linalg.norm``, which is registered as
    ``linalg_norm``. ``tells`` spares methods and operators a call where that counts:
    the function's errors name it already, as far as its first argument is a tensor.
    """
    def declare(function: F) -> F:
        op = _record("composite", function, space, method=method and not space,
                     export=export and not space, inplace=inplace)
        front = guarded(op.function, op.name)
        op.public = telling(op, front, f"{space}.{function.__name__}" if space else "")
        if tells:
            op.extra["method"] = front
        front.operation = op.public.operation = op  # type: ignore[attr-defined, union-attr]
        if inplace:
            op.extra["inplace"] = _inplace(op, inplace_composite_front(op))
        return op.public if space else front  # type: ignore[return-value]
    return declare if function is None else declare(function)


def alias(name: str, of: Callable[..., Any]) -> Callable[..., Any]:
    """Give an operation a second name, also as a method and in place where the first has these."""
    first = of.operation  # type: ignore[attr-defined]
    public = first.public

    def second(*args: Any, **kwargs: Any) -> Any:
        return public(*args, **kwargs)

    functools.update_wrapper(second, public)
    second.__name__ = second.__qualname__ = name
    second.__doc__ = f"The same as :func:`facula.{first.name}`."
    op = Operation(name=name, family="composite", room="aliases", function=second,
                   parameters=first.parameters, tensors=first.tensors,
                   attributes=first.attributes, method=first.method, inplace=first.inplace,
                   export=first.export)
    op.public = telling(op, second)
    if first.inplace:
        op.extra["inplace"] = telling(op, first.extra["inplace"], name + "_")
    register(op)
    second.operation = op.public.operation = op  # type: ignore[attr-defined]
    return second
