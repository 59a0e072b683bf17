"""What goes wrong in workers: errors with their traceback, killed processes, no memory, Ctrl-C."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import data_sets as D
import pytest

import facula.core as F
from facula.data import DataLoader, TensorDataset, segments

HANG = 20.0  # seconds; a hang is the failure, not slowness


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("error", [
    ValueError("wrong number"), KeyError("missing"), FileNotFoundError(2, "none", "x.png"),
    UnicodeDecodeError("utf-8", b"abc", 0, 1, "why"), D.Broken(7, "why"), StopIteration("end"),
], ids=lambda e: type(e).__name__)
def test_an_exception_arrives_with_its_type_and_traceback(workers: int, error: Exception) -> None:
    loader = DataLoader(D.Failing(12, error), 2, num_workers=workers)
    expected = RuntimeError if isinstance(error, StopIteration) else type(error)
    iterator = iter(loader)
    assert [next(iterator)[0].tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(expected) as caught:
        next(iterator)
    text = str(caught.value)
    assert "in worker 0 (process" in text
    assert "data_sets.py" in text
    assert "raise self.error" in text
    if isinstance(error, D.Broken):
        assert caught.value.code == 7


def test_the_iterator_goes_on_after_an_exception() -> None:
    iterator = iter(DataLoader(D.Failing(12, ValueError("x")), 2, num_workers=2))
    got, failed = [], 0
    while True:
        try:
            got.append(next(iterator)[0].tolist())
        except ValueError:
            failed += 1
        except StopIteration:
            break
    assert failed == 1
    assert got == [[0, 1], [2, 3], [6, 7], [8, 9], [10, 11]]


def test_exceptions_without_workers_are_themselves() -> None:
    error = ValueError("wrong number")
    with pytest.raises(ValueError, match=r"^wrong number$"):
        list(DataLoader(D.Failing(12, error), 2))
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(D.Failing(12, StopIteration()), 2))


def test_worker_init_fn_fails() -> None:
    with pytest.raises(ValueError, match="no start for 0"):
        list(DataLoader(D.Squares(4), 2, num_workers=1, worker_init_fn=D.die_at_start))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, "exit"])
@pytest.mark.parametrize("in_order", [True, False])
def test_a_dead_worker_is_an_error(how, in_order: bool) -> None:
    loader = DataLoader(D.Dying(12, how), 2, num_workers=2, in_order=in_order)
    begin = time.monotonic()
    want = "exit code 3" if how == "exit" else f"killed by {how.name}"
    with pytest.raises(RuntimeError, match=rf"DataLoader: worker 0 \(process \d+\).*{want}"):
        list(loader)
    assert time.monotonic() - begin < HANG


def test_a_worker_killed_from_outside_while_another_is_waited_for() -> None:
    iterator = iter(DataLoader(D.Squares(40, delay=2.0), 1, num_workers=2))
    begin = time.monotonic()
    os.kill(iterator._workers[1].process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"worker 1 .* killed by SIGKILL"):
        next(iterator)  # waits for worker 0
    assert time.monotonic() - begin < HANG
    assert list(iterator) == []


def test_persistent_workers_are_replaced_after_a_death() -> None:
    loader = DataLoader(D.Squares(8), 2, num_workers=1, persistent_workers=True)
    assert len(list(loader)) == 4
    os.kill(loader._iterator._workers[0].process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(loader)
    assert len(list(loader)) == 4


def test_a_worker_that_is_seen_dead_at_the_start_of_an_epoch_is_replaced() -> None:
    loader = DataLoader(D.Squares(8), 2, num_workers=1, persistent_workers=True)
    assert len(list(loader)) == 4
    process = loader._iterator._workers[0].process
    os.kill(process.pid, signal.SIGKILL)
    process.join()  # its pipe is closed: the message that begins the epoch fails
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(loader)
    assert len(list(loader)) == 4


def test_timeout() -> None:
    loader = DataLoader(D.Squares(4, delay=30.0), 2, num_workers=1, timeout=0.3)
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match=r"timeout=0\.3: no batch has come from worker 0"):
        list(loader)
    assert time.monotonic() - begin < HANG


def test_dropping_an_iterator_ends_slow_workers() -> None:
    iterator = iter(DataLoader(D.Squares(40, delay=0.05), 10, num_workers=2))
    next(iterator)
    processes = [w.process for w in iterator._workers]
    del iterator
    assert not any(p.is_alive() for p in processes)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE bounds memory files on Linux")
def test_no_shared_memory_means_a_slower_way() -> None:
    loader = DataLoader(D.Squares(8, width=50_000), 2, num_workers=2,
                        worker_init_fn=D.no_large_files)
    with pytest.warns(RuntimeWarning, match="no shared memory .*slower"):
        batches = list(loader)
    for index, rows in batches:
        assert (rows.numpy() == index.numpy()[:, None].astype("float32") ** 2).all()
        rows.add_(1)
    assert len(batches) == 4


def test_named_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of systems without memory files; forked workers inherit the switch."""
    monkeypatch.setattr(segments, "HAS_MEMFD", False)
    loader = DataLoader(D.Squares(40, width=5000), 1, num_workers=2,
                        multiprocessing_context="fork")
    kept = list(loader)
    assert [i.item() for i, _ in kept] == list(range(40))
    for index, rows in kept:
        assert (rows.numpy() == float(index.item()) ** 2).all()


