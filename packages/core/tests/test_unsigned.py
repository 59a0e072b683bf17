"""uint16, uint32 and uint64 to the ends of their ranges, against NumPy."""

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest

from facula import core
from facula.core import dtypes

UNSIGNED = ("uint16", "uint32", "uint64")
REAL = [d for d in dtypes.ALL if not d.is_complex]


@pytest.fixture(params=UNSIGNED)
def pair(request, device):
    """Two tensors, and the same as arrays."""
    top = np.iinfo(request.param).max
    a = np.array([0, 1, 7, top, top // 2, top - 1, 3], request.param)
    b = np.array([3, top, 2, 5, top // 2 + 1, top, 3], request.param)
    return core.tensor(a, device=device), core.tensor(b, device=device), a, b


def equal(ours, theirs, dtype=None):
    """Exactly the same numbers and dtype."""
    theirs = np.asarray(theirs) if dtype is None else np.asarray(theirs).astype(dtype)
    assert ours.dtype.name == theirs.dtype.name
    np.testing.assert_array_equal(ours.cpu().numpy(), theirs)


BOTH = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "floor_divide": np.floor_divide,
    "remainder": np.remainder, "fmod": np.fmod, "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor, "maximum": np.maximum,
    "minimum": np.minimum, "gcd": np.gcd, "pow": np.power, "eq": np.equal, "ne": np.not_equal,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "logical_and": np.logical_and, "logical_xor": np.logical_xor,
}


@pytest.mark.parametrize("name", BOTH)
def test_two_operands(name, pair):
    x, y, a, b = pair
    if name in ("floor_divide", "remainder", "fmod"):
        a, x = np.roll(a, 1), x.roll(1)
    equal(getattr(core, name)(x, y), BOTH[name](a, b))
    if hasattr(x, name + "_") and BOTH[name](a, b).dtype == a.dtype:
        equal(getattr(x.clone(), name + "_")(y), BOTH[name](a, b))


def test_one_operand(pair):
    x, _, a, _ = pair
    equal(-x, np.negative(a))
    equal(~x, np.invert(a))
    equal(x.abs(), a)
    equal(x.sign(), np.sign(a))
    equal(x.square(), np.square(a))
    equal(x.trunc(), a)
    equal(x.signbit(), np.zeros(a.shape, bool))
    for count in (0, 1, 15, 8 * a.itemsize - 1):
        equal(x << count, np.left_shift(a, a.dtype.type(count)))
        equal(x >> count, np.right_shift(a, a.dtype.type(count)))
    equal(x << 100, np.zeros_like(a))
    equal(x >> 100, np.zeros_like(a))


def test_numbers_as_operands_wrap(pair):
    x, _, a, _ = pair
    top, one = np.iinfo(a.dtype).max, a.dtype.type(1)
    equal(x + 1, a + one)
    equal(x + top, a - one)
    equal(x - 1, a - one)
    equal(1 - x, one - a)
    equal(x == -1, a == top)
    equal(x == top, a == top)
    equal(x.add_(-1), a - one)
    assert (x + 1.5).dtype is core.float32
    with pytest.raises(RuntimeError, match=r"add: a number is out of range"):
        x + 2**64


def test_reductions(pair):
    x, _, a, _ = pair
    for name in ("amax", "amin"):
        equal(getattr(core, name)(x), getattr(np, name)(a))
    equal(x.sum(), np.sum(a, dtype=np.int64))
    equal(x.sum(dtype=x.dtype), np.sum(a, dtype=a.dtype))
    equal(x.prod(), np.prod(a, dtype=np.int64))
    equal(x.cumsum(0), np.cumsum(a, dtype=np.int64))
    equal(x.cummax(0).values, np.maximum.accumulate(a))
    equal(x.argmax(), np.argmax(a))
    equal(x.argmin(), np.argmin(a))
    equal(x.any(), np.any(a))
    equal(x.count_nonzero(), np.count_nonzero(a))
    np.testing.assert_allclose(x.double().mean().item(), a.astype(float).mean())


def test_orders(pair):
    x, y, a, b = pair
    equal(x.sort().values, np.sort(a))
    equal(y.sort(descending=True, stable=True).indices, np.argsort(~b, kind="stable"))
    equal(y.topk(2).values, np.sort(b)[:-3:-1])
    equal(y.unique(), np.unique(b))
    values, counts = y.unique(return_counts=True)
    equal(counts, np.unique(b, return_counts=True)[1])
    equal(x.median(), np.sort(a)[3])
    equal(x.kthvalue(5).values, np.sort(a)[4])
    equal(core.searchsorted(x.sort().values, y), np.searchsorted(np.sort(a), b))
    equal(core.isin(x, y), np.isin(a, b))


def test_indexing_and_moving(pair):
    x, y, a, b = pair
    equal(x[y > 3], a[b > 3])
    equal(x.gather(0, core.tensor([5, 0], device=x.device)), a[[5, 0]])
    equal(core.arange(9, device=x.device)[core.tensor(a[[1, 2]], device=x.device)], a[[1, 2]],
          np.int64)
    equal(x.nonzero()[:, 0], np.nonzero(a)[0])
    equal(core.where(x > y, x, y), np.maximum(a, b))
    equal(core.cat([x, y]), np.concatenate([a, b]))
    equal(x.flip(0), a[::-1])
    equal(x.scatter_add(0, core.tensor([1, 1], device=x.device), y[1:3]),
          a + np.array([0, 1, 0, 0, 0, 0, 0], a.dtype))  # the largest and 2 make 1
    equal(x[:2] @ y[:2], (a[:2] * b[:2]).sum(dtype=a.dtype))
    equal(x[:4].reshape(2, 2) @ y[:4].reshape(2, 2), a[:4].reshape(2, 2) @ b[:4].reshape(2, 2))
    z = x.clone()
    z[0], z[1:3] = -1, 5
    equal(z[:3], np.array([np.iinfo(a.dtype).max, 5, 5], a.dtype))


@pytest.mark.parametrize("d", REAL, ids=str)
def test_conversions(d, pair):
    x, _, a, _ = pair
    with np.errstate(over="ignore"):  # what float16 does not hold is inf
        equal(x.to(d), a.astype(np.float32).astype(d.numpy) if d is core.bfloat16
              else a.astype(d.numpy))
    if d.is_floating_point:
        # C leaves it open what floating numbers beyond the range become.
        given = np.array([-3.7, -1.0, 0.0, 1.5, 200.0]).astype(d.numpy)
        whole = np.trunc(given.astype(np.float64)).astype(np.int64)
    else:
        info = np.iinfo(d.numpy) if d.category else None
        given = np.array([info.min, 1, info.max] if info else [False, True], d.numpy)
        whole = given
    equal(core.tensor(given, device=x.device).to(x.dtype), whole.astype(a.dtype))


def test_wide_floats_become_uint64(device):
    given = np.array([2.0**63, 2.0**63 + 2.0**40, -1.0, 2.0**62])
    equal(core.tensor(given, device=device).to(core.uint64),
          np.array([2**63, 2**63 + 2**40, 2**64 - 1, 2**62], np.uint64))


@pytest.mark.parametrize("name", UNSIGNED)
def test_creation(name, device):
    d, info = getattr(core, name), np.iinfo(name)
    place = {"dtype": d, "device": device}
    equal(core.tensor([info.max, 0], **place), np.array([info.max, 0], name))
    equal(core.tensor([-1], **place), np.array([info.max], name))
    equal(core.full((2,), info.max, **place), np.full(2, info.max, name))
    equal(core.full((2,), -1, **place), np.full(2, info.max, name))
    equal(core.zeros(2, **place).fill_(info.max), np.full(2, info.max, name))
    equal(core.arange(5, **place), np.arange(5, dtype=name))
    equal(core.eye(2, **place), np.eye(2, dtype=name))
    assert 0 <= core.randint(0, 9, (20,), **place).max().item() < 9
    for call in (lambda: core.tensor([info.max + 1], **place),
                 lambda: core.full((2,), info.max + 1, **place),
                 lambda: core.zeros(2, **place).fill_(info.max + 1),
                 lambda: core.zeros(2, **place).clamp(max=info.max + 1)):
        with pytest.raises(RuntimeError, match=r"out of range|outside its range"):
            call()


def test_integers_beyond_int64_are_no_int64():
    for data in ([2**63], [1, 2**63], [-1, 2**63], [2**64], 2**63):
        with pytest.raises(RuntimeError, match="does not fit int64"):
            core.tensor(data)
    assert core.tensor([1e30, -1.0]).dtype is core.float32


@pytest.mark.parametrize("name", UNSIGNED)
def test_limits_printing_and_copies(name):
    d, top = getattr(core, name), np.iinfo(name).max
    x = core.tensor([top, 1], dtype=d)
    assert core.iinfo(d).max == top
    assert core.iinfo(d).min == 0
    assert not d.is_signed
    assert x.tolist() == [top, 1]
    assert x[0].item() == int(x[0]) == top
    assert repr(x) == f"tensor([{top}, {1:{len(str(top))}}], dtype=facula.{name})"
    assert x.type() == f"facula.UInt{d.itemsize * 8}Tensor"
    for other in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), core.from_dlpack(x),
                  core.from_numpy(x.numpy()), core.as_tensor(x.numpy())):
        equal(other, x.numpy())
    assert np.from_dlpack(x).dtype == name
    assert pickle.loads(pickle.dumps(d)) is d


def test_pairs_that_pytorch_refuses_follow_the_array_api():
    names = ("uint8", "int8", "int16", "int32", "int64", *UNSIGNED)
    for a in names:
        for b in names:
            wanted = np.promote_types(a, b)
            one, two = getattr(core, a), getattr(core, b)
            if wanted.kind == "f":
                with pytest.raises(RuntimeError, match=f"promote_types: no dtype holds both {a}"):
                    core.promote_types(one, two)
                with pytest.raises(RuntimeError, match=f"cat: no dtype holds both {a}"):
                    core.cat([core.ones(1, dtype=one), core.ones(1, dtype=two)])
            else:
                assert core.promote_types(one, two).name == wanted.name


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "uint16", "uint32"])
def test_numbers_out_of_range_wrap_alike_on_all_devices(name, device):
    """Comparing with 300 or -1 once saw the number unwrapped on OpenCL devices."""
    d, info = np.dtype(name), np.iinfo(name)
    a = np.array([0, 1, info.max, info.min, 44], d)
    x = core.tensor(a, device=device)
    for number in (info.max + 46, info.min - 1, 2**40 + 1):
        wrapped = np.array(number).astype(d)
        equal(x == number, a == wrapped)
        equal(x > number, a > wrapped)
        equal(core.maximum(x, core.tensor(number, device=device)), np.maximum(a, wrapped))
        equal(x * number, a * wrapped)
        equal(x.clone().mul_(number), a * wrapped)


def test_bfloat16_of_the_largest():
    top = np.iinfo(np.uint32).max
    found = core.tensor([top], dtype=core.uint32).bfloat16()
    assert found.numpy()[0] == ml_dtypes.bfloat16(2.0**32)
