"""The documented list of operations that run on the host is what the operations do."""

import sys
from pathlib import Path

import pytest

from facula import core

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_documented_list_is_true(monkeypatch):
    if not core.opencl.is_available():
        pytest.skip("no OpenCL device: nothing falls back")
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    import fallbacks

    assert fallbacks.PAGE.read_text(encoding="utf-8") == fallbacks.page(), (
        "python tools/fallbacks.py write")
