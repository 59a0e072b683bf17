"""`python -m facula` prints what a bug report needs, with pyopencl and without."""

import subprocess
import sys

from facula import __main__ as report


def test_the_report_names_versions_machine_and_configuration(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FACULA_TEST_DATA", "somewhere")
    assert report.main() == 0
    printed = capsys.readouterr().out
    for wanted in ("python ", "facula-core", "numpy ", "BLAS", "processor", "cores", "opencl"):
        assert wanted in printed, wanted
    assert "FACULA_TEST_DATA" in printed
    assert "kernel caches" in printed


def test_the_report_lists_devices_with_memory_and_compute_units(device, capsys) -> None:
    report.main()
    if device == "opencl":
        printed = capsys.readouterr().out
        assert "opencl:0" in printed
        assert "compute units" in printed
        assert "GiB memory" in printed
        assert "driver" in printed


def test_the_report_tells_of_tensor_cores_even_where_asking_fails(monkeypatch) -> None:
    monkeypatch.setattr(report.opencl, "tensor_core_state", lambda index: {"float16": "on"})
    assert report.tensor_cores(0) == {"float16": "on"}

    def broken(index: int) -> dict[str, str]:
        raise OSError("no driver")
    monkeypatch.setattr(report.opencl, "tensor_core_state", broken)
    assert report.tensor_cores(0) == {"products": "OSError: no driver"}


def test_without_pyopencl_the_report_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pyopencl'] = None\n"
        "from facula import __main__ as report\n"
        "found = report.version_of\n"
        "report.version_of = lambda d: 'not installed' if d == 'pyopencl' else found(d)\n"
        "sys.exit(report.main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pyopencl is not installed" in done.stdout


def test_sizes() -> None:
    assert report.size(48 * 1024) == "48 KiB"
    assert report.size(80 * 2**30) == "80.0 GiB"
