"""A pytest plugin with the fixtures that every package's tests share: `device` and `data_root`.

The repository's root conftest loads it; a package's tests on their own run with
`pytest -p facula.core.testing.plugin`. `FACULA_TEST_DEVICES` limits the devices
(`FACULA_TEST_DEVICES=cpu`), `FACULA_TEST_REQUIRE_OPENCL=1` turns the skip where there is no OpenCL
device into a failure, and `FACULA_TEST_DATA` names the folder of the real data sets.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import facula
from facula import core
from facula.core import opencl

# Modules of core that users know under the umbrella's name.
_UMBRELLAS = ("amp", "array_api", "cuda", "fft", "hub", "linalg", "opencl", "profiler",
              "serialization", "signal", "special")


def _devices() -> list[str]:
    names = os.environ.get("FACULA_TEST_DEVICES", "cpu,opencl").split(",")
    return [name.strip() for name in names if name.strip()]


@pytest.fixture(params=_devices())
def device(request: pytest.FixtureRequest) -> str:
    """The name of a device, each in turn; a test that takes it runs once on every backend."""
    name: str = request.param
    if name.startswith("opencl") and not opencl.is_available():
        if os.environ.get("FACULA_TEST_REQUIRE_OPENCL") == "1":
            pytest.fail("FACULA_TEST_REQUIRE_OPENCL=1, but there is no OpenCL device")
        pytest.skip(
            "no OpenCL device: install facula-core[pocl], or a driver and facula-core[opencl]"
        )
    return name


@pytest.fixture(scope="session")
def data_root(request: pytest.FixtureRequest) -> Path:
    """The folder with the real data sets; the test is skipped where there is none."""
    named = os.environ.get("FACULA_TEST_DATA")
    folder = Path(named) if named else request.config.rootpath.parent / "shared" / "data"
    if not folder.is_dir():
        if named:
            pytest.fail(f"FACULA_TEST_DATA names no folder: {folder}")
        pytest.skip("no real data sets: FACULA_TEST_DATA=FOLDER says where they are")
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the examples in docstrings say `facula.exp` where the umbrella is not installed.

    There `facula` is a namespace package without names of its own; for an example it passes on
    core's, and core's modules are found under the umbrella's names. Code cannot lean on this: a
    layer that imports plain `facula` fails the check of the imports. And `float("nan")` means
    Python's, also where the module has a dtype of that name.
    """
    if isinstance(item, pytest.DoctestItem):
        names = item.dtest.globs
        names.update({n: vars(builtins)[n] for n in names if n in vars(builtins)})
    if getattr(facula, "__file__", None) is None:
        if isinstance(item, pytest.DoctestItem):
            vars(facula)["__getattr__"] = _from_core
            sys.modules.update({f"facula.{name}": _from_core(name) for name in _UMBRELLAS})
            source = "".join(example.source for example in item.dtest.examples)
            source = source.replace("requires_grad", "facula.autograd")
            for layer in ("autograd", "nn", "optim", "data", "vision", "func"):
                name = f"facula.{layer}"
                if name in source and importlib.util.find_spec(name) is None:
                    pytest.skip(f"the example uses {name}, which is not installed")
        else:
            vars(facula).pop("__getattr__", None)
            for name in _UMBRELLAS:
                sys.modules.pop(f"facula.{name}", None)


def _from_core(name: str) -> Any:
    if name in core.__all__:
        return getattr(core, name)
    if name in _UMBRELLAS:
        return importlib.import_module(f"facula.core.{name}")
    if importlib.util.find_spec(f"facula.{name}") is not None:
        return importlib.import_module(f"facula.{name}")
    raise AttributeError(f"module 'facula' has no attribute {name!r}")
