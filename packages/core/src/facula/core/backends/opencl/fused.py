"""Elementwise programs over many tensors in one launch: the multi-tensor kernels of optimisers.

OpenCL has no arrays of buffers, so the kernel takes every tensor of a list slot as an argument of
its own, and each work-group chooses by a table which of them it works on:

    group   ->  table row: tensor, first element in it, the same in flat slots, count
    tensor  ->  switch (tensor) { case 0: p = p_0; g = g_0; break; ... }

A slot given as one flat array costs one argument. How many tensors fit into one launch follows
from the device's limit on the bytes of arguments; the rest is a second launch of the same kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.codegen import Source
from facula.core.backends.opencl.programs import BUFFER, Kernel
from facula.core.backends.opencl.runtime import LOCAL
from facula.core.backends.opencl.scalars import SCALARS, converted, scalar
from facula.core.dtypes import dtype
from facula.core.program import BOOLEAN, NUMBER, SLOT, Program

if TYPE_CHECKING:
    from facula.core.backends.opencl.backend import OpenCLBackend

MOST = 128  # tensors in one launch: more make the kernel's text long for no gain
# Elements of a work-group on CPU devices, on GPUs. PoCL makes vectors of neighbouring work-items:
# a loop inside them costs it three times the time.
SPAN = {True: 256, False: 1 << 11}

C_TEXT = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "pow": "POW({}, {})",
    "neg": "-{}", "sqrt": "sqrt({})", "abs": "ABS({})", "maximum": "MAX({}, {})",
    "minimum": "MIN({}, {})", "sign": "SIGN({})", "gt": "{} > {}", "lt": "{} < {}",
    "ne": "{} != {}", "where": "{} ? {} : {}",
}


def _kernel_source(program: Program, dtypes: Sequence[dtype], listed: Sequence[int], tensors: int,
                   span: int) -> Source:
    """The kernel for lists of ``tensors`` tensors in the slots ``listed``, one array in others."""
    compute = dtypes[0]
    side = scalar(compute, program.name)
    sides = [scalar(d, program.name) for d in dtypes]
    constant = ["" if k in program.written else "const " for k in range(len(dtypes))]
    kinds = [f"__global {c}{s.storage} *" for c, s in zip(constant, sides, strict=True)]
    parameters = ["__global const long *table"]
    arguments: list[Any] = [BUFFER]
    for k, kind in enumerate(kinds):
        names = [f"p{k}_{t}" for t in range(tensors)] if k in listed else [f"p{k}_0"]
        parameters += [f"{kind}{name}" for name in names]
        arguments += [BUFFER] * len(names)
    parameters += [f"const {side.compute} s{k}" for k in range(len(program.used))]
    arguments += [side.argument] * len(program.used)
    codes = "".join(("l" if k in listed else "f") + s.code for k, s in enumerate(sides))
    name = f"m_{program.name}_{codes}_{tensors}"
    lines = [f"__kernel GROUP_OF_256 void {name}(", "    " + ",\n    ".join(parameters) + ")", "{",
             "    table += 4 * get_group_id(0);",
             *[f"    {kind}p{k} = p{k}_0;" for k, kind in enumerate(kinds)],
             "    switch ((int)table[0]) {"]
    for t in range(1, tensors):
        lines.append(f"    case {t}: " + " ".join(f"p{k} = p{k}_{t};" for k in listed) + " break;")
    lines.append("    }")
    for k in range(len(kinds)):
        lines.append(f"    p{k} += table[{1 if k in listed else 2}];")
    lines += ["    const int count = (int)table[3];",
              *([f"    for (int base = 0; base < {span}; base += 256) {{",
                 "        const int i = base + (int)get_local_id(0);"] if span > 256 else
                ["    {", "        const int i = (int)get_local_id(0);"]),
              "        if (i < count) {", f"#define T {side.compute}"]
    read = {a[1] for _, arguments_ in program.code for a in arguments_ if a[0] == SLOT}
    read |= {r[1] for r in program.results if r[0] == SLOT}
    for k in sorted(read):
        loaded = converted(sides[k].load.format(f"p{k}[i]"), dtypes[k], compute)
        lines.append(f"            const T x{k} = {loaded};")
    letter = {SLOT: "x", NUMBER: "s"}
    for i, (operation, given) in enumerate(program.code):
        text = C_TEXT[operation].format(*[f"{letter.get(a, 'v')}{n}" for a, n in given])
        kind = "int" if operation in BOOLEAN else "T"
        lines.append(f"            const {kind} v{i} = {text};")
    for k, (a, n) in zip(program.written, program.results, strict=True):
        value = converted(f"{letter.get(a, 'v')}{n}", compute, dtypes[k])
        lines.append(f"            p{k}[i] = {SCALARS[dtypes[k]].store.format(value)};")
    lines += ["#undef T", "        }", "    }", "}\n"]
    return Source(name, "\n".join(lines), tuple(arguments))


class FusedKernel:
    """A program bound to types and shapes; see ``base.Backend.fused``."""

    def __init__(self, backend: OpenCLBackend, program: Program, dtypes: Sequence[dtype],
                 shapes: Sequence[tuple[int, ...]]) -> None:
        self.backend = backend
        self.program = program
        self.dtypes = list(dtypes)
        self.span = SPAN[backend.runtime.is_cpu]
        self.sizes = [int(np.prod(shape, dtype=np.int64)) for shape in shapes]
        self._kernel: Kernel | None = None
        self._listed: tuple[int, ...] = ()
        self._launches: list[tuple[int, int, CLArray, int]] = []

    def _prepare(self, listed: tuple[int, ...]) -> None:
        """The kernel and the tables, once the form of the slots is known."""
        room = self.backend.runtime.device.argument_bytes - 8 * (
            2 + len(self.dtypes) + len(self.program.used))
        most = max(1, min(MOST, room // (8 * max(1, len(listed)))))
        launches = -(-len(self.sizes) // most)
        tensors = -(-len(self.sizes) // launches) if listed else 1
        source = _kernel_source(self.program, self.dtypes, listed, tensors, self.span)
        self._kernel = self.backend.generator.kernel(source)
        self._listed = listed
        self._launches = []
        flat = 0
        step = tensors if listed else len(self.sizes)
        for first in range(0, len(self.sizes), step):
            rows = []
            for t, size in enumerate(self.sizes[first:first + step]):
                rows += [(t if listed else 0, i, flat + i, min(self.span, size - i))
                         for i in range(0, size, self.span)]
                flat += size
            table = self.backend.from_numpy(np.array(rows, np.int64).reshape(-1, 4))
            self._launches.append((first, tensors, table, len(rows)))

    def __call__(self, slots: Sequence[Any], numbers: dict[str, Any]) -> None:
        scalars = self.program.scalars(numbers)
        listed = tuple([k for k, s in enumerate(slots) if not isinstance(s, CLArray)])
        if self._kernel is None or listed != self._listed:
            self._prepare(listed)
        assert self._kernel is not None
        for k in self.program.written:
            for data in slots[k] if k in listed else (slots[k],):
                self.backend.runtime.settle(data)
        plain: list[Any] = []
        moved: list[tuple[CLArray, CLArray]] = []
        for k, slot in enumerate(slots):
            if k not in listed:
                plain.append([slot])
                continue
            row = list(slot)
            for i, data in enumerate(row):
                if data.offset or not data.contiguous:
                    row[i] = self.backend.copy(data)
                    if k in self.program.written:
                        moved.append((data, row[i]))
            plain.append(row)
        for first, tensors, table, groups in self._launches:
            arguments = [table.mem]
            for k, row in enumerate(plain):
                if k in listed:
                    part = row[first:first + tensors]
                    part += part[-1:] * (tensors - len(part))
                    arguments += [data.mem for data in part]
                else:
                    arguments.append(row[0].mem)
            if groups:
                self.backend.runtime.launch(self._kernel, (groups * LOCAL[0],), LOCAL, *arguments,
                                            *scalars)
        for data, computed in moved:
            self.backend.assign(data, computed)
