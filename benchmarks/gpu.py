"""One command for a GPU machine: python -m benchmarks.gpu checks results, times, and reports.

It takes under eight minutes and writes gpu.json and gpu.md, and tensor_cores.json and
tensor_cores.md on what has tensor cores. Where the OpenCL loader does not know
of an NVIDIA driver that is there (containers often lack its .icd file), it says so to a child
process by a file of its own.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DRIVER = "libnvidia-opencl.so.1"
FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu", "/usr/lib",
           "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib")
VENDORS = "/etc/OpenCL/vendors"
SECONDS = 290  # for the table; the checks before and the case in flight come on top


def driver() -> str | None:
    """The NVIDIA driver's OpenCL library: a name the linker knows, or a path."""
    try:
        ctypes.CDLL(DRIVER)
        return DRIVER
    except OSError:
        found = [p for folder in FOLDERS for p in sorted(Path(folder).glob("libnvidia-opencl.so*"))]
        return str(found[0]) if found else None


def is_known(folder: str) -> bool:
    """Whether a folder of .icd files (or one such file) names the NVIDIA driver."""
    path = Path(folder)
    files = [path] if path.is_file() else sorted(path.glob("*.icd")) if path.is_dir() else []
    return any("nvidia" in f.read_text(encoding="utf-8", errors="replace") for f in files)


def environment(folder: Path) -> dict[str, str]:
    """The child's variables; an .icd file is written into ``folder`` where one is missing."""
    variables = dict(os.environ)
    library = driver()
    if library is None or is_known(os.environ.get("OCL_ICD_VENDORS", VENDORS)):
        return variables
    (folder / "nvidia.icd").write_text(library + "\n", encoding="utf-8")
    variables["OCL_ICD_VENDORS"] = str(folder)
    if library != DRIVER:
        paths = [str(Path(library).parent), variables.get("LD_LIBRARY_PATH", "")]
        variables["LD_LIBRARY_PATH"] = ":".join(p for p in paths if p)
    print(f"the OpenCL loader knows no NVIDIA driver; using {library}")
    return variables


CHECK = """
import sys
from benchmarks.verify import failures
wrong, count = failures(sys.argv[1])
print(f"{count - len(wrong)} of {count} checks passed", *wrong, sep="\\n  ")
raise SystemExit(bool(wrong))
"""


def main(argv: list[str] | None = None) -> int:
    """Check, measure, report; the exit code says whether the results were right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="opencl")
    parser.add_argument("--out", default=".", metavar="FOLDER")
    parser.add_argument("--cases", nargs="*", default=[])
    parser.add_argument("--peers", nargs="*", default=["torch"])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args(argv)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(Path(folder))
        check = subprocess.run([sys.executable, "-c", CHECK, options.device], env=variables,
                               check=False)
        tensor = subprocess.run(
            [sys.executable, "-m", "benchmarks.tensor", "--device", options.device,
             "--out", str(out), "--peers", *options.peers], env=variables, check=False)
        table = subprocess.run(
            [sys.executable, "-m", "benchmarks", "--device", options.device,
             "--seconds", str(options.seconds), "--json", str(out / "gpu.json"),
             "--markdown", str(out / "gpu.md"), "--peers", *options.peers,
             *(["--cases", *options.cases] if options.cases else [])],
            env=variables, check=False)
    return check.returncode or tensor.returncode or table.returncode


if __name__ == "__main__":
    raise SystemExit(main())
