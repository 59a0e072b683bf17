"""OpenCL C for elementwise work: statements (declared expressions) in one of three layouts.

A kernel is one or more *statements* over *operands*. Each statement stands in a block of its own
that binds an operation's parameter names to operands or to earlier statements' values, so a chain
of operations is a longer list, nothing more. What a kernel is keyed by is structure alone: shapes,
strides, offsets, attributes and Python numbers are all arguments.

    flat    all arrays contiguous and of one shape, or of one element    i = work-item
    rows    anything that broadcasts, long inner axis (GPUs)             i = work-item, row = y
    lines   the same on CPU devices: a work-group of one goes through    i = loop, row = y
            a stretch of a row, having read first what the row shares
    small   anything that broadcasts, short inner axis                   all axes from one index
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.scalars import SCALARS, converted, scalar
from facula.core.dtypes import dtype

STRETCH = 4096  # elements of a row that a work-group goes through on CPU devices
_FLOAT_LITERAL = re.compile(r"(?<![\w.])((?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)"
                            r"(?![\w.])")


@dataclass(frozen=True, slots=True)
class Number:
    """A kernel argument that is one number, of C type ``ctype``, passed as ``argument``."""

    ctype: str
    argument: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """One expression in its compute type.

    ``bindings`` gives, per name in the expression, a C value and the dtype whose compute type
    the value has (None: already of the right type).
    """

    target: str
    expression: str
    compute: dtype
    bindings: tuple[tuple[str, str, dtype | None], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A generated kernel: its name, its text, the types of its arguments."""

    name: str
    text: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """``kind`` is flat, rows, lines or small; ``inner`` has a letter per array, outputs first.

    flat: ``c`` contiguous, ``1`` one element. rows, lines: the inner stride, ``c`` 1, ``0`` 0,
    ``s`` any.
    """

    kind: str
    ndim: int
    inner: str

    @property
    def code(self) -> str:
        """The layout as part of a kernel's name."""
        return f"{self.kind}{self.ndim}{self.inner}"


def literals(expression: str) -> str:
    """The expression with floating literals cast to the compute type (C's own are double)."""
    return _FLOAT_LITERAL.sub(r"((T)\1)", expression)


def statement_lines(statement: Statement) -> list[str]:
    """The C block that evaluates one statement into its target."""
    side = SCALARS[statement.compute]
    lines = [f"    {side.compute} {statement.target};", "    {",
             f"#define T {side.compute}", f"#define TYPE_MIN {side.limits[0]}",
             f"#define TYPE_MAX {side.limits[1]}",
             f"#define BITNOT(x) ({'!' if statement.compute is dtypes.bool_ else '~'}(x))"]
    for name, value, source in statement.bindings:
        if source is not None:
            if value[0] == "s" and statement.compute.category == dtypes.INTEGER:
                value = f"({side.storage}){value}"  # a Python number wraps, as on the CPU
            value = converted(value, source, statement.compute)
            lines.append(f"        const {side.compute} {name} = {value};")
        else:
            lines.append(f"        const __typeof__({value}) {name} = {value};")
    lines += [f"        {statement.target} = {literals(statement.expression)};",
              "#undef T", "#undef TYPE_MIN", "#undef TYPE_MAX", "#undef BITNOT", "    }"]
    return lines


