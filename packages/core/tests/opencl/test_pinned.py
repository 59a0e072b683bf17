"""Pinned memory: whose it is and for how long, and transfers beside the working queue."""

import gc
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from facula import core
from facula.core import dtypes, opencl
from facula.core.backends.opencl import listen

DTYPES = [dtypes.bool_, dtypes.uint8, dtypes.int16, dtypes.int64, dtypes.float16, dtypes.bfloat16,
          dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128]


@pytest.fixture(params=["working queue", "second queue"])
def runtime(backend, request, monkeypatch):
    """The device's runtime, with copies of any size on one queue or the other."""
    monkeypatch.setattr(backend.runtime, "copies_aside", request.param == "second queue")
    monkeypatch.setattr(sys.modules[type(backend.runtime).__module__], "LEAST_ASIDE", 1)
    return backend.runtime


def sent(x):
    return x.to("opencl", non_blocking=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_of_every_dtype(runtime, dtype):
    x = core.tensor([[0, 1, 2], [3, 0, 5]]).to(dtype)
    pinned = x.pin_memory()
    assert pinned.is_pinned()
    assert not x.is_pinned()
    assert pinned.dtype is dtype
    assert pinned.tolist() == sent(pinned).tolist() == x.tolist()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (257, 129)])
def test_shapes(runtime, shape):
    x = core.rand(shape)
    pinned = x.pin_memory()
    assert pinned.is_pinned()
    assert pinned.shape == sent(pinned).shape == shape
    assert np.array_equal(sent(pinned).numpy(force=True), x.numpy())


def test_strides_stay_and_views_are_pinned(runtime):
    x = core.arange(24).reshape(2, 3, 4)
    for view in (x.permute(2, 0, 1), x[:, 1:, ::2], x[:, :1].expand(2, 5, 4), x[1, 2]):
        pinned = view.pin_memory()
        assert pinned.stride() == view.stride()
        assert pinned.tolist() == sent(pinned).tolist() == view.tolist()
        assert pinned.untyped_storage().nbytes() <= x.untyped_storage().nbytes()
    pinned = x.pin_memory()
    part = pinned[1]
    assert part.is_pinned()
    assert sent(part).tolist() == x[1].tolist()
    assert part.storage_offset() == 12
    backwards = core.from_numpy(np.arange(5)[::-1])
    assert backwards.pin_memory().tolist() == [4, 3, 2, 1, 0]


def test_what_is_pinned_stays_and_what_is_computed_is_not(backend):
    x = core.ones(4)
    pinned = x.pin_memory()
    assert pinned.pin_memory() is pinned
    assert pinned.pin_memory("opencl").is_pinned("opencl:0")
    pinned.add_(1)
    assert pinned.is_pinned()
    assert core.from_numpy(pinned.numpy()).is_pinned()
    assert not any(t.is_pinned() for t in (x, pinned + 1, pinned.clone(), pinned.to("opencl")))
    assert x.tolist() == [1, 1, 1, 1]


def test_only_host_memory_for_an_opencl_device(backend):
    with pytest.raises(RuntimeError, match="only tensors on the CPU can be pinned"):
        core.ones(2, device="opencl").pin_memory()
    with pytest.raises(ValueError, match="device is cpu"):
        core.ones(2).pin_memory("cpu")


def test_blocking_transfers_may_be_followed_by_writes(runtime):
    pinned = core.full((1 << 18,), 1.0).pin_memory()
    sums = []
    for i in range(8):
        pinned.fill_(i)
        sums.append(pinned.to("opencl").sum())
    assert [s.item() for s in sums] == [i * 2.0**18 for i in range(8)]


def test_memory_outlives_a_copy_in_flight(runtime):
    """The tensor is gone at once; its memory must not be handed out before the copy is done."""
    results = []
    for i in range(40):
        results.append(sent(core.full((1 << 16,), float(i)).pin_memory()) * 1)
    assert [r.sum().item() for r in results] == [i * 2.0**16 for i in range(40)]


