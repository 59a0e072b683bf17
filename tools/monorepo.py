"""What the tools share: the packages, what each declares, and the imports that a file makes."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("core", "autograd", "nn", "optim", "data", "vision", "facula")

# Distributions whose import name differs from their own.
IMPORT_NAMES = {"pillow": "PIL"}

# What a distribution brings besides the module of its own name.
COMPANIONS = {"facula.autograd": ("facula.distributions",)}


@dataclass(frozen=True)
class Package:
    """One folder under packages/ with the declarations of its pyproject.toml."""

    name: str
    folder: Path

    @property
    def distribution(self) -> str:
        return "facula" if self.name == "facula" else f"facula-{self.name}"

    @property
    def module(self) -> str:
        return "facula" if self.name == "facula" else f"facula.{self.name}"

    @property
    def modules(self) -> tuple[str, ...]:
        """Its module, and others that it brings."""
        return self.module, *COMPANIONS.get(self.module, ())

    @property
    def pyproject(self) -> Path:
        return self.folder / "pyproject.toml"

    @property
    def project(self) -> dict:
        return tomllib.loads(self.pyproject.read_text(encoding="utf-8"))["project"]

    @property
    def dependencies(self) -> list[str]:
        return list(self.project["dependencies"])

    @property
    def extras(self) -> dict[str, list[str]]:
        return dict(self.project.get("optional-dependencies", {}))

    def sources(self) -> list[Path]:
        return sorted((self.folder / "src").rglob("*.py"))


def packages() -> list[Package]:
    """All packages, from the lowest to the umbrella."""
    return [Package(name, ROOT / "packages" / name) for name in NAMES]


def requirement_name(requirement: str) -> str:
    """The distribution that a requirement names, normalised."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    if match is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def import_name(distribution: str) -> str:
    """The module that a distribution provides."""
    if distribution.startswith("facula-"):
        return "facula." + distribution.removeprefix("facula-")
    return IMPORT_NAMES.get(distribution, distribution.replace("-", "_"))


@dataclass(frozen=True)
class Import:
    """One import statement's target and how it stands in its file."""

    module: str
    line: int
    in_function: bool
    guarded: bool  # under `if TYPE_CHECKING:` or in a `try:` that catches ImportError


def imports_of(path: Path, package: str = "") -> Iterator[Import]:
    """Every import in a file; relative ones are resolved against `package`."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    yield from _walk(tree, package, in_function=False, guarded=False)


def _walk(node: ast.AST, package: str, in_function: bool, guarded: bool) -> Iterator[Import]:
    child: ast.AST
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, in_function, guarded)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
        if base == "facula":  # `from facula import nn` names a package, not a value
            for alias in node.names:
                yield Import(f"facula.{alias.name}", node.lineno, in_function, guarded)
        else:
            yield Import(base, node.lineno, in_function, guarded)
    elif isinstance(node, ast.If) and _is_type_checking(node.test):
        for child in node.body:
            yield from _walk(child, package, in_function, True)
        for child in node.orelse:
            yield from _walk(child, package, in_function, guarded)
    elif isinstance(node, ast.Try) and any(_catches_import_error(h) for h in node.handlers):
        for child in node.body:
            yield from _walk(child, package, in_function, True)
        for child in (*node.handlers, *node.orelse, *node.finalbody):
            yield from _walk(child, package, in_function, guarded)
    else:
        inside = in_function or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, package, inside, guarded)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    names = (
        {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else ()
    )
    return bool({"ImportError", "ModuleNotFoundError"} & set(names))
