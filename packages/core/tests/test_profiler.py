"""The profiler: what it counts, what it leaves behind (nothing), its table and its trace."""

import json
import threading

import pytest

from facula import core
from facula.core.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
)


def _counts(prof):
    return {e.key: e.count for e in prof.key_averages()}


def test_calls_are_counted_however_they_are_written(device):
    x = core.ones(8, 4, device=device)
    with profile() as prof:
        y = (x + 1) * 2
        y = core.add(y, x)
        y.add_(1)
        y += 1
        z = 3 - y
        assert (z == y).shape == (8, 4)
        x.T.sum(0)
        core.relu(-x)
    counts = _counts(prof)
    assert counts["add"] == 2
    assert counts["add_"] == 2
    assert {"mul", "sub", "eq", "sum", "neg", "relu"} <= set(counts)
    assert "transpose_all" in counts or "t" in counts or "permute" in counts


def test_nothing_is_left_behind(device):
    before = {name: value for name, value in vars(core.Tensor).items()
              if not isinstance(value, property)}
    public = {op.name: op.public for op in core.operations()}
    add, reflected = core.add, core.Tensor.__radd__.__closure__[0].cell_contents
    with profile():
        assert core.add is not add
        core.add(core.ones(2, device=device), 1)
    assert core.add is add
    assert core.Tensor.__radd__.__closure__[0].cell_contents is reflected
    assert {name: value for name, value in vars(core.Tensor).items()
            if not isinstance(value, property)} == before
    assert {op.name: op.public for op in core.operations()} == public


def test_values_and_errors_are_the_same(device):
    x = core.arange(4.0, device=device)
    with profile() as prof:
        y = x * 2
        with pytest.raises(RuntimeError, match="broadcast"):
            x + core.ones(3, device=device)
        again = x * 2
    assert y.tolist() == again.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert _counts(prof)["mul"] == 2


def test_bytes_shapes_and_nesting(device):
    x = core.ones(10, 3, device=device)
    with profile(record_shapes=True) as prof, record_function("outer"):
        with record_function("inner"):
            core.add(x, x)
        core.add(x, core.ones(3, device=device))
    events = {e.name: e for e in prof.events()}
    assert events["inner"].parent is events["outer"]
    assert events["inner"].children[0].name == "add"
    assert events["inner"].children[0].bytes == 3 * 120
    assert events["outer"].cpu_time_total >= events["inner"].cpu_time_total
    outer = events["outer"]
    assert outer.self_cpu_time_total == pytest.approx(
        outer.cpu_time_total - sum(c.cpu_time_total for c in outer.children))
    grouped = prof.key_averages(group_by_input_shape=True)
    shapes = [e.input_shapes for e in grouped if e.key == "add"]
    assert shapes == [[(10, 3), (10, 3)], [(10, 3), (3,)]]


def test_a_region_outside_of_a_profile_does_nothing():
    with record_function("nobody looks"):
        assert core.ones(2).tolist() == [1.0, 1.0]

    @record_function("decorated")
    def f():
        return core.ones(2) + 1
    f()
    with profile() as prof:
        f()
    assert [e.name for e in prof.events() if e.parent is None] == ["decorated"]


def test_device_times_and_launches(device):
    if device == "cpu":
        pytest.skip("the cpu device has no clock of its own")
    x = core.rand(300, 300, device="opencl")
    with profile() as prof:
        y = (x @ x).sum()
        y.item()
    rows = {e.key: e for e in prof.key_averages()}
    assert rows["matmul"].launches >= 1
    assert rows["matmul"].device_time_total > 0
    assert rows["sum"].launches >= 1
    total = prof.key_averages().self_device_time_total
    assert total >= rows["matmul"].device_time_total
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        (x @ x).sum().item()
    rows = {e.key: e for e in prof.key_averages()}
    assert rows["matmul"].launches == 0
    assert rows["matmul"].cpu_time_total > 0
    assert ProfilerActivity.CUDA is ProfilerActivity.OPENCL


def test_the_table(device):
    x = core.ones(100, 100, device=device)
    with profile() as prof:
        for _ in range(3):
            x = x @ x * 1e-2
        x.sum().item()
    table = prof.key_averages().table(sort_by="cpu_time_total", row_limit=2, header="all of it")
    lines = table.splitlines()
    assert lines[0] == "all of it"
    assert len(lines) == 9  # header, rule, titles, rule, two rows, rule, two sums
    assert "Self CPU time total" in lines[-2]
    averages = prof.key_averages()
    for column in ("self_cpu_time_total", "cuda_time_total", "count", "bytes", "launches"):
        assert averages.table(sort_by=column)
    by_count = averages.table(sort_by="count").splitlines()
    assert by_count[3].split()[-1] == "3"
    with pytest.raises(ValueError, match="sort_by is 'beauty'"):
        averages.table(sort_by="beauty")


def test_the_trace(device, tmp_path):
    x = core.ones(50, 50, device=device)
    with profile() as prof:
        with record_function("step"):
            (x @ x).sum()
        core.opencl.synchronize() if device == "opencl" else None
    path = tmp_path / "trace.json"
    prof.export_chrome_trace(str(path))
    events = json.loads(path.read_text())["traceEvents"]
    spans = {e["name"]: e for e in events if e["ph"] == "X"}
    assert spans["step"]["cat"] == "user_annotation"
    step, product = spans["step"], spans["matmul"]
    assert step["ts"] <= product["ts"]
    assert product["ts"] + product["dur"] <= step["ts"] + step["dur"] + 1e-3
    kernels = [e for e in events if e.get("cat") == "kernel"]
    assert bool(kernels) == (device == "opencl")
    assert all(k["ts"] >= step["ts"] - 1 and k["dur"] >= 0 for k in kernels)
    prof.export_chrome_trace(tmp_path / "trace.json.gz")
    assert (tmp_path / "trace.json.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_a_schedule():
    plan = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    actions = [plan(step).name[:6] for step in range(10)]
    assert actions == ["NONE", "NONE", "WARMUP", "RECORD", "RECORD", "NONE", "WARMUP", "RECORD",
                       "RECORD", "NONE"]
    assert plan(4) is ProfilerAction.RECORD_AND_SAVE
    seen = []
    with profile(schedule=plan, on_trace_ready=lambda p: seen.append(_counts(p))) as prof:
        for step in range(10):
            for _ in range(step + 1):
                core.exp(core.ones(2))
            prof.step()
    assert [counts["exp"] for counts in seen] == [4 + 5, 8 + 9]
    with pytest.raises(ValueError, match="active"):
        schedule(wait=1, warmup=0, active=0)


def test_two_profiles_at_once_are_refused():
    with profile(), pytest.raises(RuntimeError, match="another profile is open"):
        profile().start()
    assert core.ones(1).tolist() == [1.0]


def test_threads_have_events_of_their_own():
    def work():
        for _ in range(20):
            core.ones(5) + 1
    with profile() as prof:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    adds = [e for e in prof.events() if e.name == "add"]
    assert len(adds) == 60
    assert len({e.thread for e in adds}) >= 1
    assert all(e.parent is None for e in adds)
