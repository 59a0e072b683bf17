"""Names that PyTorch's programs use beside tensors: constants, layouts, types, devices, streams."""

import math
import pickle

import numpy as np
import pytest

from facula import core
from facula.core import cuda, opencl

FORMATS = (core.channels_last, core.contiguous_format, core.preserve_format)


def test_constants() -> None:
    assert (core.pi, core.e, core.inf) == (math.pi, math.e, math.inf)
    assert math.isnan(core.nan)
    assert core.zeros(3)[:, core.newaxis].shape == (3, 1)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_memory_formats_are_accepted(form: core.memory_format, device: str) -> None:
    x = core.tensor(np.arange(24.0).reshape(1, 2, 3, 4), device=device)
    for y in (x.to(memory_format=form), x.contiguous(memory_format=form),
              x.clone(memory_format=form), x.to(core.float64, memory_format=form),
              x.double(memory_format=form), x.cpu(memory_format=form)):
        np.testing.assert_array_equal(y.cpu().numpy(), x.cpu().numpy())
    assert core.empty_like(x, memory_format=form).shape == x.shape
    assert core.zeros(2, layout=core.strided, pin_memory=False, device=device).device == x.device
    assert pickle.loads(pickle.dumps(form)) is form


def test_a_tensor_says_whether_it_lies_in_a_format() -> None:
    x = core.zeros(2, 3, 4, 5)
    assert x.is_contiguous(memory_format=core.contiguous_format)
    assert not x.is_contiguous(memory_format=core.channels_last)
    last = core.zeros(2, 4, 5, 3).permute(0, 3, 1, 2)
    assert last.is_contiguous(memory_format=core.channels_last)
    assert not last.is_contiguous()
    assert not core.zeros(3).is_contiguous(memory_format=core.channels_last)


@pytest.mark.parametrize("call", [
    lambda: core.zeros(1, memory_format=1), lambda: core.zeros(1, layout="strided"),
    lambda: core.ones(1).sin(memory_format=core.channels_last),
    lambda: core.ones(1).clone(pin_memory=True)])
def test_where_a_layout_is_no_argument_it_is_refused(call) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        call()


def test_tensor_types_make_and_tell_tensors() -> None:
    assert core.FloatTensor(2, 3).shape == (2, 3)
    assert core.LongTensor(np.arange(3)).dtype is core.int64
    assert core.DoubleTensor([1, 2]).tolist() == [1.0, 2.0]
    assert core.ByteTensor().shape == (0,)
    assert core.FloatTensor(core.Size((2,))).shape == (2,)
    x = core.zeros(2, dtype=core.int64)
    assert isinstance(x, core.LongTensor) and not isinstance(x, core.FloatTensor)
    assert not isinstance(x, cuda.LongTensor) and not isinstance(np.zeros(2), core.DoubleTensor)
    assert x.type(core.FloatTensor).type() == "facula.FloatTensor"
    assert x.new(3).dtype is core.int64 and x.new([4, 5]).tolist() == [4, 5]
    with pytest.raises(TypeError, match="FloatTensor: takes one argument"):
        core.FloatTensor([1.0], [2.0])


def test_the_default_tensor_type() -> None:
    try:
        core.set_default_tensor_type("facula.DoubleTensor")
        assert core.zeros(1).dtype is core.float64
        core.set_default_tensor_type(core.FloatTensor)
        assert core.zeros(1).dtype is core.float32
    finally:
        core.set_default_dtype(core.float32)
    for wrong in ("facula.LongTensor", core.LongTensor, core.float64, "Tensor"):
        with pytest.raises(TypeError, match="set_default_tensor_type"):
            core.set_default_tensor_type(wrong)


def test_a_device_is_a_block_for_new_tensors(device: str) -> None:
    before = core.get_default_device()
    with core.device(device), core.device(device):
        assert core.zeros(1).device == core.zeros(1, device=device).device
        with core.device("cpu"):
            assert core.rand(2).is_cpu
        assert core.ones(1).device == core.zeros(1, device=device).device
    assert core.get_default_device() == before
    assert core.device(1) == core.device("opencl:1")


def test_cudas_names_need_no_gpu() -> None:
    core.manual_seed(5)
    expected = core.rand(3).tolist()
    core.manual_seed(5)
    cuda.init()
    cuda.ipc_collect()
    cuda.set_device(0)
    with cuda.stream(cuda.Stream()), cuda.device(0):
        cuda.current_stream().wait_stream(cuda.default_stream())
    assert core.rand(3).tolist() == expected
    assert cuda.is_initialized() == cuda.is_bf16_supported() == cuda.is_available()
    assert len(cuda.get_rng_state_all()) == cuda.device_count()
    assert issubclass(MemoryError, cuda.OutOfMemoryError)


@pytest.mark.skipif(cuda.is_available(), reason="there is a GPU that is seeded")
def test_seeding_a_missing_gpu_leaves_the_generator_alone() -> None:
    core.manual_seed(5)
    core.rand(2)
    state = core.get_rng_state().tolist()
    cuda.manual_seed(1)
    cuda.manual_seed_all(1)
    assert core.get_rng_state().tolist() == state


def test_streams_are_the_one_queue() -> None:
    if opencl.is_available():
        stream = cuda.Stream("opencl")
        assert stream.record_event().query() in (True, False)
    assert cuda.Stream().query()


X = core.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(("named", "plain"), [
    (lambda: core.zeros(size=(2, 3), dtype=core.int8), lambda: core.zeros(2, 3, dtype=core.int8)),
    (lambda: core.ones(size=[2], pin_memory=False), lambda: core.ones(2)),
    (lambda: X.new_full(size=(2,), fill_value=1), lambda: X.new_full((2,), 1)),
    (lambda: X.permute(dims=(2, 0, 1)), lambda: X.permute(2, 0, 1)),
    (lambda: core.permute(input=X, dims=(2, 0, 1)), lambda: X.permute(2, 0, 1)),
    (lambda: core.reshape(input=X, shape=(6, 4)), lambda: X.reshape(6, 4)),
    (lambda: X[:1].expand(size=(5, 3, 4)), lambda: X[:1].expand(5, 3, 4)),
    (lambda: X.repeat(repeats=(1, 2, 1)), lambda: X.repeat(1, 2, 1)),
    (lambda: core.flip(input=X, dims=(0, 1)), lambda: core.flip(X, (0, 1))),
    (lambda: core.broadcast_to(X[:1], size=(2, 3, 4)), lambda: X[:1].expand(2, 3, 4)),
    (lambda: core.arange(end=3), lambda: core.arange(3)),
])
def test_sizes_may_be_named(named, plain) -> None:
    found, expected = named(), plain()
    assert found.dtype is expected.dtype
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


@pytest.mark.parametrize("call", [
    lambda: core.zeros(2, size=(2,)), lambda: core.zeros(sizes=(2,)), lambda: core.arange(),
    lambda: core.permute(other=X, dims=(0, 2, 1)), lambda: X.permute(0, 1, 2, dims=(0, 1, 2))])
def test_what_is_named_wrongly_is_refused(call) -> None:
    with pytest.raises(TypeError, match=r"argument|arange: the end is missing"):
        call()
