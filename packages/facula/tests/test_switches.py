"""PyTorch's switches and marks, which programs set and which change nothing here."""

import multiprocessing

import pytest

import facula
from facula import backends, compiler, jit
from facula import multiprocessing as mp


def test_switches_can_be_set_and_read() -> None:
    assert facula.backends.cudnn.benchmark is False
    with backends.cudnn.flags(enabled=False, benchmark=True):
        assert backends.cudnn.benchmark and not backends.cudnn.enabled
    assert backends.cudnn.enabled and not backends.cudnn.benchmark
    assert backends.cuda.matmul.allow_tf32 is False
    backends.cuda.matmul.allow_tf32 = True
    assert facula.get_float32_matmul_precision() == "high"
    backends.cuda.matmul.allow_tf32 = False
    assert facula.get_float32_matmul_precision() == "highest"
    with backends.cuda.sdp_kernel(enable_flash=False, enable_math=False):
        assert not backends.cuda.flash_sdp_enabled() and not backends.cuda.math_sdp_enabled()
        assert backends.cuda.mem_efficient_sdp_enabled() and backends.cuda.cudnn_sdp_enabled()
    assert backends.cuda.flash_sdp_enabled()
    for library in ("mps", "mkl", "mkldnn", "openmp", "opt_einsum", "cudnn"):
        assert getattr(backends, library).is_available() is False
    assert backends.cuda.is_built() == facula.cuda.is_available()
    assert facula.distributed.is_available() is facula.distributed.is_initialized() is False
    assert facula.version.cuda is None


def test_marks_give_back_what_they_mark() -> None:
    net = facula.nn.Linear(2, 2)
    assert jit.script(net) is jit.trace(net, facula.ones(1, 2)) is jit.freeze(net) is net
    for mark in (jit.export, jit.unused, jit.ignore, jit.ignore(drop=True),
                 jit.script_if_tracing, compiler.disable, compiler.disable(recursive=False),
                 compiler.allow_in_graph, compiler.set_stance("eager_on_recompile")):
        assert mark(len) is len
    assert not (jit.is_scripting() or jit.is_tracing() or compiler.is_compiling())
    for call in (lambda: jit.save(net, "net.pt"), lambda: jit.load("net.pt")):
        with pytest.raises(NotImplementedError, match="TorchScript"):
            call()


def test_the_accelerator_is_the_opencl_device() -> None:
    if facula.accelerator.is_available():
        assert facula.accelerator.current_accelerator().type == "opencl"
        assert facula.accelerator.get_memory_info()[1] > 0
    else:
        assert facula.accelerator.current_accelerator() is None
    assert facula.accelerator.device_count() == facula.opencl.device_count()


@pytest.mark.parametrize(("name", "why"), [
    ("sparse_coo_tensor", "no sparse tensors"), ("quantize_per_tensor", "no quantized"),
    ("onnx", "no export to ONNX"), ("mps", "'opencl'")])
def test_what_there_is_not_says_so(name: str, why: str) -> None:
    assert not hasattr(facula, name)
    with pytest.raises(AttributeError, match=why):
        getattr(facula, name)


def test_distributed_names_say_that_there_is_none() -> None:
    with pytest.raises(AttributeError, match="no training over several processes"):
        facula.distributed.init_process_group  # noqa: B018


def _add(number: int, total: "multiprocessing.Value", step: int) -> None:
    with total.get_lock():
        total.value += step * number


def _fail(number: int) -> None:
    raise SystemExit(3)


def test_processes_are_pythons_own() -> None:
    assert mp.Process is multiprocessing.Process
    total = mp.get_context("fork").Value("i", 0)
    assert mp.spawn(_add, (total, 10), nprocs=3, start_method="fork") is None
    assert total.value == 30
    started = mp.start_processes(_add, (total, 1), nprocs=2, join=False, start_method="fork")
    assert started is not None and started.join()
    assert total.value == 31
    with pytest.raises(RuntimeError, match="exit code 3"):
        mp.spawn(_fail, nprocs=1, start_method="fork")
    mp.set_sharing_strategy("file_system")
    assert mp.get_sharing_strategy() in mp.get_all_sharing_strategies()
    with pytest.raises(ValueError, match="file_system"):
        mp.set_sharing_strategy("magic")
