"""Print, set or check the version all distributions share: version.py print|set X.Y.Z|check."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from monorepo import ROOT, packages, requirement_name

VALID = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?")
VERSION_LINE = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
PIN = re.compile(r'("facula[\w-]*(?:\[[\w,]+\])?==)([^";]+)')
DUNDER = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def dunder_files() -> list[Path]:
    """The modules that state the version in their source."""
    found = []
    for package in packages():
        for path in package.sources():
            if path.name == "__init__.py" and DUNDER.search(path.read_text(encoding="utf-8")):
                found.append(path)
    return found


def current() -> str:
    """The umbrella's version."""
    return packages()[-1].project["version"]


def problems() -> list[str]:
    """Every place that disagrees with the umbrella's version, as a line each."""
    want, found = current(), []
    siblings = {package.distribution for package in packages()}
    for package in packages():
        place = package.pyproject.relative_to(ROOT)
        version = package.project["version"]
        if version != want:
            found.append(f"{place}: version {version}, the umbrella has {want}")
        for requirement in package.dependencies:
            if requirement_name(requirement) in siblings and not requirement.endswith(f"=={want}"):
                found.append(f"{place}: {requirement!r} does not pin =={want}")
        for _, pinned in PIN.findall(package.pyproject.read_text(encoding="utf-8")):
            if pinned != want:
                found.append(f"{place}: a pin of =={pinned}, the umbrella has {want}")
    for path in dunder_files():
        for version in DUNDER.findall(path.read_text(encoding="utf-8")):
            if version != want:
                found.append(f"{path.relative_to(ROOT)}: __version__ {version}, not {want}")
    return found


def write(version: str) -> None:
    """Write `version` to every place that states it."""
    if not VALID.fullmatch(version):
        raise SystemExit(f"version: {version!r} is not of the form 1.2.3, 1.2.3rc1 or 1.2.3.dev1")
    for package in packages():
        text = package.pyproject.read_text(encoding="utf-8")
        text = VERSION_LINE.sub(f'version = "{version}"', text, count=1)
        text = PIN.sub(lambda match: match.group(1) + version, text)
        package.pyproject.write_text(text, encoding="utf-8")
    for path in dunder_files():
        text = path.read_text(encoding="utf-8")
        path.write_text(DUNDER.sub(f'__version__ = "{version}"', text), encoding="utf-8")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["print"]:
            print(current())
            return 0
        case ["set", version]:
            write(version)
            return 0
        case ["check"]:
            found = problems()
            print("\n".join(found) or f"all packages are at {current()}")
            return 1 if found else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
