"""Writes the source pages of the API reference: a table of every public name of every layer."""

from __future__ import annotations

import importlib
import inspect
import shutil
from pathlib import Path
from types import ModuleType

# Title, module, and the prefix under which its names are documented: users say facula.exp.
LAYERS = [
    ("Tensors and operations", "facula.core", "facula"),
    ("Automatic differentiation", "facula.autograd", "facula.autograd"),
    ("Distributions", "facula.distributions", "facula.distributions"),
    ("Neural networks", "facula.nn", "facula.nn"),
    ("Optimisers", "facula.optim", "facula.optim"),
    ("Data", "facula.data", "facula.data"),
    ("Vision", "facula.vision", "facula.vision"),
    ("Mixed precision", "facula.core.amp", "facula.amp"),
    ("Mixed precision by CUDA's names", "facula.core.amp.cuda", "facula.cuda.amp"),
    ("Special functions", "facula.core.special", "facula.special"),
    ("Linear algebra", "facula.core.linalg", "facula.linalg"),
    ("Fourier transforms", "facula.core.fft", "facula.fft"),
    ("Signal processing", "facula.core.signal", "facula.signal"),
    ("Published weights", "facula.core.hub", "facula.hub"),
    ("OpenCL devices", "facula.core.opencl", "facula.opencl"),
    ("CUDA's names", "facula.core.cuda", "facula.cuda"),
    ("Accelerators", "facula.accelerator", "facula.accelerator"),
    ("Functions of functions", "facula.func", "facula.func"),
    ("Switches of libraries", "facula.backends", "facula.backends"),
    ("Marks for a compiler", "facula.compiler", "facula.compiler"),
    ("Marks for TorchScript", "facula.jit", "facula.jit"),
    ("Processes", "facula.multiprocessing", "facula.multiprocessing"),
    ("Distributed training", "facula.distributed", "facula.distributed"),
    ("Profiler", "facula.core.profiler", "facula.profiler"),
    ("Testing", "facula.testing", "facula.testing"),
]


def public(module: ModuleType) -> list[str]:
    """The names a module makes public: its `__all__`, or what is defined in it."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def is_ours(value: object) -> bool:
    return isinstance(value, ModuleType) and value.__name__.startswith("facula.")


def section(value: object) -> str:
    """The heading a name stands under."""
    if inspect.isclass(value):
        return "Exceptions" if issubclass(value, BaseException) else "Classes"
    if callable(value) and hasattr(value, "__name__"):
        return "Functions"
    return "Values"


def page(title: str, module: ModuleType, prefix: str) -> tuple[str, list[tuple[str, ModuleType]]]:
    """A module's page, and the public modules inside it."""
    opening = (inspect.getdoc(module) or "").split("\n\n")[0]
    lines = [title, "=" * len(title), "", f".. module:: {prefix}", "", opening, ""]
    groups: dict[str, list[str]] = {}
    inner = []
    for name in public(module):
        value = getattr(module, name)
        if is_ours(value):
            inner.append((f"{prefix}.{name}", value))
        else:
            groups.setdefault(section(value), []).append(name)
    if inner:
        lines += [".. toctree::", "   :maxdepth: 1", "", *(f"   {path}" for path, _ in inner), ""]
    for heading in ("Classes", "Functions", "Values", "Exceptions"):
        if names := groups.get(heading):
            lines += [heading, "-" * len(heading), "", ".. autosummary::", "   :toctree: names", ""]
            lines += [f"   {name}" for name in names] + [""]
    return "\n".join(lines), inner


def clashes(full_names: list[str]) -> dict[str, str]:
    """File names for those that differ only in case: some file systems cannot hold both."""
    seen: dict[str, str] = {}
    renamed = {}
    for name in sorted(full_names):
        if name.lower() in seen:
            renamed[name] = name + "-lower"
        seen[name.lower()] = name
    return renamed


def write_aliases(folder: Path, module: ModuleType, prefix: str, home: dict[type, str]) -> None:
    """Write the page of each class that is documented under another name already.

    Sphinx counts a class by where it is defined, and warns of a second description of it.
    """
    folder.mkdir(exist_ok=True)
    for name in public(module):
        value = getattr(module, name)
        if not inspect.isclass(value):
            continue
        full = f"{prefix}.{name}"
        first = home.setdefault(value, full)
        if first != full:
            text = f".. py:class:: {full}\n\n   The same as :class:`{first}`.\n"
            page = f"{full}\n{'=' * len(full)}\n\n{text}"
            (folder / f"{full}.rst").write_text(page, encoding="utf-8")


def write(folder: Path) -> dict[str, str]:
    """Write all pages into a folder made anew; return autosummary's map of file names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names: list[str] = []
    queue = [(title, importlib.import_module(module), prefix) for title, module, prefix in LAYERS]
    done = set()
    home: dict[type, str] = {}
    while queue:
        title, module, prefix = queue.pop(0)
        if prefix in done:
            continue
        done.add(prefix)
        text, inner = page(title, module, prefix)
        file_name = prefix if prefix != "facula" else "facula.core"
        (folder / f"{file_name}.rst").write_text(text, encoding="utf-8")
        names += [f"{prefix}.{n}" for n in public(module) if not is_ours(getattr(module, n))]
        write_aliases(folder / "names", module, prefix, home)
        queue += [(path, value, path) for path, value in inner]
    return clashes(names)