def test_named_segments_in_a_tiny_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "HAS_MEMFD", False)
    loader = DataLoader(D.Squares(8, width=50_000), 2, num_workers=1,
                        worker_init_fn=D.no_large_files, multiprocessing_context="fork")
    with pytest.warns(RuntimeWarning, match="no shared memory"):
        assert len(list(loader)) == 4


def test_a_data_set_on_opencl(device: str) -> None:
    data = TensorDataset(F.arange(6, device=device))
    assert [b[0].tolist() for b in DataLoader(data, 3)] == [[0, 1, 2], [3, 4, 5]]
    if device != "cpu":
        with pytest.raises(RuntimeError, match=r"dataset\.tensors\[0\] is a tensor on opencl:0"):
            iter(DataLoader(data, 3, num_workers=1))


def test_workers_beside_opencl(device: str) -> None:
    F.ones(2, device=device).sum().item()
    want = [i.tolist() for i, _ in DataLoader(D.Squares(8), 2)]
    assert [i.tolist() for i, _ in DataLoader(D.Squares(8), 2, num_workers=2)] == want


def test_what_cannot_be_sent() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError),
                       match=r"can't be sent to a process started by 'spawn'"):
        iter(DataLoader(D.Squares(4), 2, num_workers=1, collate_fn=lambda x: x,
                        multiprocessing_context="spawn"))


PROGRAM = """
    import os, signal, sys, time
    sys.path.insert(0, {tests!r})
    import data_sets as D
    from facula.data import DataLoader
    iterator = iter(DataLoader(D.Squares(1000, delay={delay}), 2, num_workers=2))
    next(iterator)
    print(*[w.process.pid for w in iterator._workers], flush=True)
    {then}
"""


def run_program(then: str, delay: float, act=None) -> tuple[list[int], subprocess.Popen]:
    text = textwrap.dedent(PROGRAM).format(tests=str(Path(__file__).parent), delay=delay,
                                           then=then)
    program = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True, text=True)
    pids = [int(x) for x in program.stdout.readline().split()]
    assert len(pids) == 2, program.stderr.read()
    if act:
        act(program)
    return pids, program


def gone(pids: list[int]) -> bool:
    """Whether all processes end before the hang guard."""
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        alive = [p for p in pids if Path(f"/proc/{p}/stat").exists()
                 and Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"]
        if not alive:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("delay", [0.0, 0.3])
def test_ctrl_c_leaves_no_process(delay: float) -> None:
    def ctrl_c(program: subprocess.Popen) -> None:
        time.sleep(0.3)
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: parent and workers

    pids, program = run_program("for _ in iterator: time.sleep(0.01)", delay, ctrl_c)
    _, errors = program.communicate(timeout=HANG)
    assert errors.count("Traceback") == 1  # the parent's, and none of a worker
    assert "KeyboardInterrupt" in errors
    assert gone(pids)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("then", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(0)",
                                  "os._exit(0)"])
def test_a_parent_that_is_gone_takes_its_workers_with_it(then: str) -> None:
    pids, program = run_program(then, 0.01)
    program.communicate(timeout=HANG)
    assert gone(pids)
