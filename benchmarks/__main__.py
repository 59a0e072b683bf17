"""The command: python -m benchmarks [--cases ...] [--device ...] [--json F] [--markdown F]."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
from typing import Any

import numpy as np

from benchmarks import measure, process, registry, report
from benchmarks.libraries import libraries, present


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--cases", nargs="*", default=[], metavar="PART",
                        help="only cases whose group/name contains one of these")
    parser.add_argument("--device", default="cpu", help="cpu, opencl, opencl:1, ...")
    parser.add_argument("--peers", nargs="*", default=["torch", "numpy"],
                        help="whom to compare with")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--markdown", metavar="FILE")
    parser.add_argument("--seconds", type=float, default=None,
                        help="start no further case after so long")
    parser.add_argument("--one-thread", action="store_true",
                        help="processor time of one thread: steady on a busy machine, cpu only")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    return parser.parse_args(argv)


def machine(device: str) -> dict[str, str]:
    """What the numbers belong to."""
    facula = libraries(device, [])[0].module
    out = {"date": time.strftime("%Y-%m-%d"), "python": platform.python_version(),
           "facula": facula.__version__, "numpy": np.__version__,
           "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
                        else os.cpu_count()),
           "device": device}
    if device != "cpu":
        out["device"] += f" ({facula.opencl.get_device_name(device)})"
    if present("torch"):
        out["torch"] = str(importlib.import_module("torch").__version__)
    return out


def copy_bandwidth(device: str) -> float:
    """Bytes per second, read and written, of the best plain copy."""
    library = libraries(device, [])[0]
    x = library.tensor(1 << 24)
    n = measure.calls_per_round(x.clone, library.wait)
    best = min(measure.timed(x.clone, library.wait, n) / n for _ in range(5))
    return 2 * 4 * (1 << 24) / best


def one_thread(device: str) -> None:
    """Let every library use one thread, and time by its processor time."""
    for library in libraries(device, ["torch"]):
        library.set_num_threads(1)
    if present("threadpoolctl"):  # else OPENBLAS_NUM_THREADS=1 has to be set outside
        importlib.import_module("threadpoolctl").threadpool_limits(1)
    measure.Clock.now = staticmethod(time.thread_time)


def main(argv: list[str] | None = None) -> int:
    """Measure, print as it goes, store at the end."""
    options = arguments(argv)
    chosen = registry.select(options.cases, options.device)
    if options.list:
        print("\n".join(f"{c.group}/{c.name}" for c in chosen))
        return 0
    if not chosen and options.cases != ["process"]:
        print(f"no case of {options.device} contains {options.cases}: --list names them",
              file=sys.stderr)
        return 2
    if options.one_thread:
        one_thread(options.device)
    start = time.perf_counter()
    found = libraries(options.device, options.peers)
    bandwidth = copy_bandwidth(options.device) if options.device != "cpu" else None
    results: dict[str, Any] = {"machine": machine(options.device), "bandwidth": bandwidth,
                               "rows": []}
    print(*[f"{k}: {v}" for k, v in results["machine"].items()], sep="\n")
    print(f"{'case':44s} {'facula':>10s} {'torch':>10s} {'ratio':>6s} {'numpy':>10s} {'ratio':>6s}")
    for case in chosen:
        if options.seconds and time.perf_counter() - start > options.seconds:
            print(f"stopped after {options.seconds:.0f} s")
            break
        if "numpy" not in options.peers:
            case = registry.Case(case.group, case.name, case.build, None, case.bytes, case.flops)
        row = measure.run(case, found)
        results["rows"].append(row)
        print(report.line(row, bandwidth), flush=True)
    if not options.cases or "process" in options.cases:
        for row in process.rows(options.device):
            results["rows"].append(row)
            print(report.line(row, None), flush=True)
    report.write(results, options.json, options.markdown)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
