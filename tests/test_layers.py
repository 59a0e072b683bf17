"""Imports point downwards, are declared, and the house's rules hold; the checks see violations."""

from pathlib import Path

import pytest

import check_house
import check_imports
import monorepo


def test_every_import_is_declared_and_points_downwards() -> None:
    assert check_imports.problems() == []


def test_the_house_is_in_order() -> None:
    assert check_house.main() == 0


@pytest.fixture
def intruder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put one line into a module of a copy of a package's layout, and see what the check says."""

    def say(layer: str, line: str) -> list[str]:
        folder = tmp_path / "packages" / layer
        source = folder / "src" / "facula" / layer / "intruder.py"
        source.parent.mkdir(parents=True)
        source.write_text(f'"""An intruder."""\n\n{line}\n')
        real = monorepo.ROOT / "packages" / layer / "pyproject.toml"
        (folder / "pyproject.toml").write_text(real.read_text())
        others = [p for p in monorepo.packages() if p.name != layer]
        copy = monorepo.Package(layer, folder)
        monkeypatch.setattr(check_imports, "packages", lambda: [*others, copy])
        monkeypatch.setattr(check_imports, "ROOT", tmp_path)
        monkeypatch.setattr(check_imports, "below", lambda package: {package.module})
        monkeypatch.setattr(monorepo.Package, "sources", sources)
        return check_imports.problems()

    def sources(package: monorepo.Package) -> list[Path]:
        inside = package.folder.is_relative_to(tmp_path)
        return sorted(package.folder.rglob("*.py")) if inside else []

    return say


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("core", "from facula.autograd import grad"),
        ("core", "from facula import autograd"),
        ("core", "import scipy"),
        ("core", "import pyopencl"),
        ("data", "import facula.nn"),
        ("nn", "from facula import data"),
        ("optim", "import PIL"),
        ("vision", "def f():\n    from facula.optim import SGD"),
    ],
)
def test_a_wrong_import_is_found(intruder, layer: str, line: str) -> None:
    assert len(intruder(layer, line)) == 1


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        ("core", "import numpy.linalg"),
        ("core", "try:\n    import pyopencl\nexcept ImportError:\n    pyopencl = None"),
        ("core", "def f():\n    import pyopencl"),
        ("nn", "from facula import autograd, core"),
        ("vision", "import os, PIL.Image"),
    ],
)
def test_a_right_import_passes(intruder, layer: str, line: str) -> None:
    assert intruder(layer, line) == []


def test_own_imports_in_functions_and_long_files_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_house, "ROOT", tmp_path)
    source = tmp_path / "src" / "facula" / "nn" / "long.py"
    source.parent.mkdir(parents=True)
    source.write_text("def f():\n    from facula.core import ones\n" + "x = 1\n" * 600)
    said = "\n".join(check_house.check_file(source))
    assert "602 lines" in said
    assert "does not open with a sentence" in said
    assert "facula.core imported inside a function" in said
