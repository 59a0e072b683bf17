"""Every test of the loader ends within a minute and leaves no process and no shared memory."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # data_sets, also for workers that are spawned


def _shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {p.name for p in folder.iterdir()} if folder.is_dir() else set()


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    before = _shared_memory()
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    gc.collect()
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert multiprocessing.active_children() == []
    left = {n for n in _shared_memory() - before if n.startswith(("psm_", "facula"))}
    deadline = time.monotonic() + 20  # tests in other processes have segments too, for a moment
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left &= _shared_memory()
    assert not left


@pytest.fixture(scope="session")
def open_descriptors() -> object:
    """A function that counts this process's open files, or None where that can't be known."""
    folder = Path(f"/proc/{os.getpid()}/fd")
    return (lambda: len(list(folder.iterdir()))) if folder.is_dir() else None
