"""Products on tensor cores, checked against NumPy, and their rates beside those of plain kernels.

python -m benchmarks.tensor --device opencl --out results
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.libraries import Library, libraries

TYPES = {"float16": "float16", "bfloat16": "bfloat16", "tf32": "float32"}
FORMS = ("nn", "nt", "tn", "tt")
SIZES = ((64, 64, 64), (127, 65, 129), (136, 72, 264), (256, 512, 384), (1000, 300, 70),
         (2048, 4096, 1024))  # m, k, n
RATED = (1024, 2048, 4096, 8192)
REPEATS = 5
SECONDS = 90.0  # when no further rate is begun
# What a product may be off by: of the sum of its terms' sizes, and of itself.
BOUNDS = {"float16": (2.0**-15, 2.0**-10), "bfloat16": (2.0**-15, 2.0**-7),
          "tf32": (2.0**-9.9, 2.0**-20)}


def operands(f: Library, name: str, shape: tuple[int, ...], transposed: bool,
             seed: int) -> tuple[Any, np.ndarray[Any, Any]]:
    """Matrices of a type, lying transposed or not, here as float64 and on the device."""
    lying = (*shape[:-2], shape[-1], shape[-2]) if transposed else shape
    values = np.random.default_rng(seed).standard_normal(lying).astype(np.float32)
    here = f.from_numpy(values).to(getattr(f, TYPES[name]))
    there, exact = here.to(f.device), here.to(f.float64).numpy()
    return (there.mT, exact.swapaxes(-1, -2)) if transposed else (there, exact)


def worst(name: str, got: Any, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    """The largest error of a product as a share of what is allowed; infinity for a NaN."""
    of_terms, of_result = BOUNDS[name]
    expected = a @ b
    found = got.cpu().to(dtype=got.dtype).float().numpy().astype(np.float64)
    bound = of_terms * (np.abs(a) @ np.abs(b)) + of_result * np.abs(expected) + 1e-7
    share = np.abs(found - expected) / bound
    return float(share.max()) if np.isfinite(share).all() else math.inf


def checks(f: Library) -> Iterator[tuple[str, Callable[[], float]]]:
    """Sizes with and without edges in all transpositions, batches, views that start anywhere."""
    for name in TYPES:
        for m, k, n in SIZES:
            for form in FORMS if m < 2048 else FORMS[:2]:
                def whole(name: str = name, m: int = m, k: int = k, n: int = n,
                          form: str = form) -> float:
                    x, a = operands(f, name, (m, k), form[0] == "t", 0)
                    y, b = operands(f, name, (k, n), form[1] == "t", 1)
                    return worst(name, x @ y, a, b)
                yield f"{name} {m}x{k} @ {k}x{n} {form}", whole

        def batched(name: str = name) -> float:
            x, a = operands(f, name, (6, 4, 96, 80), False, 0)
            y, b = operands(f, name, (4, 80, 72), True, 1)
            return worst(name, x @ y, a, b)

        def shifted(name: str = name) -> float:
            x, a = operands(f, name, (200, 300), False, 0)
            y, b = operands(f, name, (300, 200), False, 1)
            return worst(name, x[3:, 5::2] @ y[5::2, 1:], a[3:, 5::2], b[5::2, 1:])
        yield f"{name} batched", batched
        yield f"{name} of views", shifted


def failures(f: Library) -> tuple[list[str], int]:
    """What is wrong, and how many checks were made."""
    states = f.opencl.tensor_core_state(f.device)
    wrong = [f"{name} is {state}" for name, state in states.items() if state != "on"]
    count = len(states)
    for name, check in checks(f):
        count += 1
        try:
            share = check()
            if not share <= 1:
                wrong.append(f"{name}: {share:.3g} times the error that is allowed")
        except Exception as error:
            wrong.append(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
    wrong += [f"{name} went {state}" for name, state
              in f.opencl.tensor_core_state(f.device).items()
              if state != "on" and states[name] == "on"]
    return wrong, count


def tflops(library: Library, name: str, n: int, form: str) -> float:
    """10^12 operations per second of a square product, the best of a few rounds."""
    values = np.random.default_rng(0).uniform(-1, 1, (n, n)).astype(np.float32)
    x = library.from_numpy(values).to(library.device).to(getattr(library, TYPES[name]))
    a, b = x.mT if form[0] == "t" else x, x.mT if form[1] == "t" else x
    compute = library.forced(lambda: a @ b)
    compute()
    count = measure.calls_per_round(compute, library.wait)
    best = min(measure.timed(compute, library.wait, count) / count for _ in range(REPEATS))
    return 2e-12 * n**3 / best


@contextlib.contextmanager
def torch_tf32(peer: Library | None) -> Iterator[None]:
    """The same precision for the peer."""
    if peer is None:
        yield
        return
    before = peer.module.get_float32_matmul_precision()
    peer.module.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        peer.module.set_float32_matmul_precision(before)


def rates(f: Library, peer: Library | None, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """TFLOP/s of the plain kernels, on the tensor cores, and of torch where it has a GPU."""
    rows = []
    end = time.perf_counter() + SECONDS
    for n in sizes:
        for name in TYPES:
            for form in FORMS:
                if time.perf_counter() > end:
                    return rows
                with f.opencl.tensor_cores(False):
                    plain = tflops(f, name, n, form) if form == "nn" else None
                row = {"type": name, "size": n, "form": form, "plain": plain,
                       "tensor": tflops(f, name, n, form),
                       "torch": tflops(peer, name, n, form) if peer else None}
                rows.append(row)
                print(line(row), flush=True)
    return rows


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the table as text."""
    numbers = [f"{row[key]:.1f}" if row[key] else "-" for key in ("plain", "tensor", "torch")]
    return [row["type"], str(row["size"]), row["form"], *numbers]


