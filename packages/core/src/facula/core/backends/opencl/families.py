"""Hand-written kernel families: ``.cl`` files instantiated for element types.

Rooms declare which files hold which kernels; the first kernel asked for of an element type builds
its family for that type as one program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import Kernel, read_source
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import BY_NUMPY, SCALARS, scalar
from facula.core.dtypes import dtype

Defines = Callable[[Device, dtype], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Family:
    """The kernels of some files: argument types by name, for which types and devices."""

    files: tuple[str, ...]
    signatures: Mapping[str, Sequence[Any]]
    types: tuple[dtype, ...]
    kinds: tuple[str, ...]
    defines: Defines | None


_FAMILIES: list[Family] = []
CPU, GPU = ("cpu",), ("nvidia", "gpu")


def declare(files: str | tuple[str, ...], signatures: Mapping[str, Sequence[Any]],
            types: tuple[dtype, ...] = tuple(SCALARS), kinds: tuple[str, ...] = CPU + GPU,
            defines: Defines | None = None) -> None:
    """Say that ``files`` hold the kernels of ``signatures`` for these element types and devices.

    In the files T is the compute type, STORE the type in memory, LOAD(x) and SAVE(x) convert
    between them, TYPE_MIN and TYPE_MAX are T's limits, T_IS_FLOAT or T_IS_DOUBLE may be defined.
    """
    files = (files,) if isinstance(files, str) else files
    _FAMILIES.append(Family(files, signatures, types, kinds, defines))


def type_defines(d: dtype) -> dict[str, str]:
    """The macros through which a family knows its element type."""
    side = SCALARS[d]
    defines = {"T": side.compute, "STORE": side.storage, "LOAD(x)": side.load.format("(x)"),
               "SAVE(x)": side.store.format("x"), "TYPE_MIN": side.limits[0],
               "TYPE_MAX": side.limits[1]}
    if side.compute in ("float", "double"):
        defines[f"T_IS_{side.compute.upper()}"] = "1"
    return defines


def define_lines(defines: Mapping[str, str]) -> str:
    """The macros as source text."""
    return "".join(f"#define {name} {text}\n" for name, text in defines.items())


class Families:
    """The instantiated families of one device."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.products: dict[Any, Any] = {}  # kept for gemm.py
        self.tensor_cores: dict[str, str] = {}  # kept for tensor_cores.py
        self._kernels: dict[tuple[str, np.dtype[Any]], Kernel] = {}

    def kernel(self, name: str, dtype: np.dtype[Any]) -> Kernel:
        """The kernel of this name for arrays of a NumPy type."""
        found = self._kernels.get((name, dtype))
        if found is None:
            self._build(name, dtype)
            found = self._kernels[name, dtype]
        return found

    def _build(self, name: str, numpy: np.dtype[Any]) -> None:
        d = BY_NUMPY[numpy]
        scalar(d, name)
        kind = self.runtime.device.kind
        family = next((f for f in _FAMILIES if d in f.types and kind in f.kinds
                       and name in f.signatures), None)
        if family is None:
            raise TypeError(f"{name}: not defined for {d} on this device")
        head = type_defines(d)
        head |= family.defines(self.runtime.device, d) if family.defines else {}
        text = define_lines(head) + "".join(read_source(file) for file in family.files)
        for key, kernel in self.runtime.kernels(text, (), family.signatures).items():
            self._kernels[key, numpy] = kernel
