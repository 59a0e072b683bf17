"""Write the type stubs of what core makes from its registry: stubs.py write|check.

`facula/core/_methods.pyi` holds the methods, in-place methods, operators and properties that the
operations give to Tensor, as a base class that type checkers see; `facula/core/__init__.pyi` holds
the public names with every operation's signature. Annotations are written out in full
(`builtins.float`), because `float` is a method of Tensor and a dtype in `facula`.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from facula.core import methods, operations
from facula.core.operation import Operation
from monorepo import ROOT

CORE = ROOT / "packages" / "core" / "src" / "facula" / "core"
TENSOR = "facula.core.tensor.Tensor"
THE_TENSOR = "from facula.core.tensor import Tensor as Tensor"
NOTE = "Made by tools/stubs.py from the registry of operations: `hatch run stubs` makes it anew."


@cache
def names_in(module: str) -> dict[str, str]:
    """What each name at the top of a module stands for, in full."""
    file = importlib.import_module(module).__file__
    assert file is not None
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.Assign) and node.col_offset == 0:
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, f"{module}.{target.id}")
        elif isinstance(node, (ast.ClassDef, ast.AnnAssign)) and node.col_offset == 0:
            name = node.name if isinstance(node, ast.ClassDef) else ast.unparse(node.target)
            found.setdefault(name, f"{module}.{name}")
    return found


class InFull(ast.NodeTransformer):
    """Replaces every name in an annotation by what it stands for, and notes the imports needed."""

    def __init__(self, module: str, modules: set[str]) -> None:
        self.names = names_in(module)
        self.modules = modules

    def visit_Name(self, node: ast.Name) -> ast.AST:
        full = f"builtins.{node.id}"
        if not hasattr(builtins, node.id):  # an operation may hide `bool`, no annotation means it
            full = self.names.get(node.id, full)
        if full == TENSOR:
            return ast.Name("Tensor")  # the one name that nothing hides
        module, _, name = full.rpartition(".")
        if module.startswith("facula."):  # `facula.core.tensor` is a function there: name no path
            self.modules.add(f"from {module} import {name} as _{name}")
            return ast.Name(f"_{name}")
        self.modules.add("import numpy" if full.startswith("numpy") else f"import {module}")
        return ast.Name(full)


def annotation(value: Any, module: str, modules: set[str]) -> str:
    """One annotation, written out in full."""
    if value is inspect.Parameter.empty:
        return "typing.Any"
    text = value if isinstance(value, str) else getattr(value, "__name__", repr(value))
    tree = ast.parse(text, mode="eval")
    return ast.unparse(InFull(module, modules).visit(tree))


def parameters(
    function: Callable[..., Any], module: str, modules: set[str], method: bool
) -> Iterator[str]:
    """The parameters of a stub's function; a tensor after the first may be a number as well."""
    signature = inspect.signature(function)
    kinds = inspect.Parameter
    previous: Any = None
    for index, p in enumerate(signature.parameters.values()):
        if p.kind is kinds.KEYWORD_ONLY and previous not in (
            kinds.KEYWORD_ONLY,
            kinds.VAR_POSITIONAL,
        ):
            yield "*"
        if previous is kinds.POSITIONAL_ONLY and p.kind is not kinds.POSITIONAL_ONLY:
            yield "/"
        previous = p.kind
        if method and index == 0:
            yield "self"
            continue
        stars = "*" if p.kind is kinds.VAR_POSITIONAL else ""
        stars = "**" if p.kind is kinds.VAR_KEYWORD else stars
        kind = annotation(p.annotation, module, modules)
        if index and kind == "Tensor":
            kind += " | builtins.complex"
            modules.add("import builtins")
        default = "" if p.default is kinds.empty else " = ..."
        yield f"{stars}{p.name}: {kind}{default}"


def definition(op: Operation, name: str, modules: set[str], method: bool, result: str = "") -> str:
    """One line (or a few) that defines a function or a method in a stub."""
    public = op.extra["inplace"] if name == op.name + "_" else op.public
    assert public is not None
    module = inspect.unwrap(op.function).__module__
    listed = list(parameters(op.public or public, module, modules, method))
    if not result:
        result = annotation(op.signature.return_annotation, module, modules)
    indent = "    " if method else ""
    line = f"{indent}def {name}({', '.join(listed)}) -> {result}: ..."
    if len(line) > 100:
        inner = ",\n".join(f"{indent}    {p}" for p in listed)
        line = f"{indent}def {name}(\n{inner},\n{indent}) -> {result}: ..."
    return line


