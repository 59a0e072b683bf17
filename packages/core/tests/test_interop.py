"""NumPy's protocols and DLPack: what shares memory, what copies, and what is refused."""

import inspect
import pickle

import ml_dtypes
import numpy as np
import pytest

from facula import core
from facula.core import dtypes

NEW_NUMPY = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
with_versions = pytest.mark.skipif(not NEW_NUMPY, reason="NumPy before 2.1 knows no versions")


def test_array_shares_memory_or_copies_as_asked():
    t = core.arange(3.0)
    assert np.shares_memory(t.__array__(), t.numpy())
    assert not np.shares_memory(t.__array__(copy=True), t.numpy())
    assert np.shares_memory(t.__array__(np.float32, copy=False), t.numpy())
    assert t.__array__(np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="without a copy"):
        t.__array__(np.float64, copy=False)


def test_numpys_operators_leave_the_work_to_the_tensor():
    a, t = np.arange(3.0), core.ones(3, dtype=core.float64)
    for result in (a + t, t + a, a * t, a - t, a / t, a ** t, np.float64(2) * t, a > t):
        assert isinstance(result, core.Tensor)
    assert (a - t).tolist() == [-1, 0, 1]
    assert (np.float64(2) - core.ones(2)).dtype is core.float32


def test_numpys_functions_return_tensors_unless_given_out():
    a, t = np.arange(3.0), core.ones(3)
    assert isinstance(np.exp(t), core.Tensor)
    assert np.exp(t).dtype is core.float32
    assert np.add(a, t).dtype is core.float64
    out = np.zeros(3)
    assert np.add(a, t, out=out) is out
    assert isinstance(np.frexp(core.ones(2))[1], core.Tensor)


@pytest.mark.parametrize("d", [d for d in dtypes.ALL if d is not dtypes.bfloat16], ids=str)
def test_dlpack_shares_memory_with_numpy_both_ways(d):
    t = core.arange(6).reshape(2, 3).to(d).T
    array = np.from_dlpack(t)
    assert array.dtype == d.numpy
    assert np.shares_memory(array, t.numpy())
    if not array.flags.writeable:  # NumPy before 2.1 imports so, and cannot export it
        array = t.numpy()
    back = core.from_dlpack(array)
    assert back.dtype is d
    assert back.tolist() == t.tolist()
    assert back.data_ptr() == t.data_ptr()


def test_bfloat16_goes_through_a_capsule():
    t = core.tensor([1.5, -2.0], dtype=core.bfloat16)
    back = core.from_dlpack(core.to_dlpack(t))
    assert back.dtype is core.bfloat16
    back[0] = 3.0
    assert t.tolist() == [3.0, -2.0]
    assert core.from_dlpack(t).dtype is core.bfloat16
    assert core.from_numpy(np.ones(2, ml_dtypes.bfloat16)).dtype is core.bfloat16


def test_copies_by_dlpack():
    array = np.arange(3.0)
    t = core.from_dlpack(array, copy=True)
    array[0] = 9.0
    assert t.tolist() == [0, 1, 2]
    assert core.from_dlpack(array, copy=False).tolist() == [9, 1, 2]
    assert core.from_dlpack(array[::-1]).tolist() == [2, 1, 9]


@with_versions
def test_read_only_memory_stays_read_only():
    array = np.arange(3.0)
    array.flags.writeable = False
    t = core.from_dlpack(array)
    with pytest.raises(RuntimeError, match="read-only"):
        t[0] = 1.0
    assert not np.from_dlpack(t).flags.writeable
    with pytest.raises(BufferError):  # an importer of before DLPack 1.0 can't be told
        t.__dlpack__()
    copied = core.from_dlpack(core.zeros(2).__dlpack__(max_version=(1, 0), copy=True))
    assert copied.tolist() == [0, 0]


def test_capsules_are_used_once():
    capsule = core.to_dlpack(core.ones(2))
    core.from_dlpack(capsule)
    with pytest.raises(ValueError, match=r"from_dlpack: the capsule is called .* used already"):
        core.from_dlpack(capsule)


def test_what_has_no_dlpack():
    with pytest.raises(TypeError, match="from_dlpack: 3 of type int has no __dlpack__"):
        core.from_dlpack(3)

    class Elsewhere:
        def __dlpack__(self):
            raise AssertionError("it must not be asked")

        def __dlpack_device__(self):
            return 2, 0
    with pytest.raises(BufferError, match=r"from_dlpack: .* device \(2, 0\)"):
        core.from_dlpack(Elsewhere())
    with pytest.raises(BufferError, match="stream=1 is CUDA's"):
        core.ones(2).__dlpack__(stream=1)
    with pytest.raises(BufferError, match="can't export to device"):
        core.ones(2).__dlpack__(dl_device=(2, 0))


def test_devices_by_dlpack(device):
    t = core.arange(3.0, device=device)
    if device == "cpu":
        assert t.__dlpack_device__() == (1, 0)
        return
    assert t.__dlpack_device__() == (4, 0)
    with pytest.raises(BufferError, match="use cpu"):
        t.__dlpack__()
    with pytest.raises(BufferError, match="use cpu"):
        t.__dlpack__(dl_device=(1, 0), copy=False)
    assert core.from_dlpack(t.__dlpack__(dl_device=(1, 0))).tolist() == [0, 1, 2]
    assert core.from_dlpack(np.arange(3.0), device=device).device.type == "opencl"
    with pytest.raises(ValueError, match="is a copy"):
        core.from_dlpack(np.arange(3.0), device=device, copy=False)


def test_public_functions_can_be_pickled() -> None:
    for name in core.__all__:
        value = getattr(core, name)
        if inspect.isfunction(value):
            assert pickle.loads(pickle.dumps(value)) is value, name
