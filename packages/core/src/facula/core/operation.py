"""The record of one operation, and the registry of all of them.

Everything that exists once per operation (public function, method, in-place method, type stub,
documentation, kernels, tests) is made from this record, so an operation is told in one place.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Reduce:
    """How a reduction folds: OpenCL expressions over one element, two partial results, the end.

    ``map`` reads ``input`` (an element in the compute type), ``combine`` reads ``a`` and ``b``,
    ``finish`` reads ``a`` and ``count`` (the number of elements folded, in the compute type);
    ``identity`` is the value of an empty fold. Attributes are readable by name in all of them.
    """

    map: str = "input"
    combine: str = "a + b"
    identity: str = "0"
    finish: str = "a"


@dataclass(eq=False)
class Operation:
    """One operation as declared; attributes below ``record`` are filled while it is put to work.

    Attributes
    ----------
    name : str
        Public name, as in ``facula.<name>``.
    family : str
        ``elementwise``, ``reduction``, ``view``, ``primitive`` or ``composite``.
    room : str
        The last part of the declaring module's name (``unary``, ``reduce``, ...).
    function : callable
        What was declared; ``signature`` and ``doc`` are read from it when they are first needed,
        because reading hundreds of them would be a noticeable part of the import.
    parameters : tuple of str
        The names of all parameters, in order.
    tensors : tuple of str
        Parameters that hold tensors, in order.
    attributes : dict
        Every other parameter with its default (``inspect.Parameter.empty`` where it has none).
    numpy : callable
        The kernel on the CPU, and the oracle in tests.
    opencl : str, tuple of str, or Reduce
        The expression(s) over the parameters' names in OpenCL C.
    result : str, dtype or callable
        The rule for the output's dtype (see ``facula.core.promotion``).
    outputs : int
        How many results.
    method, inplace, export : bool
        Whether it is a method of Tensor, has the in-place method ``name_``, stands in ``facula``.
    domain : tuple or callable
        Where sample inputs are drawn from: ``(low, high)`` for all tensors or one per tensor.
    """

    name: str
    family: str
    room: str
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    tensors: tuple[str, ...]
    attributes: dict[str, Any]
    numpy: Callable[..., Any] | None = None
    opencl: str | tuple[str, ...] | Reduce | None = None
    result: Any = "same"
    outputs: int = 1
    domain: Any = (-3.0, 3.0)
    dtypes: tuple[Any, ...] | None = None
    method: bool = True
    inplace: bool = False
    export: bool = True
    record: Callable[..., Any] | None = None
    record_inplace: Callable[..., Any] | None = None
    copies_first: Callable[..., bool] | None = None
    public: Callable[..., Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """As declared, types included."""
        return inspect.signature(self.function)

    @functools.cached_property
    def doc(self) -> str:
        """The docstring, without its indentation."""
        return inspect.getdoc(self.function) or ""

    def __repr__(self) -> str:
        return f"<{self.family} operation {self.name}{self.signature}>"


_REGISTRY: dict[str, Operation] = {}


def register(op: Operation) -> None:
    """Add one operation; a name can be given only once."""
    if op.name in _REGISTRY:
        raise ValueError(f"operation {op.name!r} is declared twice, in "
                         f"{_REGISTRY[op.name].function.__module__} and {op.function.__module__}")
    _REGISTRY[op.name] = op


def operation(which: str | Callable[..., Any]) -> Operation:
    """The record of an operation, by name or by its public function."""
    name = which if isinstance(which, str) else getattr(which, "__name__", repr(which))
    found = _REGISTRY.get(name)
    if found is None:
        raise KeyError(f"no operation is called {name!r}")
    return found


def operations(family: str | None = None) -> Iterator[Operation]:
    """All operations in the order of declaration, or those of one family."""
    for op in list(_REGISTRY.values()):
        if family is None or op.family == family:
            yield op
