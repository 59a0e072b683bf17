"""Fail where a package imports what its metadata does not declare, or a package above it.

Isolated environments leave two holes: what a dependency brings along, and what pytest brings. So
this compares the imports in the sources (by `ast`) with the declarations. What an extra declares
may be imported only where it may be missing: inside a function, in a `try` that catches
ImportError, or under TYPE_CHECKING.
"""

from __future__ import annotations

import sys

from monorepo import COMPANIONS, ROOT, Package, import_name, imports_of, packages, requirement_name

# What the code looks at where it happens to be installed, and never needs: (package, module).
OPTIONAL = {("core", "threadpoolctl")}

# Modules that only a tool imports: they may name that tool, and the namespace, undeclared.
SERVING = {"facula/core/testing/plugin.py": {"pytest", "facula"}}


def declared(package: Package) -> tuple[set[str], set[str]]:
    """The import names that a package's dependencies, and its extras, allow."""
    hard = {import_name(requirement_name(r)) for r in package.dependencies} | {package.module}
    hard |= {companion for module in hard for companion in COMPANIONS.get(module, ())}
    extra = {import_name(requirement_name(r)) for rs in package.extras.values() for r in rs}
    return hard, extra - hard


def below(package: Package) -> set[str]:
    """The sibling modules at or below a package, whatever its metadata says."""
    by_distribution = {other.distribution: other for other in packages()}
    seen, queue = {*package.modules}, [package]
    while queue:
        for requirement in queue.pop().dependencies:
            other = by_distribution.get(requirement_name(requirement))
            if other is not None and other.module not in seen:
                seen.update(other.modules)
                queue.append(other)
    return seen


def target(module: str) -> str:
    """The part of a module's name that a declaration answers for."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "facula" else parts[0]


def problems() -> list[str]:
    found = []
    layers = {m for package in packages() if package.name != "facula" for m in package.modules}
    for package in packages():
        hard, extra = declared(package)
        reachable = below(package)
        for path in package.sources():
            relative = path.relative_to(package.folder / "src")
            inside = ".".join(relative.with_suffix("").parts[:-1])
            for found_import in imports_of(path, inside):
                name = target(found_import.module)
                where = f"{path.relative_to(ROOT)}:{found_import.line}"
                if name.split(".")[0] in sys.stdlib_module_names or name in hard:
                    continue
                if name in SERVING.get(relative.as_posix(), ()):
                    continue
                if name.startswith("facula"):
                    if package.name == "facula" and name not in layers:
                        continue  # the umbrella's own modules
                    reason = "undeclared" if name in reachable else "not below this package"
                    found.append(f"{where}: {package.name} imports {name}: {reason}")
                elif name in extra or (package.name, name) in OPTIONAL:
                    if not (found_import.in_function or found_import.guarded):
                        found.append(
                            f"{where}: {name} is an extra, but this import needs it always"
                        )
                elif not (package.name == "facula" and name in _through_extras()):
                    found.append(f"{where}: {package.name} imports {name}: undeclared")
    return found


def _through_extras() -> set[str]:
    """What the umbrella may name because its extras pull in core's."""
    core = packages()[0]
    return {import_name(requirement_name(r)) for rs in core.extras.values() for r in rs} | {"numpy"}


def main() -> int:
    found = problems()
    print("\n".join(found) or "every import is declared and points downwards")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
