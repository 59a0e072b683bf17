"""Batches in pinned memory, with and without workers, and without a device to pin for."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import pytest

import facula.core as F
from facula.core import opencl
from facula.data import DataLoader, IterableDataset, TensorDataset, pinning

Pair = namedtuple("Pair", "x name")


class Stream(IterableDataset[Any]):
    """Numbers from a source without indices."""

    def __iter__(self) -> Any:
        return iter([F.tensor(i) for i in range(5)])


class Held:
    """A batch of the user's own type, which knows how to pin itself."""

    def __init__(self, samples: list[Any]) -> None:
        self.total = F.stack(samples)

    def pin_memory(self) -> Held:
        self.total = self.total.pin_memory()
        return self


@pytest.fixture
def opencl_device(device: str) -> str:
    """Only the devices that memory can be pinned for."""
    if device == "cpu":
        pytest.skip("is about the other devices")
    return device


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (2, False), (2, True)])
def test_batches_are_pinned(opencl_device: str, workers: int, persistent: bool) -> None:
    data = TensorDataset(F.arange(10), F.arange(20.0).reshape(10, 2))
    loader: DataLoader[Any] = DataLoader(data, 4, num_workers=workers, pin_memory=True,
                                         persistent_workers=persistent,
                                         pin_memory_device=opencl_device)
    assert len(iter(loader)) == 3
    for _ in range(2):
        rows = []
        for x, y in loader:
            assert x.is_pinned()
            assert y.is_pinned()
            moved = y.to(opencl_device, non_blocking=True)
            assert moved[:, 0].tolist() == [2.0 * i for i in x.tolist()]
            rows += x.to(opencl_device, non_blocking=True).tolist()
        assert rows == list(range(10))
    if workers and loader._iterator is not None:
        loader._iterator.close()


def test_iterable_data_sets_and_single_samples(opencl_device: str) -> None:
    for size in (2, None):
        values: list[Any] = []
        for batch in DataLoader(Stream(), size, pin_memory=True):
            assert batch.is_pinned()
            values += batch.reshape(-1).tolist()
        assert values == [0, 1, 2, 3, 4]


def test_containers_keep_their_type(opencl_device: str) -> None:
    def make(samples: list[Any]) -> Any:
        x = F.stack(samples)
        return {"pair": Pair(x, "a"), "list": [x, 3], "ordered": OrderedDict(z=(x, b"raw")),
                "range": range(2), "none": None}
    loader: DataLoader[Any] = DataLoader(F.arange(4), 2, collate_fn=make, pin_memory=True)
    for batch in loader:
        assert type(batch["pair"]) is Pair
        assert batch["pair"].name == "a"
        assert type(batch["ordered"]) is OrderedDict
        assert batch["ordered"]["z"][1] == b"raw"
        assert batch["list"][1] == 3
        assert list(batch["range"]) == [0, 1]
        assert batch["none"] is None
        for x in (batch["pair"].x, batch["list"][0], batch["ordered"]["z"][0]):
            assert x.is_pinned()


def test_objects_pin_themselves(opencl_device: str) -> None:
    batches = list(DataLoader(F.arange(4), 2, collate_fn=Held, pin_memory=True))
    assert [b.total.tolist() for b in batches] == [[0, 1], [2, 3]]
    assert all(b.total.is_pinned() for b in batches)


def test_tensors_on_a_device_are_refused(opencl_device: str) -> None:
    data = TensorDataset(F.arange(4, device=opencl_device))
    with pytest.raises(RuntimeError, match="only tensors on the CPU can be pinned"):
        next(iter(DataLoader(data, 2, pin_memory=True)))


def test_without_a_device_a_warning_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencl, "is_available", lambda: False)
    loader: DataLoader[Any] = DataLoader(F.arange(4), 2, pin_memory=True)
    with pytest.warns(UserWarning, match="no OpenCL device"):
        batches = list(loader)
    assert [b.tolist() for b in batches] == [[0, 1], [2, 3]]
    assert not any(b.is_pinned() for b in batches)
    assert not isinstance(iter(DataLoader(F.arange(4))), pinning.Pinning)
