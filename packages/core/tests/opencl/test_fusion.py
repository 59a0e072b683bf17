"""Fused elementwise chains: values against the CPU over random programs, launches, memory."""

import gc
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facula import core
from facula.core import dtypes
from facula.core.backends import opencl as backends

DTYPES = (dtypes.int32, dtypes.int64, dtypes.uint8, dtypes.bool_, dtypes.float32, dtypes.float16)
SHAPES = ((4, 6), (6,), (4, 1), (), (1, 6))
# Operations whose results are exact, so that every difference is a wrong value.
UNARY = (lambda x: x + 1, lambda x: x - 1, lambda x: x * 2, core.relu, lambda x: x > 2,
         lambda x: x.clamp(1, 40), lambda x: x == x, lambda x: 7 - x)
BINARY = (core.add, core.sub, core.maximum, core.minimum, core.lt, core.ne,
          lambda a, b: core.where(a > b, a, b), lambda a, b: core.where(a > 0, b, a))
VIEWS = (lambda x: x.reshape(-1), lambda x: x.t() if x.ndim == 2 else x.unsqueeze(0),
         lambda x: x[1:] if x.ndim else x, lambda x: x[..., ::2] if x.ndim else x,
         lambda x: x.detach(), lambda x: x[0] if x.ndim else x,
         lambda x: x.expand(4, 6) if x.shape in ((6,), (4, 1), (), (1, 6)) else x)
INPLACE = (lambda x: x.add_(1), lambda x: x.copy_(x + x), lambda x: x.fill_(3), lambda x: x.relu_(),
           lambda x: x.copy_(x.detach().reshape(x.shape) + 2), lambda x: x.zero_())
INPLACE_TWO = (lambda x, y: x.copy_(y), lambda x, y: x.add_(y), lambda x, y: x.sub_(y))
OTHERS = (lambda x: x.sum(), lambda x: x.to(dtypes.int32), lambda x: x.to(dtypes.float16),
          lambda x: x.to(dtypes.bool_), lambda x: x.amax() if x.numel() else x.sum(),
          lambda x: x.clone(), lambda x: x.to(dtypes.uint8))


@pytest.fixture(scope="module")
def fused(backend):
    """Fusion at the first use, of arrays of any size; afterwards as it was."""
    mode = backends.Fusion.mode
    backends.configure_fusion(True)
    yield backend
    backends.configure_fusion(mode)


@pytest.fixture
def launches(fused):
    """A function that names the kernels launched since it was last asked."""
    fused.fuser.at_once = True
    fused.fuser.run_all()
    runtime = fused.runtime
    counted = []
    enqueue = runtime.enqueue

    def counting(queue, kernel, *grid):
        counted.append(kernel.function_name)
        return enqueue(queue, kernel, *grid)

    def names():
        found = list(counted)
        counted.clear()
        return found
    runtime.enqueue = counting
    yield names
    runtime.enqueue = enqueue


def _apply(tensors, step):
    """One step of a program on a list of tensors; True if it did something."""
    kind, what, first, second = step
    x = tensors[first % len(tensors)]
    if kind == 0:
        tensors.append(UNARY[what % len(UNARY)](x))
    elif kind in (1, 2):
        tensors.append(BINARY[what % len(BINARY)](x, tensors[second % len(tensors)]))
    elif kind == 3:
        tensors.append(VIEWS[what % len(VIEWS)](x))
    elif kind == 4:
        INPLACE[what % len(INPLACE)](x)
    elif kind == 5:
        INPLACE_TWO[what % len(INPLACE_TWO)](x, tensors[second % len(tensors)])
    elif kind == 6:
        tensors.append(OTHERS[what % len(OTHERS)](x))
    elif len(tensors) > 2:
        del tensors[first % len(tensors)]


def _start(device):
    rng = np.random.default_rng(0)
    return [core.tensor(rng.integers(0, 5, shape).astype(d.numpy)).to(device)
            for d, shape in zip(DTYPES, (*SHAPES, (4, 6)), strict=True)]