def test_memory_is_used_again(runtime):
    def round_trip():
        sent(core.zeros(300_000).pin_memory())
        opencl.synchronize()
    pool = runtime.pinned.pool
    for _ in range(3):
        round_trip()
    gc.collect()
    runtime.trim()
    before, reserved = pool.in_use, opencl.memory_reserved()
    for _ in range(20):
        round_trip()
    assert pool.in_use == before
    assert pool.reserved <= before + 2 * 1_310_720
    assert opencl.memory_reserved() <= reserved + 4 * 1_310_720
    opencl.empty_cache()
    assert pool.free == 0
    assert opencl.memory_reserved() == opencl.memory_allocated()


def test_a_numpy_view_keeps_the_memory(runtime):
    pinned = core.arange(1000.0).pin_memory()
    view = pinned.numpy()[500:]
    del pinned
    gc.collect()
    others = [core.zeros(1000).pin_memory() for _ in range(4)]
    assert np.array_equal(view, np.arange(500.0, 1000.0, dtype=np.float32))
    assert not any(np.shares_memory(view, t.numpy()) for t in others)


def test_copies_beside_work_are_in_order_with_it(backend, monkeypatch):
    """Old values are read by what was asked for before, new ones by what comes after."""
    monkeypatch.setattr(backend.runtime, "copies_aside", True)
    rng = np.random.default_rng(3)
    batches = [rng.standard_normal((64, 4096)).astype(np.float32) for _ in range(12)]
    weight = core.eye(64, device="opencl")
    results = []
    for batch in batches:
        x = sent(core.from_numpy(batch).pin_memory())
        y = x
        for _ in range(6):
            y = weight @ y
        results.append(y + x)
        del x, y
    for batch, result in zip(batches, results, strict=True):
        assert np.array_equal(result.numpy(force=True), 2 * batch)


def test_large_transfers_are_staged_in_memory_used_again(backend, monkeypatch):
    monkeypatch.setattr(backend.runtime, "least_pinned", 1)
    before = backend.runtime.pinned.pool.requests
    x = core.arange(100_000)
    moved = x.to("opencl")
    x.zero_()  # the transfer had its own copy
    strided = core.arange(60).reshape(6, 10).t()[::3]
    assert moved.tolist() == list(range(100_000))
    assert strided.to("opencl").tolist() == strided.tolist()
    assert backend.runtime.pinned.pool.requests >= before + 2


def test_copy_into_a_tensor_on_the_device(runtime):
    target = core.zeros(2, 3, device="opencl")
    target.copy_(core.tensor([1.0, 2.0, 3.0]).pin_memory(), non_blocking=True)
    assert target.tolist() == [[1, 2, 3], [1, 2, 3]]
    target.copy_(core.ones(2, 3, dtype=core.int64).pin_memory(), True)
    assert target.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_threads(runtime):
    wrong = []

    def work(seed):
        values = np.random.default_rng(seed).standard_normal(20_000)
        for _ in range(30):
            moved = sent(core.from_numpy(values).pin_memory())
            if not np.array_equal((moved * 2).numpy(force=True), 2 * values):
                wrong.append(seed)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_while_a_profile_is_open_copies_carry_time_stamps(runtime):
    pinned = core.arange(1 << 15).pin_memory()
    heard = []
    listen(lambda event, what: heard.append((event, what)))
    try:
        total = sent(pinned).sum().item()
    finally:
        listen(None)
    assert total == sum(range(1 << 15))
    copies = [event for event, what in heard if what == "copy to device"]
    assert len(copies) == 1
    assert copies[0].profile.end >= copies[0].profile.start


@pytest.mark.skipif(not hasattr(os, "fork"), reason="is about fork")
def test_a_forked_child_reads_but_does_not_pin(backend):
    """In a process of its own: also that both the child and the parent end by themselves."""
    program = """
        import os, sys
        from facula import core
        held = core.arange(5.0).pin_memory()
        other = core.zeros(100_000).pin_memory()
        there = held.to("opencl", non_blocking=True)
        pid = os.fork()
        if pid == 0:
            del other
            assert held.sum().item() == 10
            assert held.is_pinned()
            for forbidden in (core.ones(3).pin_memory, lambda: held.to("opencl")):
                try:
                    forbidden()
                except RuntimeError as error:
                    assert "forked" in str(error)
                else:
                    sys.exit(3)
            sys.exit(7)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 7, status
        assert there.tolist() == [0, 1, 2, 3, 4]
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False,
                          timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
