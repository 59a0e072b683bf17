"""Storage methods, resizing, Python functions over elements, and types by name."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from facula import core


def test_views_share_a_storage(device):
    x = core.zeros(3, 4, device=device)
    y = x[1, 1:]
    assert y.storage_offset() == 5
    assert y.data_ptr() - x.data_ptr() == 5 * 4
    assert y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    assert y.untyped_storage().nbytes() >= 48
    assert len(x.untyped_storage()) == x.untyped_storage().size()
    assert x.T.T.is_set_to(x)
    assert not x.T.is_set_to(x)
    assert x.clone().untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
    assert core.zeros(0, device=device).data_ptr() == 0


def test_a_reversed_array_begins_at_its_end():
    x = core.from_numpy(np.arange(4.0)[::-1])
    assert x.storage_offset() == 3
    assert x.untyped_storage().nbytes() == 32


@pytest.mark.parametrize("d", [core.float32, core.int64, core.bfloat16], ids=str)
def test_resizing_keeps_what_was_there(d, device):
    x = core.arange(6, device=device).to(d)
    assert x.resize_(2, 2) is x
    assert x.tolist() == [[0, 1], [2, 3]]
    assert x.resize_((6,)).tolist() == [0, 1, 2, 3, 4, 5]  # the memory was still there
    x.resize_(4, 50)
    assert x.shape == (4, 50)
    assert x.flatten()[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert x.resize_as_(core.zeros(3, 2)).tolist() == [[0, 1], [2, 3], [4, 5]]
    x.resize_(0, 3)
    assert x.shape == (0, 3)


def test_set_takes_over_memory(device):
    source = core.arange(6.0, device=device)
    x = core.zeros(2, device=device).set_(source)
    source[0] = 7.0
    assert x.tolist() == [7, 1, 2, 3, 4, 5]
    x.set_(source.untyped_storage(), 1, (2, 2), (1, 2))
    assert x.tolist() == [[1, 3], [2, 4]]
    assert x.set_().shape == (0,)
    with pytest.raises(RuntimeError, match=r"set_: size .* beyond the memory"):
        x.set_(source, 4, (1000,))
    with pytest.raises(RuntimeError, match="set_: the source has int64"):
        x.set_(core.arange(2, device=device))
    with pytest.raises(TypeError, match="set_: source must be a Tensor"):
        x.set_([1.0])


def test_writing_counts_for_both_after_set():
    source, x = core.zeros(2), core.zeros(2)
    x.set_(source)
    x.add_(1)
    assert source._version.count == x._version.count


def test_python_functions_over_elements():
    x = core.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.T.apply_(lambda v: v * 2).tolist() == [[2, 6], [4, 8]]
    assert x.tolist() == [[2, 4], [6, 8]]
    assert x.map_(core.tensor([1.0, 2.0]), lambda a, b: a + b).tolist() == [[3, 6], [7, 10]]


def test_python_functions_need_host_memory(device):
    if device == "cpu":
        pytest.skip("is about the other devices")
    with pytest.raises(TypeError, match="apply_: a Python function needs host memory"):
        core.ones(2, device=device).apply_(abs)
    with pytest.raises(RuntimeError, match="share_memory_: the tensor is on opencl"):
        core.ones(2, device=device).share_memory_()


def test_types_by_name(device):
    place = "" if device == "cpu" else "opencl."
    for name, d in (("FloatTensor", core.float32), ("LongTensor", core.int64),
                    ("BFloat16Tensor", core.bfloat16), ("BoolTensor", core.bool)):
        x = core.ones(2, device=device).to(d)
        assert x.type() == f"facula.{place}{name}"
        assert core.zeros(2, device=device).type(x.type()).dtype is d
        assert core.zeros(2, device=device).type(d).device == x.device
    with pytest.raises(ValueError, match=r"type: 'facula\.Tensor' is no tensor type"):
        x.type("facula.Tensor")


def test_shared_memory_is_shared():
    x = core.arange(3.0)
    assert not x.is_shared()
    assert x.share_memory_() is x
    assert x[1:].is_shared()
    assert x.untyped_storage().is_shared()
    assert x.tolist() == [0, 1, 2]


def test_attributes(device):
    x = core.zeros(2, 3, 4, device=device)
    assert x.layout is core.strided
    assert repr(x.layout) == "facula.strided"
    assert x.is_cpu is (device == "cpu")
    assert x.get_device() == (-1 if device == "cpu" else 0)
    assert x.permute(2, 0, 1).dim_order() == (1, 2, 0)
    assert not (x.is_meta or x.is_sparse or x.is_quantized or x.is_inference() or x.is_pinned())


def test_without_opencl_nothing_can_be_pinned():
    program = """
        import sys
        sys.modules["pyopencl"] = None
        from facula import core
        x = core.ones(3)
        assert not x.is_pinned()
        try:
            x.pin_memory()
        except RuntimeError as error:
            sys.exit("pip install" not in str(error))
        sys.exit(2)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
