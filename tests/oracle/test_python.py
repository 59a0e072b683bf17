"""Python's protocols on tensors, and DLPack between the libraries, against PyTorch."""

import math

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

# `L` is the library.
EXPRESSIONS = """
list(reversed(L.tensor([[1, 2], [3, 4]])))
reversed(L.tensor(3))
2 ** L.tensor([1, 2])
2.0 ** L.tensor([1, 2])
L.tensor(2) ** L.tensor([1, 2])
3 in L.tensor([1, 2, 3])
4.5 in L.tensor([1, 2, 3])
format(L.tensor(3.14159), ".2f")
f"{L.tensor([1, 2])}"
complex(L.tensor(1 + 2j))
int(L.tensor(3.7))
[1, 2, 3][L.tensor(1)]
len(L.tensor([[1, 2]]))
L.tensor([1.0, 2.0]) // 0.0
5 // L.tensor([2])
5 % L.tensor([3])
5.5 % L.tensor([-3])
1 << L.tensor([3])
~L.tensor([True, False])
~L.tensor([5])
L.tensor([1.0, 2.0]).__rsub__(1)
1 / L.tensor([4])
True & L.tensor([True])
L.tensor(5).__index__()
abs(L.tensor([-1]))
L.round(L.tensor([1.25, 2.5]), decimals=1)
math.floor(L.tensor(1.5))
L.ones(2) == None
L.ones(2) != "a"
L.tensor([[1, 2], [3, 4]]).mT
sorted(L.tensor([2, 1]))
[row.tolist() for row in L.tensor([[1, 2], [3, 4]])]
tuple(L.ones(2, 3).shape)
L.Tensor([1, 2])
L.Tensor(2, 3).shape
L.Tensor().shape
L.ones(2, 3).size(-1), L.ones(2, 3).stride(0)
L.ones(2, 3, 4)[1, 2:].storage_offset()
L.ones(2, 3, 4).permute(2, 0, 1).dim_order()
L.ones(2).element_size(), L.ones(2).nbytes, L.ones(2).itemsize
L.ones(2, 3).T.is_set_to(L.ones(2, 3))
L.tensor([1, 2]).type()
L.tensor([1, 2]).type(L.float64)
L.arange(6).resize_(2, 2)
L.arange(3.0).apply_(lambda v: v * 2)
L.arange(3.0).map_(L.ones(3), lambda a, b: a - b)
L.zeros(3).set_(L.arange(5.0).untyped_storage(), 1, (2, 2), (2, 1))
L.ones(2).get_device(), L.ones(2).is_cpu, L.ones(2).is_meta, L.ones(2).is_sparse
L.ones(2).untyped_storage().nbytes()
L.ones(2).where(L.tensor([True, False]), L.zeros(2))
"""
REFUSED = """
"a" in L.tensor([1.0])
len(L.tensor(3))
iter(L.tensor(3))
bool(L.tensor([]))
bool(L.ones(2))
int(L.ones(2))
[1, 2][L.tensor(0.5)]
L.ones(2) < "a"
2 @ L.ones(2)
L.tensor(3)[0]
L.ones(2).apply_(lambda v: "a")
L.ones(2, requires_grad=True).resize_(3)
L.ones(2).set_(L.arange(2))
del_(L.ones(2))
"""


def del_(t):
    del t[0]


def evaluated(lib, text):
    return eval(text, {"L": lib, "math": math, "del_": del_})


def texts(lib, value):
    return repr(value).replace(f"{lib.__name__}.", "")


@pytest.mark.parametrize("text", [line for line in EXPRESSIONS.split("\n") if line])
def test_expressions(text):
    ours, theirs = evaluated(facula, text), evaluated(torch, text)
    assert texts(facula, ours) == texts(torch, theirs)


@pytest.mark.parametrize("text", [line for line in REFUSED.split("\n") if line])
def test_refusals(text):
    for lib in (facula, torch):
        with pytest.raises((TypeError, ValueError, IndexError, RuntimeError)):
            evaluated(lib, text)


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
          "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_shares_memory_with_pytorch_both_ways(dtype):
    ours = facula.arange(6).reshape(2, 3).to(getattr(facula, dtype)).T
    theirs = torch.from_dlpack(ours)
    assert theirs.dtype == getattr(torch, dtype)
    assert theirs.shape == (3, 2)
    assert theirs.data_ptr() == ours.data_ptr()
    back = facula.from_dlpack(theirs)
    assert back.dtype is ours.dtype
    assert back.data_ptr() == ours.data_ptr()
    theirs[0, 0] = 1
    assert back.to(facula.float32).tolist() == ours.to(facula.float32).tolist()
    assert ours[0, 0].item() == 1


def test_capsules_go_both_ways():
    theirs = torch.arange(3.0)
    ours = facula.from_dlpack(torch.utils.dlpack.to_dlpack(theirs))
    ours[0] = 5.0
    assert theirs[0] == 5.0
    assert torch.utils.dlpack.from_dlpack(facula.to_dlpack(ours)).tolist() == [5, 1, 2]


def test_what_requires_grad_is_not_exported():
    for lib in (facula, torch):
        with pytest.raises(BufferError):
            np.from_dlpack(lib.ones(2, requires_grad=True))


def test_pytorch_refuses_memory_on_opencl(device):
    if device == "cpu":
        pytest.skip("is about the other devices")
    with pytest.raises(BufferError, match="use cpu"):
        torch.from_dlpack(facula.ones(2, device=device))
