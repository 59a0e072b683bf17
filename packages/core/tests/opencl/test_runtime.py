"""The runtime: memory pool, threads, fork, transfers, and what is built when."""

import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from facula.core import dtypes, opencl
from facula.core.backends.opencl.memory import Pool, size_class


def test_importing_core_does_not_import_pyopencl():
    code = "import sys, facula.core; sys.exit('pyopencl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestPool:
    def test_sizes_waste_at_most_a_quarter(self):
        for n in [0, 1, 256, 257, 1000, 4096, 4097, 10**6, 123_456_789]:
            size = size_class(n)
            assert size >= n
            assert size <= max(256, n * 1.25 + 256)
            assert size_class(size) == size

    def test_memory_comes_back_by_reference_count(self, backend):
        backend.synchronize()
        gc.collect()
        before = opencl.memory_allocated()
        x = backend.full((1000, 1000), 1.0, dtypes.float32)
        assert opencl.memory_allocated() >= before + 4_000_000
        view = x[3:]
        del x
        assert opencl.memory_allocated() >= before + 4_000_000
        del view
        assert opencl.memory_allocated() == before

    def test_freed_memory_is_used_again(self, backend):
        backend.full((500, 500), 1.0, dtypes.float32)
        reserved = opencl.memory_reserved()
        for _ in range(50):
            backend.full((500, 500), 2.0, dtypes.float32)
        assert opencl.memory_reserved() == reserved

    def test_empty_cache_gives_unused_memory_back(self, backend):
        backend.full((700, 700), 1.0, dtypes.float32)
        opencl.empty_cache()
        assert opencl.memory_reserved() == opencl.memory_allocated()

    def test_peaks(self, backend):
        opencl.reset_peak_memory_stats()
        low = opencl.max_memory_allocated()
        backend.full((1 << 20,), 1.0, dtypes.float32)
        assert opencl.max_memory_allocated() >= low + (4 << 20)

    def test_out_of_memory_trims_and_then_says_how_much(self):
        given, finished = [], []

        def allocate(size):
            if sum(given) + size > 4096:
                raise MemoryError
            given.append(size)
            return object()

        pool = Pool(allocate, lambda: finished.append(True), limit=1 << 20)
        blocks = [pool.take(1024) for _ in range(4)]
        with pytest.raises(MemoryError, match=r"2048 bytes were asked for, 4096 are held"):
            pool.take(2048)
        assert finished
        del blocks
        assert pool.free == 4096
        pool.trim()
        assert pool.reserved == 0


def test_arrays_larger_than_a_buffer_may_be_are_refused(backend):
    with pytest.raises(MemoryError, match="one buffer may have at most"):
        backend.empty((1 << 45,), dtypes.float32)


def test_threads_share_kernels_safely(backend, declare):
    op = declare("mul", "input * other", ("input", "other"))
    kernel = backend.elementwise(op, (dtypes.float32, float), dtypes.float32, (dtypes.float32,))
    wrong = []

    def work(k):
        x = backend.full((1000,), k, dtypes.float32)
        for i in range(100):
            out = kernel(x, float(i))
            if i % 20 == 0 and not (backend.to_numpy(out) == k * i).all():
                wrong.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_uploads_do_not_see_later_changes(backend):
    a = np.zeros(100_000, np.float32)
    arrays = []
    for i in range(20):
        a[:] = i
        arrays.append(backend.from_numpy(a))
    for i, data in enumerate(arrays):
        assert (backend.to_numpy(data) == i).all()


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.complex128, np.bool_, np.float16])
def test_transfers_of_any_layout(backend, dtype):
    a = np.arange(60).reshape(3, 4, 5).astype(dtype)
    for x in (a, a.T, a[:, ::2], a[1:, 2], a[0, 0, 0], a[:0]):
        np.testing.assert_array_equal(backend.to_numpy(backend.from_numpy(x)), x)
    data = backend.from_numpy(a)
    np.testing.assert_array_equal(backend.to_numpy(data.transpose((2, 0, 1))[1:, ::2]),
                                  a.transpose(2, 0, 1)[1:, ::2])


def test_basic_indexing_is_numpys(backend):
    a = np.arange(120).reshape(4, 5, 6)
    data = backend.from_numpy(a)
    for index in [0, -1, slice(1, 3), (slice(None), 2), (..., -2), (None, 1, ..., None),
                  (slice(None, None, 3), slice(4, 1)), (1, 2, 3), ()]:
        np.testing.assert_array_equal(backend.to_numpy(data[index]), a[index])
    with pytest.raises(IndexError, match="out of range"):
        data[4]
    with pytest.raises(IndexError, match="too many"):
        data[0, 0, 0, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_gets_an_error_and_no_hang(backend):
    x = backend.full((10,), 1.0, dtypes.float32)
    parent, child = multiprocessing.Pipe(duplex=False)
    process = os.fork()
    if not process:
        try:
            backend.copy(x)
            child.send("no error")
        except RuntimeError as error:
            child.send(str(error))
        finally:
            os._exit(0)
    assert parent.poll(20), "the child hangs"
    assert "spawn" in parent.recv()
    os.waitpid(process, 0)
    np.testing.assert_array_equal(backend.to_numpy(x), np.ones(10))


def test_a_failing_build_prints_the_source_and_the_log(backend, declare, capsys):
    kernel = backend.elementwise(declare("broken", "no_such_function(input)"), (dtypes.float32,),
                                 dtypes.float32, (dtypes.float32,))
    with pytest.raises(RuntimeError, match="did not compile"):
        backend.to_numpy(kernel(backend.full((3,), 1.0, dtypes.float32)))
    shown = capsys.readouterr().err
    assert "no_such_function" in shown
    assert "__kernel" in shown


def test_shapes_do_not_multiply_kernels(backend, declare):
    op = declare("add", "input + other", ("input", "other"))
    kernel = backend.elementwise(op, (dtypes.float32,) * 2, dtypes.float32, (dtypes.float32,))
    backend.to_numpy(kernel(backend.full((7, 100), 1, dtypes.float32),
                            backend.full((100,), 1, dtypes.float32)))
    before = len(backend.generator)
    for n in range(70, 120, 7):
        kernel(backend.full((n, n), 1, dtypes.float32), backend.full((n,), 1, dtypes.float32))
    assert len(backend.generator) == before


def test_without_pyopencl_the_error_says_what_to_install():
    code = textwrap.dedent("""
        import sys
        sys.modules["pyopencl"] = None
        from facula.core.backends import opencl
        assert opencl.device_count() == 0
        try:
            opencl.get_backend(0)
        except RuntimeError as error:
            sys.exit("facula-core[opencl]" not in str(error))
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_device_that_does_not_exist_is_named(backend):
    with pytest.raises(RuntimeError, match="opencl:99 does not exist: this machine has opencl:0"):
        opencl.get_device_name(99)


def test_events_measure_time(backend):
    start, end = (opencl.Event(enable_timing=True) for _ in range(2))
    with pytest.raises(RuntimeError, match="recorded"):
        start.elapsed_time(end)
    start.record()
    backend.full((1 << 20,), 1.0, dtypes.float32)
    end.record()
    assert 0 <= start.elapsed_time(end) < 10_000
    assert end.query()
