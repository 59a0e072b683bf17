"""Run every package's tests alone, by NumPy {oldest, newest} and backend, two at a time.

Hatch stops a matrix at its first failing environment; this goes through all and sums up. Limit it
with --package, --numpy and --backend, or with --corners to (oldest, numpy) for every package and
(newest, opencl) for those above autograd: for the two below, the quick suite has run just that.
What follows `--` goes to pytest.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from monorepo import NAMES, ROOT

NUMPY = ("oldest", "newest")
BACKEND = ("numpy", "opencl")
CORNERS = {(package, "oldest", "numpy") for package in NAMES}
CORNERS |= {(package, "newest", "opencl") for package in NAMES[2:]}


def run(environment: str, arguments: list[str]) -> tuple[str, bool, float, str]:
    """One environment's name, whether its tests passed, the seconds, and what was printed."""
    start = time.perf_counter()
    done = subprocess.run(
        ["hatch", "run", f"{environment}:test", "-q", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return environment, done.returncode == 0, time.perf_counter() - start, done.stdout


def summary(output: str) -> str:
    """Pytest's last line, or the last line at all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    counts = [line for line in lines if re.search(r"\d+ (passed|failed|error|skipped)", line)]
    return (counts or lines or ["no output"])[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--numpy", nargs="+", choices=NUMPY, default=NUMPY)
    parser.add_argument("--backend", nargs="+", choices=BACKEND, default=BACKEND)
    parser.add_argument("--corners", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[: own.index("--")], own[own.index("--") + 1 :]
    arguments = parser.parse_args(own)

    cells = itertools.product(arguments.package, arguments.numpy, arguments.backend)
    environments = [
        f"matrix.{package}-{numpy}-{backend}"
        for package, numpy, backend in cells
        if not arguments.corners or (package, numpy, backend) in CORNERS
    ]
    failed = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for name, passed, seconds, output in pool.map(lambda e: run(e, rest), environments):
            word = "passed" if passed else "FAILED"
            print(f"{word}  {name:32s} {seconds:6.1f} s  {summary(output)}", flush=True)
            if not passed:
                failed.append(name)
                print(output, flush=True)
    print(f"{len(environments) - len(failed)} of {len(environments)} environments passed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