def _compare(program):
    """The same program on both devices: equal values, or the same error at the same step."""
    expected, found = _start("cpu"), _start("opencl")
    for step in program:
        errors = []
        for tensors in (expected, found):
            try:
                _apply(tensors, step)
                errors.append(None)
            except (RuntimeError, TypeError, ValueError, IndexError) as error:
                errors.append(type(error))
        assert errors[0] == errors[1], step
    for want, got in zip(expected, found, strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got.cpu().numpy(), want.numpy())


NUMBER = st.integers(0, 40)
PROGRAMS = st.lists(st.tuples(st.integers(0, 7), NUMBER, NUMBER, NUMBER), min_size=1, max_size=25)


@given(PROGRAMS)
@settings(max_examples=60, deadline=None)
def test_waiting_operations_of_random_programs(fused, program):
    """Views and writes in place among operations that wait, run one by one in the end."""
    fused.fuser.at_once = False
    _compare(program)


@given(PROGRAMS)
@settings(max_examples=12, deadline=None)
def test_fused_operations_of_random_programs(fused, program):
    fused.fuser.at_once = True
    _compare(program)


FLOATING = (lambda x, y: (x * 1.7 + y).tanh() * x - y.sigmoid(),
            lambda x, y: (x - y) / (y.abs() + 1), lambda x, y: core.exp(-x * x) + y,
            lambda x, y: core.where(x > y, x.sin(), y * 0.5))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4),
       st.sampled_from([(3, 5), (5,), (3, 1), (2, 3, 5)]),
       st.sampled_from([dtypes.float32, dtypes.float64, dtypes.float16]))
@settings(max_examples=8, deadline=None)
def test_fused_equals_unfused_to_rounding(fused, chosen, shape, dtype):
    rng = np.random.default_rng(1)
    first = core.tensor(rng.uniform(-2, 2, (3, 5))).to("opencl", dtype)
    second = core.tensor(rng.uniform(-2, 2, shape)).to("opencl", dtype)
    results = []
    for mode in (False, True):
        with core.opencl.fusion(mode):
            x, y = first, second
            for k in chosen:
                x, y = FLOATING[k](x, y), x
            results.append(x.cpu().numpy().astype(np.float64))
    few = 64 * dtypes.finfo(dtype).eps
    np.testing.assert_allclose(results[1], results[0], rtol=few, atol=few)


def test_a_chain_is_one_launch(launches):
    a = core.rand(40, 30, device="opencl")
    b = core.rand(30, device="opencl")
    launches()
    y = ((a * 1.7 + b).tanh() * a - a.sigmoid()) / (a.abs() + b)
    assert launches() == []
    values = y.cpu().numpy()
    assert len(launches()) == 1
    x, z = a.cpu().numpy(), b.cpu().numpy()
    expected = (np.tanh(x * np.float32(1.7) + z) * x - 1 / (1 + np.exp(-x))) / (np.abs(x) + z)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("shape", "dims"), [
    ((100, 200), (0, 1)), ((100, 200), (0,)), ((100, 200), (1,)), ((70000,), (0,)),
    ((7, 3000, 5), (1,)), ((7, 30, 5), (0, 2)), ((), ()), ((0, 3), (0,)), ((3, 0), (0,))])
@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float16, dtypes.int32], ids=str)
def test_a_reduction_computes_what_it_folds(launches, shape, dims, dtype):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-3, 4, shape).astype(dtype.numpy) for _ in range(2))
    a, b = (core.tensor(v, device="opencl") for v in (x, y))
    launches()
    squares = (a - b) * (a - b)
    values = squares.sum(dims, keepdim=True).cpu().numpy()
    expected = ((x - y).astype(np.float64) ** 2).sum(axis=dims, keepdims=True)
    with np.errstate(over="ignore"):  # float16 has no such numbers: inf there and here
        np.testing.assert_array_equal(values, expected.astype(dtype.numpy))
    names = launches()
    assert not x.size or all(name.startswith("r_sum") for name in names), names
    largest = squares.amax(dims).cpu().numpy() if x.size else None  # read again: stored
    assert not x.size or any(not name.startswith("r_") for name in launches())
    if x.size:
        np.testing.assert_array_equal(largest, ((x - y) ** 2).max(axis=dims))
    np.testing.assert_array_equal(squares.cpu().numpy(), (x - y) ** 2)


