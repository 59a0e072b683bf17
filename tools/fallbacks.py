"""Write the list of operations that run on the host for OpenCL tensors: fallbacks.py write|check.

`docs/fallbacks.md` holds the list. It is found by running every operation's samples on an OpenCL
device with `facula.opencl.set_fallback("error")`, so it needs one.
"""

from __future__ import annotations

import sys

import facula
from facula.core.operation import Operation
from facula.core.testing.samples import Sample, samples_of
from monorepo import ROOT

PAGE = ROOT / "docs" / "fallbacks.md"
HEAD = """# What runs on the host

Where an OpenCL kernel is not worth writing yet, an operation waits for its operands, computes on
the host with NumPy and sends the result back. `facula.opencl.set_fallback("warn")` tells of each
such operation once, `"error"` refuses it, `"silent"` is the default. Arithmetic of complex numbers
always runs on the host; copying, converting and taking them apart does not.

These operations on real numbers run on the host, in part or as a whole:

"""


def spelled() -> dict[str, str]:
    """How users write each public operation of core, by the operation's own name."""
    names: dict[str, str] = {}
    for space in ("", "linalg.", "fft.", "special."):
        module = getattr(facula, space[:-1]) if space else facula
        for name in module.__all__:
            op = getattr(getattr(module, name), "operation", None)
            if isinstance(op, Operation) and op.function.__module__.startswith("facula.core."):
                names.setdefault(op.name, f"facula.{space}{name}")
    for op in facula.operations():
        if op.method and op.function.__module__.startswith("facula.core."):
            names.setdefault(op.name, f"facula.Tensor.{op.name}")
    return names


def on_host() -> list[str]:
    """The public operations of core that use the fallback."""
    return sorted(
        name
        for op, name in spelled().items()
        if any(
            runs_on_host(facula.operation(op), sample)
            for sample in samples_of(facula.operation(op))
        )
    )


def runs_on_host(op: Operation, sample: Sample) -> bool:
    """Whether one call of the operation uses the fallback."""
    assert op.public is not None
    given = sample.tensors(facula.float32, "opencl")
    if any(t.is_complex() for t in given.leaves()):
        return False
    try:
        op.public(*given.args, **given.kwargs)
    except NotImplementedError as error:
        if "runs on the host" in str(error):
            return True
        raise
    return False


def page() -> str:
    """The page's text."""
    facula.opencl.set_fallback("error")
    try:
        return HEAD + "\n".join(f"- `{name}`" for name in on_host()) + "\n"
    finally:
        facula.opencl.set_fallback("silent")


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if arguments == ["check"]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/fallbacks.md is stale: python tools/fallbacks.py write", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
