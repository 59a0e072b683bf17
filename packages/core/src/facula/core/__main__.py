"""``python -m facula.core tune``: the search for tiles on the command line."""

from __future__ import annotations

import argparse
import sys

from facula.core import opencl


def main() -> int:
    """Read the arguments and search."""
    parser = argparse.ArgumentParser(prog="python -m facula.core")
    commands = parser.add_subparsers(dest="command", required=True)
    tune = commands.add_parser("tune", help="search for the tiles that are fastest here")
    tune.add_argument("--device", default="opencl")
    tune.add_argument("--seconds", type=float, default=60.0)
    tune.add_argument("--operations", nargs="+", default=["gemm", "convolution"],
                      choices=["gemm", "convolution"])
    tune.add_argument("--dtypes", nargs="+", default=["float32"])
    given = parser.parse_args()
    found = opencl.tune(given.device, given.seconds, given.operations, given.dtypes, verbose=True)
    for what, parameters in found.items():
        print(f"{what}: now {parameters}")
    if not found:
        print("nothing clearly faster was found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
