"""Elementwise programs: a Python function, traced once, that every backend runs fused in place.

An update rule such as Adam's reads and writes several arrays of one shape. It is written once, as
an ordinary function on values with operators and methods::

    def update(p, g, s, n):
        s.momentum = n.momentum * s.momentum + g
        return p - n.lr * s.momentum

Called with tensors it computes with tensors. Called by :func:`trace` with symbols it leaves a
:class:`Program`: straight-line code over *slots* (arrays) and *numbers*. What is computed from
numbers alone is computed on the host, in double precision, once per call.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

SLOT, NUMBER, VALUE = "slot", "number", "value"

# What a program may say: name -> its meaning on Python numbers (None: never on numbers alone).
OPERATIONS: dict[str, Callable[..., Any] | None] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "pow": operator.pow, "neg": operator.neg, "sqrt": math.sqrt, "abs": abs, "maximum": max,
    "minimum": min, "sign": None, "gt": None, "lt": None, "ne": None, "where": None,
}
BOOLEAN = frozenset(("gt", "lt", "ne"))

Reference = tuple[str, int]


@dataclass(slots=True, eq=False)
class Program:
    """Straight-line elementwise code.

    Attributes
    ----------
    name : str
        For kernel names and messages.
    slots : tuple of str
        The arrays, all of one shape.
    written : tuple of int
        The slots that receive results, and ``results`` the values they receive.
    numbers : tuple of str
        The numbers given with each call.
    code : list
        (operation, arguments): value k is the result of ``code[k]``. An argument is a pair of
        ``"slot"``, ``"number"`` or ``"value"`` with an index.
    host : list
        Likewise for numbers computed from numbers; the k-th continues the list of numbers.
    constants : list of float
        Python numbers that stand in the code; they come after the given numbers.
    used : list of int
        Which of all numbers the code reads: a ``"number"`` argument is an index into this list.
    """

    name: str
    slots: tuple[str, ...]
    written: tuple[int, ...] = ()
    results: tuple[Reference, ...] = ()
    numbers: tuple[str, ...] = ()
    code: list[tuple[str, tuple[Reference, ...]]] = field(default_factory=list)
    host: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    used: list[int] = field(default_factory=list)

    def scalars(self, numbers: dict[str, Any]) -> list[float]:
        """The numbers that the code reads, in the order of its references."""
        values: list[Any] = [numbers[n] for n in self.numbers] + self.constants
        for name, arguments in self.host:
            function = OPERATIONS[name]
            assert function is not None
            values.append(function(*[values[i] for i in arguments]))
        return [float(values[i]) for i in self.used]


class _Tracer:
    """Collects a program's code, each expression once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[Any, Reference] = {}
        self.host_length = 0
        self.late: list[tuple[str, tuple[Reference, ...]]] = []

    def number(self, value: float) -> Reference:
        key = ("constant", value)
        if key not in self.known:
            self.program.constants.append(value)
            self.known[key] = ("constant", len(self.program.constants) - 1)
        return self.known[key]

    def emit(self, name: str, arguments: Sequence[Any]) -> Symbol:
        refs = []
        for a in arguments:
            if isinstance(a, Symbol):
                refs.append(a.reference)
            elif isinstance(a, (int, float)):
                refs.append(self.number(float(a)))
            else:
                raise TypeError(f"{self.program.name}: {a!r} can't stand in an update: only "
                                "slots, numbers and what is computed from them")
        key = (name, tuple(refs))
        if key not in self.known:
            if all(kind in (NUMBER, "constant", "host") for kind, _ in refs):
                self.late.append((name, tuple(refs)))
                self.known[key] = ("host", len(self.late) - 1)
            else:
                self.program.code.append((name, tuple(refs)))
                self.known[key] = (VALUE, len(self.program.code) - 1)
        return Symbol(self, self.known[key])

    def finish(self) -> None:
        """Number the numbers: given ones, constants, computed ones."""
        program = self.program
        start = {NUMBER: 0, "constant": len(program.numbers),
                 "host": len(program.numbers) + len(program.constants)}
        program.host = [(n, tuple([start[k] + i for k, i in refs])) for n, refs in self.late]

        def settle(ref: Reference) -> Reference:
            kind, index = ref
            if kind not in start:
                return ref
            at = start[kind] + index
            if at not in program.used:
                program.used.append(at)
            return NUMBER, program.used.index(at)

        program.code = [(n, tuple([settle(r) for r in refs])) for n, refs in program.code]
        program.results = tuple([settle(r) for r in program.results])


class Symbol:
    """A value while a program is traced."""

    __slots__ = ("tracer", "reference")

    def __init__(self, tracer: _Tracer, reference: Reference) -> None:
        self.tracer = tracer
        self.reference = reference

    def __bool__(self) -> bool:
        raise TypeError(f"{self.tracer.program.name}: an update can't branch on a value: use "
                        "where(), or a switch among the numbers")

    def where(self, condition: Symbol, other: Any) -> Symbol:
        """This value where the condition holds, else the other."""
        return self.tracer.emit("where", (condition, self, other))


def _define(method: str, name: str, reflected: bool = False) -> None:
    def call(self: Symbol, *others: Any) -> Symbol:
        return self.tracer.emit(name, (*others, self) if reflected else (self, *others))
    call.__name__ = method
    setattr(Symbol, method, call)


for _python, _name in (("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "div"),
                       ("pow", "pow")):
    _define(f"__{_python}__", _name)
    _define(f"__r{_python}__", _name, True)
for _method, _name in (("__neg__", "neg"), ("__gt__", "gt"), ("__lt__", "lt"), ("ne", "ne"),
                       ("sqrt", "sqrt"), ("abs", "abs"), ("sign", "sign"),
                       ("maximum", "maximum"), ("minimum", "minimum")):
    _define(_method, _name)


def trace(name: str, update: Callable[..., Any], state: Sequence[str],
          numbers: dict[str, Any]) -> Program:
    """The program that an update function stands for.

    Parameters
    ----------
    name : str
        What to call it.
    update : callable
        ``update(p, g, s, n)``: returns the new ``p``; assigning an attribute of ``s`` replaces
        that state; ``n`` holds the numbers.
    state : sequence of str
        The names of the state arrays.
    numbers : dict
        The numbers by name. Those that are ``bool`` are switches: the function may branch on
        them, and the program holds for their present values.

    Returns
    -------
    Program
        Its slots are ``p``, ``g``, then the state.

    Examples
    --------
    >>> from facula.core.program import trace
    >>> step = trace("sgd", lambda p, g, s, n: p - n.lr * g, (), {"lr": 0.1})
    >>> step.slots, len(step.code), step.scalars({"lr": 0.5})
    (('p', 'g'), 2, [0.5])
    """
    program = Program(name, ("p", "g", *state))
    tracer = _Tracer(program)
    given = [n for n, v in numbers.items() if not isinstance(v, bool)]
    program.numbers = tuple(given)
    n = SimpleNamespace(**{k: v for k, v in numbers.items() if isinstance(v, bool)},
                        **{k: Symbol(tracer, (NUMBER, i)) for i, k in enumerate(given)})
    symbols = [Symbol(tracer, (SLOT, i)) for i in range(len(program.slots))]
    s = SimpleNamespace(**dict(zip(state, symbols[2:], strict=True)))
    after = {0: update(symbols[0], symbols[1], s, n)}
    after |= {i + 2: getattr(s, k) for i, k in enumerate(state)}
    changed = {i: v for i, v in after.items() if v is not symbols[i]}
    program.written = tuple(changed)
    program.results = tuple([v.reference for v in changed.values()])
    tracer.finish()
    return program