def header(title: str, modules: set[str]) -> str:
    imports = "\n".join(sorted(modules, key=lambda line: (line.startswith("from"), line)))
    return f'"""{title}\n\n{NOTE}\n"""\n\n{imports}\n\n{THE_TENSOR}\n'


def methods_stub() -> str:
    """The class of all that Tensor has from operations."""
    modules = {"import typing", "import builtins"}
    known = {op.name: op for op in operations()}
    written = set(class_body("Tensor"))
    lines = []
    for op in known.values():
        if op.method and op.name not in written:
            lines.append(definition(op, op.name, modules, method=True))
        if op.inplace and op.name + "_" not in written:
            lines.append(definition(op, op.name + "_", modules, method=True, result="Tensor"))
        for name, function in op.extra.get("methods", {}).items():
            module = function.__module__
            listed = ", ".join(parameters(function, module, modules, method=True))
            result = annotation(inspect.signature(function).return_annotation, module, modules)
            lines.append(f"    def {name}({listed}) -> {result}: ...")
    operand = "Tensor | builtins.complex"
    for python, name in methods.BINARY.items():
        if name in known:
            lines.append(f"    def __{python}__(self, other: {operand}) -> Tensor: ...")
            lines.append(f"    def __r{python}__(self, other: {operand}) -> Tensor: ...")
            if known[name].inplace:
                # The subject is the tensor itself: without this, `x += y` could not keep its type.
                lines.append(f"    def __i{python}__(self, other: {operand}) -> Tensor: ...")
    for python in methods.COMPARE:
        ignore = "  # type: ignore[override]" if python in ("eq", "ne") else ""
        lines.append(f"    def __{python}__(self, other: typing.Any) -> Tensor: ...{ignore}")
    lines.append("    def __hash__(self) -> builtins.int: ...")
    lines += [f"    def __{python}__(self) -> Tensor: ..." for python in methods.UNARY]
    for python, name in methods.PROPERTIES.items():
        if name in known:
            lines.append(f"    @property\n    def {python}(self) -> Tensor: ...")
            if python in methods.WRITABLE:
                lines.append(f"    @{python}.setter")
                kinds = "Tensor | builtins.complex"
                lines.append(f"    def {python}(self, value: {kinds}) -> None: ...")
    body = "\n".join(lines)
    return header("What the operations give to Tensor.", modules) + f"\nclass Methods:\n{body}\n"


def class_body(name: str) -> Iterator[str]:
    """The names that a class in tensor.py defines itself."""
    tree = ast.parse((CORE / "tensor.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield from (item.name for item in node.body if isinstance(item, ast.FunctionDef))


def names_stub() -> str:
    """The public names of core."""
    modules = {"import typing", "import builtins"}
    functions = [op for op in operations() if op.export]
    functions = [op for op in functions if op.function.__module__.startswith("facula.core.")]
    source = ast.parse((CORE / "__init__.py").read_text(encoding="utf-8"))
    passed_on, values = [], []
    for node in ast.walk(source):  # what stands under TYPE_CHECKING as well
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("facula."):
            shown = [(a.name, a.asname or a.name) for a in node.names]
            shown = [(a, b) for a, b in shown if not b.startswith("_") and b != "Tensor"]
            passed_on += [f"from {node.module} import {a} as {b}" for a, b in shown]
        elif isinstance(node, ast.Assign) and isinstance(
                node.targets[0] if isinstance(node.value, ast.Tuple) else node.value,
                (ast.Tuple, ast.Name)):
            values.append(ast.unparse(node))
    defined = [definition(op, op.name, modules, method=False) for op in functions]
    names = "\n".join(f'    "{name}",' for name in importlib.import_module("facula.core").__all__)
    parts = [
        header("The public names of core, with every operation's signature.", modules),
        "\n".join(sorted(passed_on)),
        "\n".join(values),
        "\n".join(defined),
        f"__all__ = [\n{names}\n]",
    ]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    made = {CORE / "_methods.pyi": methods_stub, CORE / "__init__.pyi": names_stub}
    if arguments == ["write"]:
        for path, make in made.items():
            path.write_text(make(), encoding="utf-8")
        return 0
    if arguments == ["check"]:
        stale = [p for p, make in made.items() if not p.exists() or p.read_text() != make()]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: hatch run stubs", file=sys.stderr)
        return 1 if stale else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