def elementwise_source(name: str, operands: Sequence[dtype], numbers: Sequence[Number],
                       statements: Sequence[Statement], outputs: Sequence[tuple[str, dtype, dtype]],
                       layout: Layout) -> Source:
    """A whole elementwise kernel.

    Statements read array operand k as ``x<k>`` and number k as ``s<k>``; ``outputs`` gives, per
    result, the statement target stored, its compute dtype, and the dtype of the memory. The
    arguments are: outputs, operands, n, offsets of both, numbers, then what the layout needs
    (rows and small: all lengths, then all strides of each array).
    """
    stored = [scalar(memory, name) for _, _, memory in outputs]
    loaded = [scalar(d, name) for d in operands]
    arrays = [f"o{k}" for k in range(len(outputs))] + [f"x{k}" for k in range(len(operands))]
    parameters = [f"__global {s.storage} *p_{a}" if a[0] == "o"
                  else f"__global const {s.storage} *p_{a}"
                  for a, s in zip(arrays, [*stored, *loaded], strict=True)]
    arguments: list[Any] = [BUFFER] * len(arrays)
    parameters.append("const long n")
    parameters += [f"const long at_{a}" for a in arrays]
    arguments += [LONG] * (1 + len(arrays))
    parameters += [f"const {number.ctype} s{k}" for k, number in enumerate(numbers)]
    arguments += [number.argument for number in numbers]
    if layout.kind != "flat":
        parameters += [f"const long len{axis}" for axis in range(layout.ndim)]
        parameters += [f"const long step{axis}_{a}" for a in arrays for axis in range(layout.ndim)]
        arguments += [LONG] * (layout.ndim * (1 + len(arrays)))
    is_lines = layout.kind == "lines"
    lines = [f"__kernel {'GROUP_OF_ONE' if is_lines else 'GROUP_OF_256'} void {name}(",
             "    " + ",\n    ".join(parameters) + ")", "{"]
    loads = []
    for k, side in enumerate(loaded):
        value = side.load.format(f"p_x{k}[i_x{k}]")
        loads.append(f"    const {side.compute} x{k} = {value};")
    if is_lines:
        lines += _row_lines(layout, arrays, loads)
    else:
        lines += [*_index_lines(layout, arrays), *loads]
    for statement in statements:
        lines += statement_lines(statement)
    for k, (target, compute, memory) in enumerate(outputs):
        value = converted(target, compute, memory)
        lines.append(f"    p_o{k}[i_o{k}] = {SCALARS[memory].store.format(value)};")
    lines.append("    }\n}\n" if is_lines else "}\n")
    return Source(name, "\n".join(lines), tuple(arguments))


def _row_lines(layout: Layout, arrays: Sequence[str], loads: Sequence[str]) -> list[str]:
    """A loop over part of a row. Work-items instead would each read what the row shares, which
    PoCL does not vectorise (batch norm of 32x32x28x28: 6 ms so, 1 with the loop)."""
    lines = ["    uint rest = get_global_id(1);"]
    for axis in range(layout.ndim - 2, 0, -1):
        lines.append(f"    const uint k{axis} = rest % (uint)len{axis}; rest /= (uint)len{axis};")
    if layout.ndim > 1:
        lines.append("    const uint k0 = rest;")
    for array in arrays:
        terms = [f"at_{array}", *[f"k{axis} * step{axis}_{array}"
                                  for axis in range(layout.ndim - 1)]]
        lines.append(f"    const long row_{array} = {' + '.join(terms)};")
    shared = [f"x{k}" for k in range(len(loads))
              if layout.inner[len(arrays) - len(loads) + k] == "0"]
    for array in shared:
        lines += [f"    const long i_{array} = row_{array};", loads[int(array[1:])]]
    lines += [f"    const long first = get_global_id(0) * {STRETCH};",
              f"    const long stop = min(n, first + {STRETCH});",
              "    EACH_ALONE", "    for (long i = first; i < stop; ++i) {"]
    for array, letter in zip(arrays, layout.inner, strict=True):
        if array not in shared:
            step = {"c": " + i", "0": ""}.get(letter, f" + i * step{layout.ndim - 1}_{array}")
            lines.append(f"    const long i_{array} = row_{array}{step};")
    return lines + [load for k, load in enumerate(loads) if f"x{k}" not in shared]


def _index_lines(layout: Layout, arrays: Sequence[str]) -> list[str]:
    lines = ["    const long i = get_global_id(0);", "    if (i >= n) return;"]
    if layout.kind == "flat":
        for array, letter in zip(arrays, layout.inner, strict=True):
            lines.append(f"    const long i_{array} = at_{array}{' + i' * (letter == 'c')};")
        return lines
    index = [f"k{axis}" for axis in range(layout.ndim)]
    if layout.kind == "rows":
        lines.append("    uint rest = get_global_id(1);")
        last = layout.ndim - 2
    else:
        lines.append("    ulong rest = i;" if layout.inner == "w" else "    uint rest = i;")
        last = layout.ndim - 1
    rest = "ulong" if layout.inner == "w" else "uint"
    for axis in range(last, 0, -1):
        lines.append(f"    const {rest} k{axis} = rest % ({rest})len{axis}; "
                     f"rest /= ({rest})len{axis};")
    lines.append(f"    const {rest} k0 = rest;" if last >= 0 else "")
    for position, array in enumerate(arrays):
        terms = [f"at_{array}"]
        if layout.kind == "rows":
            terms += [f"{index[axis]} * step{axis}_{array}" for axis in range(layout.ndim - 1)]
            inner = layout.inner[position]
            if inner != "0":
                terms.append("i" if inner == "c" else f"i * step{layout.ndim - 1}_{array}")
        else:
            terms += [f"{index[axis]} * step{axis}_{array}" for axis in range(layout.ndim)]
        lines.append(f"    const long i_{array} = {' + '.join(terms)};")
    return lines