def test_a_reduction_of_gaps_and_of_what_others_wait_for(launches):
    a = core.arange(24.0).reshape(4, 6).to("opencl")
    launches()
    assert (a.t() * 2).sum().cpu().item() == 552.0
    waiting = a + 1
    other = waiting * 3
    launches()
    assert waiting.sum().cpu().item() == 300.0
    assert len([n for n in launches() if not n.startswith("r_")]) == 1
    a.zero_()
    assert other.cpu().sum().item() == 900.0
    doubled = a + 2
    total = doubled.sum()
    a.fill_(5)
    assert total.cpu().item() == 48.0
    assert doubled.cpu().tolist() == [[2.0] * 6] * 4


def test_what_is_still_wanted_is_stored_by_the_same_launch(launches):
    a = core.tensor([1.0, 2.0, 3.0]).to("opencl")
    launches()
    kept = a * 2
    y = (kept + 1) * kept
    assert y.cpu().tolist() == [6.0, 20.0, 42.0]
    assert len(launches()) == 1
    assert kept.cpu().tolist() == [2.0, 4.0, 6.0]
    assert launches() == []


def test_what_nobody_wants_is_not_computed(launches):
    a = core.ones(3, device="opencl")
    launches()
    y = a * 2
    del y
    core.opencl.synchronize()
    assert launches() == []
    z = a * 3
    core.opencl.synchronize()
    assert len(launches()) == 1
    assert z.cpu().tolist() == [3.0] * 3


def test_a_value_that_two_chains_wait_for_is_computed_once(launches):
    a = core.ones(3, device="opencl")
    launches()
    shared = a.exp() * 2
    first, second = shared + 1, shared - 1
    del shared
    first.cpu()
    assert "exp" in "".join(launches())
    second.cpu()
    assert "exp" not in "".join(launches())


def test_writing_first_runs_what_waits_to_read(fused):
    base = core.arange(6.0).to("opencl")
    doubled = base * 2
    row = base.reshape(2, 3)[1]
    row_plus = row + 1
    inside = (doubled + row_plus.sum()) * 0 + doubled
    base.fill_(-1.0)
    assert doubled.cpu().tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert row_plus.cpu().tolist() == [4.0, 5.0, 6.0]
    assert inside.cpu().tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    waiting = row * 3
    del doubled
    base.add_(waiting.sum())
    assert waiting.cpu().tolist() == [-3.0] * 3
    assert base.cpu().tolist() == [-10.0] * 6


def test_a_dropped_link_of_a_chain_does_not_hide_its_reader(fused):
    base = core.ones(4, device="opencl")
    link = base * 2
    end = link + 1
    del link
    base.zero_()
    assert end.cpu().tolist() == [3.0] * 4


def test_long_chains_run_in_parts(launches):
    x = core.zeros(10, device="opencl")
    launches()
    for _ in range(200):
        x = x + 1
    assert x.cpu().tolist() == [200.0] * 10
    names = launches()
    assert 2 < len(names) <= 20
    assert len(set(names)) <= 3


def test_more_arguments_than_the_device_takes(fused):
    shape = (2, 3, 2, 3, 2)
    parts = [core.full(shape, float(k)).to("opencl") for k in range(40)]
    views = [p.transpose(0, 4).transpose(1, 3) for p in parts]
    total = views[0]
    kept = []
    for v in views[1:]:
        total = total + v
        kept.append(total)
    assert total.cpu().numpy().tolist() == np.full(shape[::-1], 780.0).tolist()
    assert kept[4].cpu().numpy().tolist() == np.full(shape[::-1], 15.0).tolist()


def test_kernels_are_known_by_structure(fused):
    fused.fuser.at_once = True

    def chain(rows, columns, number):
        a = core.ones(rows, columns, device="opencl")
        return ((a + number) * a - core.ones(columns, device="opencl")).cpu()
    chain(3, 70, 1.0)
    before = len(fused.generator)
    for n in range(5, 12):
        chain(n, 70 + n, float(n))
    assert len(fused.generator) == before


