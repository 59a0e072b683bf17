"""What importing facula, or one layer of it, leaves unimported (the time is a benchmark's)."""

import subprocess
import sys

import pytest

HEAVY = {"pyopencl", "PIL", "matplotlib", "tqdm", "torch", "scipy", "pytest", "hypothesis"}
LAZY = {"facula.nn", "facula.optim", "facula.data", "facula.vision"}


def modules_after(statement: str) -> set[str]:
    """The modules in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "name",
    [
        "facula",
        "facula.core",
        "facula.autograd",
        "facula.nn",
        "facula.optim",
        "facula.data",
        "facula.vision",
    ],
)
def test_importing_does_not_bring_what_is_heavy(name: str) -> None:
    allowed = {"PIL"} if name == "facula.vision" else set()  # pictures are what it is for
    assert modules_after(f"import {name}") & HEAVY <= allowed


def test_importing_the_umbrella_leaves_the_upper_layers_for_first_use() -> None:
    loaded = modules_after("import facula")
    assert loaded & LAZY == set()
    assert {"facula.core", "facula.autograd"} <= loaded


def test_a_layer_is_there_when_it_is_named() -> None:
    assert "facula.nn" in modules_after("import facula\nfacula.nn")


def test_the_tape_is_there_with_the_umbrella() -> None:
    modules_after(
        "import facula\n"
        "x = facula.tensor([2.0], requires_grad=True)\n"
        "(x * x).sum().backward()\n"
        "assert x.grad.item() == 4.0"
    )
