"""Elementwise work as a C function of an index, for kernels that compute what they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from facula.core.backends.opencl.codegen import Number, Statement, statement_lines
from facula.core.backends.opencl.programs import LONG
from facula.core.backends.opencl.scalars import SCALARS
from facula.core.dtypes import dtype


@dataclass(frozen=True, slots=True)
class Inline:
    """One such function, and what a kernel that calls it needs for parameters.

    ``inner`` has a letter per operand, as in a flat layout: ``c`` contiguous, ``1`` one element.
    The function gives ``value``, of the compute type of ``result``.
    """

    name: str
    operands: tuple[dtype, ...]
    inner: str
    numbers: tuple[Number, ...]
    statements: tuple[Statement, ...]
    value: str
    result: dtype

    def arrays(self) -> list[str]:
        """The parameters of a kernel for the operands' memory."""
        return [f"__global const {SCALARS[d].storage} *p_x{k}"
                for k, d in enumerate(self.operands)]

    def rest(self) -> list[str]:
        """Those for the operands' offsets and the numbers."""
        return [f"const long at_x{k}" for k in range(len(self.operands))] + [
            f"const {number.ctype} s{k}" for k, number in enumerate(self.numbers)]

    def arguments(self) -> list[Any]:
        """The types of the rest."""
        return [LONG] * len(self.operands) + [number.argument for number in self.numbers]

    def call(self, index: str) -> str:
        """The value at an index, inside a kernel with these parameters."""
        given = [f"p_x{k}" for k in range(len(self.operands))]
        given += [f"at_x{k}" for k in range(len(self.operands))]
        given += [f"s{k}" for k in range(len(self.numbers))]
        return f"{self.name}({', '.join(given)}, {index})"

    def text(self) -> str:
        """The function."""
        # A call would keep the loop around it from becoming one over vectors.
        lines = [f"FN __attribute__((always_inline)) {SCALARS[self.result].compute} {self.name}(",
                 "    " + ",\n    ".join([*self.arrays(), *self.rest(), "const long i"]) + ")", "{"]
        for k, d in enumerate(self.operands):
            index = f"at_x{k} + i" if self.inner[k] == "c" else f"at_x{k}"
            lines.append(f"    const {SCALARS[d].compute} x{k} = "
                         f"{SCALARS[d].load.format(f'p_x{k}[{index}]')};")
        for statement in self.statements:
            lines += statement_lines(statement)
        return "\n".join([*lines, f"    return {self.value};", "}", ""])
