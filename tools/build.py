"""Build the sdists and wheels of all packages (build.py make) and check them (build.py check).

The check: `twine check --strict`; a wheel holds its package's sources, all of them and nothing
else; only the umbrella's ships facula/__init__.py; and each wheel, installed into a clean
environment, brings the siblings that it declares, no others, and imports. `check --tests` also
runs the tests out of each sdist in that environment.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from monorepo import ROOT, Package, packages, requirement_name
from version import current

DIST = ROOT / "dist"
TEST_NEEDS = ["hypothesis>=6.140", "pytest>=9.0"]


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a command that must succeed; its output is shown where it does not."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"build: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def stem(package: Package) -> str:
    return f"{package.distribution.replace('-', '_')}-{current()}"


def wheel(package: Package) -> Path:
    return DIST / f"{stem(package)}-py3-none-any.whl"


def sdist(package: Package) -> Path:
    return DIST / f"{stem(package)}.tar.gz"


def make() -> None:
    """Sdists, and wheels made from them, of all packages, into dist/."""
    shutil.rmtree(DIST, ignore_errors=True)
    for package in packages():
        run("uv", "build", "--quiet", "--out-dir", str(DIST), str(package.folder))
        size = wheel(package).stat().st_size
        print(f"{wheel(package).name}  {size / 1024:.0f} KiB", flush=True)


def source_files(package: Package) -> set[str]:
    """What the wheel has to hold: every file below src/, caches excepted."""
    src = package.folder / "src"
    return {
        path.relative_to(src).as_posix()
        for path in src.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def content_problems(package: Package) -> list[str]:
    """What is wrong with the files in a package's wheel and sdist."""
    names = set(zipfile.ZipFile(wheel(package)).namelist())
    info = f"{stem(package)}.dist-info"
    code = {name for name in names if not name.startswith(info)}
    found = [f"{wheel(package).name}: lacks {n}" for n in sorted(source_files(package) - code)]
    found += [f"{wheel(package).name}: has {n}" for n in sorted(code - source_files(package))]
    if ("facula/__init__.py" in names) != (package.name == "facula"):
        found.append(f"{wheel(package).name}: facula/__init__.py is the umbrella's, and only its")
    marker = "facula/py.typed" if package.name == "facula" else f"facula/{package.name}/py.typed"
    for name in (marker, f"{info}/licenses/LICENSE"):
        if name not in names:
            found.append(f"{wheel(package).name}: lacks {name}")
    with tarfile.open(sdist(package)) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    missing = {"src", "tests", "README.md", "LICENSE", "pyproject.toml", "PKG-INFO"} - tops
    found += [f"{sdist(package).name}: lacks {name}" for name in sorted(missing)]
    return found


def closure(package: Package) -> set[str]:
    """The distributions of ours that installing a package brings, itself included."""
    ours = {other.distribution: other for other in packages()}
    seen, queue = {package.distribution}, [package]
    while queue:
        for requirement in queue.pop().dependencies:
            name = requirement_name(requirement)
            if name in ours and name not in seen:
                seen.add(name)
                queue.append(ours[name])
    return seen


def install_problems(package: Package, folder: Path, tests: bool) -> list[str]:
    """What is wrong once a wheel is installed with what it declares, into an empty environment."""
    environment = folder / package.name
    run("uv", "venv", "--quiet", "--python", sys.executable, str(environment))
    binary = environment / ("Scripts" if os.name == "nt" else "bin")
    python = str(binary / "python")
    # Overrides name the file for whichever sibling the metadata asks for, and install no other.
    overrides = folder / "overrides.txt"
    overrides.write_text("".join(f"{p.distribution} @ {wheel(p).as_uri()}\n" for p in packages()))
    run(
        *("uv", "pip", "install", "--quiet", "--python", python, "--override", str(overrides)),
        f"{package.distribution} @ {wheel(package).as_uri()}",
    )
    listed = run("uv", "pip", "list", "--quiet", "--python", python, "--format=freeze")
    ours = {requirement_name(line) for line in listed.splitlines() if line.startswith("facula")}
    found = []
    if ours != closure(package):
        found.append(f"{package.distribution}: brings {sorted(ours)}, not its closure")
    run(python, "-I", "-W", "error", "-c", f"import {package.module}", cwd=folder)
    if tests:
        run("uv", "pip", "install", "--quiet", "--python", python, *TEST_NEEDS)
        with tarfile.open(sdist(package)) as archive:
            archive.extractall(folder, filter="data")
        plugin = ("-p", "facula.core.testing.plugin", "--import-mode=importlib")
        run(
            *(python, "-I", "-m", "pytest", "-q", *plugin, "-m", "not slow", "tests"),
            cwd=folder / stem(package),
        )
    return found


def check(tests: bool) -> int:
    files = [path for p in packages() for path in (wheel(p), sdist(p))]
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        print(f"build: dist/ lacks {', '.join(missing)}: run build.py make", file=sys.stderr)
        return 1
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, files))
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for package in packages():
            start = time.perf_counter()
            found += content_problems(package)
            found += install_problems(package, Path(folder), tests)
            print(f"{package.distribution}  {time.perf_counter() - start:.1f} s", flush=True)
    print("\n".join(found) or "every wheel stands alone")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["make", "check"])
    parser.add_argument("--tests", action="store_true", help="run each sdist's tests as well")
    arguments = parser.parse_args()
    if arguments.what == "make":
        make()
        return 0
    return check(arguments.tests)


if __name__ == "__main__":
    raise SystemExit(main())
