"""The loader without workers: its arguments, lengths and batches."""

from __future__ import annotations

import copy
import pickle

import data_sets as D
import pytest

import facula.core as F
from facula.data import DataLoader, StackDataset, Subset, TensorDataset, default_collate


def test_batches_and_lengths() -> None:
    data = TensorDataset(F.arange(5))
    assert [b[0].tolist() for b in DataLoader(data, 2)] == [[0, 1], [2, 3], [4]]
    assert [b[0].tolist() for b in DataLoader(data, 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert [len(DataLoader(data, 2, drop_last=d)) for d in (False, True)] == [3, 2]
    assert len(DataLoader(data, None)) == 5
    iterator = iter(DataLoader(data, 2))
    assert len(iterator) == 3
    assert iter(iterator) is iterator


def test_the_rows_of_tensors_are_what_collating_gives(device: str) -> None:
    data = TensorDataset(F.arange(12, device=device).reshape(6, 2), F.arange(6, device=device))
    fast = list(DataLoader(data, 4))
    slow = list(DataLoader(data, 4, collate_fn=lambda samples: default_collate(samples)))
    for a, b in zip(fast, slow, strict=True):
        assert type(a) is type(b) is list
        for x, y in zip(a, b, strict=True):
            assert x.tolist() == y.tolist()
            assert x.device == y.device
    fast[0][0].zero_()
    assert data.tensors[0].sum().item() == 66  # a batch is a copy


def test_without_batches() -> None:
    assert list(DataLoader([3, "x"], None)) == [3, "x"]
    (first, *_) = DataLoader(D.Squares(3), None)
    assert first[0] == 0
    assert first[1].tolist() == [0, 0, 0]


def test_getitems_is_used() -> None:
    data = StackDataset(Subset("abcd", [3, 2, 1]), [0, 1, 2])
    assert [b[0] for b in DataLoader(data, 2)] == [("d", "c"), ("b",)]

    class Wrong(D.Squares):
        def __getitems__(self, indices):
            return []

    with pytest.raises(ValueError, match="2 indices gave 0 samples"):
        list(DataLoader(Wrong(4), 2))


def test_shuffle_is_new_in_each_epoch_and_repeats_with_the_seed() -> None:
    data = TensorDataset(F.arange(40))

    def orders() -> list:
        F.manual_seed(11)
        loader = DataLoader(data, 40, shuffle=True)
        return [next(iter(loader))[0].tolist() for _ in range(2)]

    a, b = orders(), orders()
    assert a == b
    assert a[0] != a[1]
    assert sorted(a[0]) == list(range(40))


@pytest.mark.parametrize(("arguments", "text"), [
    ({"num_workers": -1}, "num_workers=-1"), ({"timeout": -1}, "timeout=-1"),
    ({"prefetch_factor": 2}, "prefetch_factor=2 needs workers"),
    ({"persistent_workers": True}, "persistent_workers=True needs workers"),
    ({"multiprocessing_context": "fork"}, "needs workers"),
    ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor=0"),
    ({"batch_size": 0}, "batch_size=0"), ({"batch_size": True}, "batch_size=True"),
    ({"sampler": [1], "shuffle": True}, "exclude"),
    ({"batch_sampler": [[1]], "batch_size": 2}, "alone"),
    ({"batch_sampler": [[1]], "shuffle": True}, "alone"),
    ({"batch_size": None, "drop_last": True}, "drop_last=True"),
    ({"num_workers": 1, "multiprocessing_context": "thread"}, "not a start method"),
])
def test_arguments_that_do_not_fit(arguments, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        DataLoader(D.Squares(3), **arguments)


@pytest.mark.parametrize("arguments", [{"shuffle": True}, {"sampler": [1]},
                                       {"batch_sampler": [[1]]}])
def test_streams_have_their_own_order(arguments) -> None:
    with pytest.raises(ValueError, match="IterableDataset"):
        DataLoader(D.Stream(3), **arguments)


def test_what_is_fixed_after_the_start() -> None:
    loader = DataLoader(D.Squares(3))
    for name in ("batch_size", "sampler", "batch_sampler", "dataset", "drop_last"):
        with pytest.raises(ValueError, match=f"{name} can't be set"):
            setattr(loader, name, None)
    loader.num_workers = 0
    with pytest.raises(TypeError, match="multiprocessing_context"):
        DataLoader(D.Squares(3), num_workers=1, multiprocessing_context=5)


def test_streams() -> None:
    assert [b.tolist() for b in DataLoader(D.Stream(5), 2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(D.Stream(5), 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(D.Stream(3), None)) == [0, 1, 2]
    assert [len(DataLoader(D.Stream(5), n, drop_last=d)) for n, d in
            ((2, False), (2, True), (None, False))] == [3, 2, 5]


def test_copies() -> None:
    loader = DataLoader(D.Squares(4), 2, generator=F.Generator().manual_seed(1), shuffle=True)
    for twin in (copy.copy(loader), copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))):
        assert len(list(twin)) == 2


def test_names_under_utils() -> None:
    umbrella = pytest.importorskip("facula.utils.data")
    assert umbrella.DataLoader is DataLoader
