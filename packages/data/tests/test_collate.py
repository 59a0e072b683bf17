"""From samples to batches, by type."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import facula.core as F
from facula.data import collate, default_collate, default_collate_fn_map, default_convert

Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
@pytest.mark.parametrize("name", ["float32", "int64", "bool", "bfloat16", "complex64", "uint8"])
def test_tensors(shape, name: str, device: str) -> None:
    if device != "cpu" and name == "complex64":
        device = "cpu"  # whether OpenCL has complex numbers is core's matter
    d = getattr(F, name)
    samples = [F.full(shape, i % 2, dtype=d, device=device) for i in range(5)]
    batch = default_collate(samples)
    assert batch.dtype is d
    assert str(batch.device).startswith(device)
    want = np.stack([s.cpu().numpy() for s in samples])
    np.testing.assert_array_equal(batch.cpu().numpy(), want)


def test_strided_samples_and_independence() -> None:
    base = F.arange(12).reshape(3, 4)
    batch = default_collate([base[:, 0], base[:, 1]])
    assert batch.tolist() == [[0, 4, 8], [1, 5, 9]]
    batch.zero_()
    assert base.sum().item() == 66


def test_mixed_dtypes_are_promoted() -> None:
    assert default_collate([F.ones(1), F.ones(1, dtype=F.float64)]).dtype is F.float64


@pytest.mark.parametrize(("values", "dtype"), [
    ([1, 2], F.int64), ([1.5, 2.5], F.float64), ([True, False], F.bool),
    ([np.float32(1), np.float32(2)], F.float32), ([np.float64(1)], F.float64),
    ([np.int16(1)], F.int16), ([np.bool_(True)], F.bool),
    ([np.ones(2, np.float16)], F.float16), ([np.int64(3)], F.int64),
])
def test_numbers_and_arrays(values, dtype) -> None:
    batch = default_collate(values)
    assert batch.dtype is dtype
    np.testing.assert_array_equal(batch.numpy(), np.array(values))


def test_containers() -> None:
    samples = [{"a": (i, [i, str(i)]), "p": Point(i, F.tensor(i))} for i in range(2)]
    batch = default_collate(samples)
    assert batch["a"][0].tolist() == [0, 1]
    assert type(batch["a"]) is list
    assert batch["a"][1][1] == ("0", "1")
    assert type(batch["p"]) is Point
    assert batch["p"].y.tolist() == [0, 1]
    ordered = default_collate([collections.OrderedDict(b=1, a=2)])
    assert type(ordered) is collections.OrderedDict
    assert list(ordered) == ["b", "a"]
    counted = default_collate([collections.defaultdict(list, x=1)])
    assert type(counted) is collections.defaultdict
    assert default_collate([b"ab", b"c"]) == [b"ab", b"c"]


@pytest.mark.parametrize(("samples", "error", "text"), [
    ([F.zeros(2), F.zeros(3)], RuntimeError, r"sample 0 has \(2,\), sample 1 has \(3,\)"),
    ([F.zeros(2), F.zeros(2), F.zeros(4), F.zeros(0)], RuntimeError, r"sample 2 has \(4,\)"),
    ([(1, 2), (1,)], RuntimeError, "sample 0 has 2, sample 1 has 1"),
    ([{"a": 1}, {"b": 1}], KeyError, "sample 1 has no key 'a'"),
    ([object()], TypeError, "holds a builtins.object"),
    ([None, None], TypeError, "holds a builtins.NoneType"),
    ([np.array(["a"])], TypeError, "dtype <U1"),
])
def test_errors(samples, error, text: str) -> None:
    with pytest.raises(error, match=text):
        default_collate(samples)


def test_the_table_can_be_extended() -> None:
    class Box:
        def __init__(self, n: int) -> None:
            self.n = n

    class Lid(Box):
        pass

    def boxes(batch, *, collate_fn_map=None):
        return sum(b.n for b in batch)

    default_collate_fn_map[Box] = boxes
    try:
        assert default_collate([(Box(1), 1), (Box(2), 2)])[0] == 3
        assert default_collate([Lid(4)]) == 4  # a subclass too
    finally:
        del default_collate_fn_map[Box]
    assert collate([3, 4], collate_fn_map={int: lambda b, *, collate_fn_map: sum(b)}) == 7
    with pytest.raises(TypeError):
        collate([3, 4])


def test_convert() -> None:
    out = default_convert({"a": [np.arange(2), "x"], "p": Point(np.float32(1), None), "t": (1,)})
    assert out["a"][0].tolist() == [0, 1]
    assert out["a"][1] == "x"
    assert type(out["p"]) is Point
    assert out["p"].x.dtype is F.float32
    assert out["t"] == [1]
    tensor = F.ones(1)
    assert default_convert(tensor) is tensor
    texts = np.array(["a"])
    assert default_convert(texts) is texts
