"""Fail where a file breaks a rule of the house that ruff does not know.

The rules: a source file stays under 600 lines and opens with one sentence that says what is in it;
our own modules are imported at the top of a file, not inside a function (the umbrella's lazy
imports and TYPE_CHECKING excepted); links to a LICENSE are copies, equal to the root's.
"""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

from monorepo import ROOT, imports_of, packages

LIMIT = 600
UMBRELLA = ROOT / "packages" / "facula" / "src" / "facula"
OPENERS = {".py": ('"""', 'r"""'), ".cl": ("//", "/*"), ".toml": ("#",), ".sh": ("#",)}


def files() -> list[Path]:
    """Every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def check_file(path: Path) -> list[str]:
    """The rules that one file breaks."""
    found: list[str] = []
    if path.suffix not in OPENERS or path.name == "conf.py":
        return found
    text = path.read_text(encoding="utf-8")
    place = path.relative_to(ROOT)
    lines = text.count("\n")
    if lines >= LIMIT:
        found.append(f"{place}: {lines} lines, the limit is {LIMIT}")
    body = text.split("\n", 1)[1] if text.startswith("#!") else text
    if not body.lstrip().startswith(OPENERS[path.suffix]):
        found.append(f"{place}: does not open with a sentence that says what is in it")
    if path.suffix == ".py":
        found += check_python(path)
    return found


def check_python(path: Path) -> list[str]:
    """The rules for Python files: the opening docstring, and own imports at the top."""
    place = path.relative_to(ROOT)
    found = []
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if docstring and not docstring.split("\n\n")[0].rstrip().endswith((".", ":", "!", "?")):
        found.append(f"{place}: the first line of its docstring is not a sentence (no full stop)")
    if "src" in path.parts and UMBRELLA not in path.parents:
        for found_import in imports_of(path, "facula"):
            own = found_import.module.split(".")[0] == "facula"
            if own and found_import.in_function and not found_import.guarded:
                found.append(
                    f"{place}:{found_import.line}: {found_import.module} imported inside a function"
                )
    return found


def check_licences() -> list[str]:
    """Every package carries the root's LICENSE as a real file (a link breaks the sdist)."""
    want = (ROOT / "LICENSE").read_bytes()
    found = []
    for package in packages():
        licence = package.folder / "LICENSE"
        if not licence.is_file() or licence.is_symlink() or licence.read_bytes() != want:
            found.append(f"{licence.relative_to(ROOT)}: not a copy of the root's LICENSE")
        if package.name != "facula" and (package.folder / "src/facula/__init__.py").exists():
            found.append(f"packages/{package.name}: ships facula/__init__.py, the umbrella's file")
    return found


def main() -> int:
    found = check_licences()
    for path in files():
        found += check_file(path)
    print("\n".join(found) or "the house is in order")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
