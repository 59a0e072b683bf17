"""The list of cases: what is measured, and how much work it is."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import cases as rooms


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure.

    Attributes
    ----------
    group, name : str
        Where it stands in the table.
    build : callable
        ``build(library)`` returns the function to time; library is facula or torch.
    numpy : callable, optional
        ``numpy()`` returns NumPy's function, where it has one.
    bytes, flops : float
        What one call moves and computes, for rates; 0 where that says nothing.
    devices : tuple of str
        Where it makes sense.
    """

    group: str
    name: str
    build: Callable[[Any], Callable[[], Any]]
    numpy: Callable[[], Callable[[], Any]] | None = None
    bytes: float = 0
    flops: float = 0
    devices: tuple[str, ...] = ("cpu", "opencl")


CASES: list[Case] = []


def case(group: str, name: str, *, numpy: Callable[[], Callable[[], Any]] | None = None,
         bytes: float = 0, flops: float = 0,
         devices: tuple[str, ...] = ("cpu", "opencl")) -> Callable[[Any], Any]:
    """Enter the decorated ``build`` in the list."""
    def enter(build: Any) -> Any:
        CASES.append(Case(group, name, build, numpy, bytes, flops, devices))
        return build
    return enter


def load() -> list[Case]:
    """All cases, in the order of the files' names."""
    for module in sorted(m.name for m in pkgutil.iter_modules(rooms.__path__)):
        importlib.import_module(f"{rooms.__name__}.{module}")
    return CASES


def select(patterns: list[str], device: str) -> list[Case]:
    """The cases for a device whose ``group/name`` contains one of the patterns."""
    kind = device.partition(":")[0]
    return [c for c in load() if kind in c.devices and (
        not patterns or any(p in f"{c.group}/{c.name}" for p in patterns))]