HEAD = ["type", "size", "form", "plain", "tensor cores", "torch"]


def line(row: dict[str, Any]) -> str:
    """The same for the terminal."""
    return " ".join(f"{cell:>12s}" for cell in cells(row))


def markdown(results: dict[str, Any]) -> str:
    """The report."""
    text = ["# Tensor cores", "", f"- device: {results['device']}",
            *[f"- {name}: {state}" for name, state in results["states"].items()],
            f"- checks: {results['checks']}, failed: {len(results['wrong'])}",
            *[f"  - {wrong}" for wrong in results["wrong"]], "",
            "TFLOP/s of square products, sums in float32:", "",
            "| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * 5]
    text += ["| " + " | ".join(cells(row)) + " |" for row in results["rows"]]
    return "\n".join(text) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Check, measure, report; the exit code says whether all was right and on tensor cores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tensor", description=__doc__)
    parser.add_argument("--device", default="opencl")
    parser.add_argument("--out", default=".", metavar="FOLDER")
    parser.add_argument("--peers", nargs="*", default=["torch"])
    parser.add_argument("--sizes", nargs="*", type=int, default=list(RATED))
    options = parser.parse_args(argv)
    f, *peers = libraries(options.device, options.peers)
    states = f.opencl.tensor_core_state(options.device)
    if not states:
        print(f"{options.device} has no tensor cores that facula uses")
        return 0
    peer = next((p for p in peers if p.device == "cuda"), None)
    with f.opencl.allow_tf32(), torch_tf32(peer):
        wrong, count = failures(f)
        print(f"tensor cores: {count - len(wrong)} of {count} checks passed", *wrong, sep="\n  ")
        print(" ".join(f"{head:>12s}" for head in HEAD), "  (TFLOP/s)")
        rows = rates(f, peer, tuple(options.sizes))
    results = {"device": f.opencl.get_device_name(options.device), "wrong": wrong, "rows": rows,
               "states": f.opencl.tensor_core_state(options.device), "checks": count}
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tensor_cores.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (out / "tensor_cores.md").write_text(markdown(results), encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