def test_memory_of_operands_is_let_go(fused):
    pool = fused.runtime.pool
    gc.collect()
    core.opencl.synchronize()
    before = pool.statistics()["allocated_bytes"]
    x = core.ones(1 << 18, device="opencl")
    y = (x + 1) * 2
    del x
    assert y.cpu().numpy()[-1] == 4.0
    assert pool.statistics()["allocated_bytes"] - before <= 1 << 20
    z = core.ones(1 << 20, device="opencl")[:10] + 1  # a small result must not keep a large block
    assert pool.statistics()["allocated_bytes"] - before <= (1 << 20) + 256
    for _ in range(5000):
        y * 3
    assert len(fused.fuser.waiting) <= 1100
    del y, z
    assert pool.statistics()["allocated_bytes"] == before


def test_a_block_with_very_many_readers(fused):
    x = core.arange(4.0).to("opencl")
    readers = [x * k for k in range(300)]
    x.zero_()
    for k, y in enumerate(readers):
        assert y.cpu().tolist() == [0.0, k, 2.0 * k, 3.0 * k]


def test_threads_share_what_waits(fused):
    x = core.arange(1000.0).to("opencl")
    shared = [x * k + 1 for k in range(20)]
    failures = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(30):
            k, j = (int(n) for n in rng.integers(0, 20, 2))
            found = (shared[k] - shared[j]).cpu().numpy()
            if not np.array_equal(found, np.arange(1000.0, dtype=np.float32) * (k - j)):
                failures.append((k, j))
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []


def test_wrong_numbers_and_shapes_fail_where_they_stand(fused):
    x = core.arange(5).to("opencl")
    with pytest.raises((RuntimeError, OverflowError)):
        x + 2**70
    with pytest.raises(RuntimeError, match="broadcast"):
        x + core.ones(3, device="opencl")


def test_an_error_stays_with_the_result_that_has_it(fused, declare, capsys):
    broken = fused.elementwise(declare("broken", "no_such_function(input)"), (dtypes.float32,),
                               dtypes.float32, (dtypes.float32,))
    x = core.ones(3, device="opencl")
    bad, good = broken(x._data), x + 1
    with pytest.raises(RuntimeError, match="did not compile"):
        core.opencl.synchronize()
    core.opencl.synchronize()
    many = [x * k for k in range(100)]
    assert [y[0].item() for y in many] == list(range(100))
    assert good.cpu().tolist() == [2.0] * 3
    with pytest.raises(RuntimeError, match="did not compile"):
        x.zero_()  # what still waits to read x can't be computed
    assert x.cpu().tolist() == [1.0] * 3
    with pytest.raises(RuntimeError, match="did not compile"):
        fused.to_numpy(bad)
    del bad
    gc.collect()
    assert x.zero_().cpu().tolist() == [0.0] * 3


def test_the_switch(fused):
    x = core.ones(3, device="opencl")
    with core.opencl.fusion(False):
        assert (x + 1)._data.node is None
    assert (x + 1)._data.node is not None
    with pytest.raises(ValueError, match="True, False or 'auto'"):
        core.opencl.fusion("always")
    assert backends.Fusion.mode is True


def test_kernels_are_shown(fused, capsys):
    core.opencl.show_fusion()
    try:
        for _ in range(2):
            (core.ones(3, device="opencl") * 2 - 1).floor().ceil().cpu()
    finally:
        core.opencl.show_fusion(False)
    shown = capsys.readouterr().err
    assert shown.count("__kernel") == 1
    assert "mul_sub_floor_ceil" in shown


def test_cpu_devices_compile_only_what_comes_often(fused):
    fuser = fused.fuser
    with core.opencl.fusion("auto"):
        if not fused.runtime.is_cpu:
            pytest.skip("a GPU compiles at the first use")
        assert (core.ones(8, device="opencl") + 1)._data.node is None
        x = core.ones(1 << 20, device="opencl")
        built = fuser.built
        for _ in range(400):
            y = (x + 1).ceil() * 2 - x.floor()
            y.cpu()
            if fuser.built > built:
                break
        else:
            pytest.fail("no kernel was made")
        assert y.cpu().numpy()[0] == 3.0
