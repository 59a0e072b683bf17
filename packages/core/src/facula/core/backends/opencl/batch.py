"""Generated kernels by name, built together where they are likely to be used together.

A program costs 0.2 to 0.7 s under PoCL when its text is new to the disk cache and 0.03 s when it
is not, almost whatever its length. ``common.txt`` lists kernels that training programs use; when
the first of them is asked for, all are built as one program. A kernel's name says how to generate
it, so the list is plain names; a name that no longer means anything is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from facula.core.backends.opencl.codegen import Layout, Source
from facula.core.backends.opencl.elementwise import (
    attribute_numbers,
    copy_body,
    fill_body,
    operation_body,
    remembered_body,
)
from facula.core.backends.opencl.fold import FORMS, fold_source
from facula.core.backends.opencl.programs import Kernel, read_source
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import SCALARS
from facula.core.dtypes import dtype
from facula.core.operation import Reduce, operation

_CODES = {side.code: d for d, side in SCALARS.items()}
_LAYOUT = r"(?P<kind>flat|rows|lines|small)(?P<ndim>\d+)(?P<inner>\w+)"
_ELEMENTWISE = re.compile(
    r"e_(?P<op>\w+?)_(?P<inputs>(?:(?:[a-z]+\d+|n)_)+)as_(?P<compute>[a-z]+\d+)_to"
    rf"(?P<results>(?:_[a-z]+\d+)+)_{_LAYOUT}")
_COPY = re.compile(rf"e_copy_(?P<source>[a-z]+\d+)_to_(?P<target>[a-z]+\d+)_{_LAYOUT}")
_FILL = re.compile(rf"e_fill_(?P<target>[a-z]+\d+)_{_LAYOUT}")
_EXPRESSION = re.compile(
    rf"e_x(?P<digest>[0-9a-f]{{8}})_(?P<inputs>(?:[a-z]+\d+_)+)to_(?P<target>[a-z]+\d+)_{_LAYOUT}")
_FOLD = re.compile(
    r"r_(?P<op>\w+?)_(?P<input>[a-z]+\d+)_as_(?P<compute>[a-z]+\d+)_to_(?P<result>[a-z]+\d+)_"
    r"(?P<form>lanes|tiles|tree|each)(?P<unit>[us])(?P<first>[01])(?P<last>[01])")


def source_of(name: str) -> Source | None:
    """The kernel that a generated name means; None if an operation or type is not known."""
    try:
        if match := _COPY.fullmatch(name):
            body = copy_body(_CODES[match["source"]], _CODES[match["target"]])
            return body.source(_layout(match))
        if match := _FILL.fullmatch(name):
            return fill_body(_CODES[match["target"]]).source(_layout(match))
        if match := _EXPRESSION.fullmatch(name):
            types = [_CODES[code] for code in match["inputs"].strip("_").split("_")]
            body = remembered_body(match["digest"], types, _CODES[match["target"]])
            return body.source(_layout(match))
        if match := _ELEMENTWISE.fullmatch(name):
            inputs = [float if code == "n" else _CODES[code]
                      for code in match["inputs"].strip("_").split("_")]
            results = [_CODES[code] for code in match["results"].strip("_").split("_")]
            body = operation_body(operation(match["op"]), inputs, _CODES[match["compute"]], results)
            return body.source(_layout(match))
        if match := _FOLD.fullmatch(name):
            return _fold_of(name, match)
    except (KeyError, TypeError, ValueError):
        return None
    return None


def _layout(match: re.Match[str]) -> Layout:
    return Layout(match["kind"], int(match["ndim"]), match["inner"])


def _fold_of(name: str, match: re.Match[str]) -> Source | None:
    op = operation(match["op"])
    if not isinstance(op.opencl, Reduce):
        return None
    compute = _CODES[match["compute"]]
    first, last = match["first"] == "1", match["last"] == "1"
    source: dtype | None = _CODES[match["input"]] if first else None
    result: dtype | None = _CODES[match["result"]] if last else None
    return fold_source(name, op.opencl, match["form"], match["unit"] == "u", source, compute,
                       result, attribute_numbers(op, compute))


class Generator:
    """Answers for each generated source the built kernel, each text compiled once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kernels: dict[str, Kernel] = {}
        self._common: set[str] | None = set(read_source("common.txt").split())
        self.requested: list[str] = []

    def kernel(self, source: Source,
               family: Callable[[], Sequence[Source]] | None = None) -> Kernel:
        """The kernel of this text; ``family`` lists more kernels to build in the same program."""
        kernel = self._kernels.get(source.text)
        if kernel is None:
            with self._runtime.build_lock:
                if self._common is not None and source.name in self._common:
                    self._build_common()
                if source.text not in self._kernels:
                    self._build([*(family() if family else ()), source])
            kernel = self._kernels[source.text]
        if source.name not in self.requested:
            self.requested.append(source.name)
        return kernel

    def _build_common(self) -> None:
        names, self._common = sorted(self._common or ()), None
        forms = FORMS[self._runtime.is_cpu]
        other = "rows" if self._runtime.is_cpu else "lines"  # the other devices' layout
        has_fp64 = self._runtime.device.fp64
        self._build([source for name in names if (source := source_of(name)) is not None
                     and (not (fold := _FOLD.fullmatch(name)) or fold["form"] in forms)
                     and not re.search(rf"_{other}\d", name)
                     and (has_fp64 or "f64" not in name)])

    def _build(self, sources: Sequence[Source]) -> None:
        by_name = {source.name: source for source in sources}
        text = "".join(source.text for source in by_name.values())
        built = self._runtime.kernels(
            text, (), {name: source.arguments for name, source in by_name.items()})
        for name, source in by_name.items():
            self._kernels.setdefault(source.text, built[name])

    def __len__(self) -> int:
        return len(self._kernels)
