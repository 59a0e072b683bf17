"""Worker processes: the same batches as without, on every start method, and nothing left over."""

from __future__ import annotations

import multiprocessing
import os

import data_sets as D
import numpy as np
import pytest

import facula.core as F
from facula.data import DataLoader, TensorDataset, get_worker_info

METHODS = multiprocessing.get_all_start_methods()


def same(a, b) -> None:
    """Equal in structure and in every value."""
    assert type(a) is type(b)
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, F.Tensor):
        assert a.dtype is b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    else:
        assert a == b


@pytest.mark.parametrize("method", METHODS)
def test_start_methods(method: str) -> None:
    data = D.Squares(20, width=2000)
    want = list(DataLoader(data, 3))
    got = list(DataLoader(data, 3, num_workers=2, multiprocessing_context=method))
    same(want, got)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("persistent", [False, True])
def test_same_seed_same_batches_for_any_number_of_workers(workers: int, persistent: bool) -> None:
    def epochs(n: int) -> list:
        F.manual_seed(7)
        loader = DataLoader(D.Noise(13), 4, shuffle=True, num_workers=n,
                            persistent_workers=persistent and n > 0)
        return [list(loader) for _ in range(3)]

    first, second = epochs(0), epochs(workers)
    for a, b in zip(first, second, strict=True):
        # facula's numbers are the same with no worker at all; NumPy's and random's with any.
        same([batch[:2] for batch in a], [batch[:2] for batch in b])
    same(second, epochs(2))
    assert not np.array_equal(first[0][0][1].numpy(), first[1][0][1].numpy())


def test_loading_leaves_the_programs_own_random_numbers_alone() -> None:
    def after(n: int) -> float:
        F.manual_seed(3)
        list(DataLoader(D.Noise(8), 4, shuffle=True, num_workers=n))
        return F.rand(1).item()

    assert after(0) == after(2)


def test_a_generator_decides_the_order() -> None:
    data = TensorDataset(F.arange(50))
    orders = [[b[0].tolist() for b in DataLoader(data, 10, shuffle=True, num_workers=n,
                                                 generator=F.Generator().manual_seed(1))]
              for n in (0, 2)]
    assert orders[0] == orders[1]


def test_worker_info() -> None:
    assert get_worker_info() is None
    rows = [row for batch in DataLoader(D.Everywhere(), 2, num_workers=2, collate_fn=D.as_list)
            for row in batch]
    assert {r[0] for r in rows}.isdisjoint({os.getpid()})
    assert {r[1] for r in rows} == {0, 1}
    assert {r[2] for r in rows} == {2}
    assert {r[5] for r in rows} == {6}
    assert len({r[3] for r in rows}) == 2  # base seed + worker id
    assert abs(rows[0][3] - rows[-1][3]) <= 1


def test_own_seeding_is_respected() -> None:
    def draws() -> list:
        return [b[2].tolist() for b in DataLoader(
            D.Noise(8), 4, num_workers=1, worker_init_fn=D.own_random)]

    assert draws() == draws()  # although facula's seeds differ


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_iterable(workers: int) -> None:
    loader = DataLoader(D.Stream(10), 2, num_workers=workers)
    for _ in range(2):
        batches = [b.tolist() for b in loader]
        assert sorted(i for b in batches for i in b) == list(range(10))
    assert len(loader) == 5


def test_iterable_persistent_and_without_batches() -> None:
    loader = DataLoader(D.Stream(7), None, num_workers=2, persistent_workers=True)
    for _ in range(3):
        assert sorted(loader) == list(range(7))


def test_iterable_drop_last() -> None:
    assert [b.tolist() for b in DataLoader(D.Stream(5), 2, drop_last=True, num_workers=1)] == [
        [0, 1], [2, 3]]


def test_without_order_everything_comes() -> None:
    loader = DataLoader(D.Squares(20, delay=0.001), 2, num_workers=3, in_order=False)
    assert sorted(i for batch in loader for i in batch[0].tolist()) == list(range(20))


def test_persistent_workers_stay_and_a_broken_off_epoch_does_no_harm() -> None:
    loader = DataLoader(D.Everywhere(), 1, num_workers=2, persistent_workers=True,
                        collate_fn=D.as_list)
    first = {row[0] for batch in loader for row in batch}
    next(iter(loader))
    again = [row[0] for batch in loader for row in batch]
    assert len(again) == 6
    assert set(again) == first
    ordered = DataLoader(D.Squares(10), 1, num_workers=2, persistent_workers=True)
    for _ in range(3):
        for batch in ordered:
            if batch[0].item() == 3:
                break
    assert [b[0].item() for b in ordered] == list(range(10))


def test_kinds_of_content() -> None:
    loader = DataLoader(D.Squares(4), 2, num_workers=1, collate_fn=D.arrays)
    for batch in loader:
        assert batch["numpy"].shape == (6000,)
        assert batch["numpy"].flags.writeable
        assert batch["half"].dtype is F.bfloat16
        assert batch["half"].float().sum().item() == 5000
        assert tuple(batch["empty"].shape) == (0, 3)
        assert batch["text"] == "x" * 10
        assert batch["flag"].item() is True


def test_batches_can_be_kept_and_written_to(open_descriptors) -> None:
    before = open_descriptors() if open_descriptors else 0
    loader = DataLoader(D.Squares(120, width=5000), 1, num_workers=2)
    kept = []
    for index, rows in loader:
        rows.add_(1)
        kept.append((index.item(), rows))
        if open_descriptors:
            assert open_descriptors() < before + 60  # however many batches are kept
    for index, rows in kept:
        assert (rows.numpy() == index ** 2 + 1).all()
    del kept, rows
    if open_descriptors:
        assert open_descriptors() <= before + 1


def test_segments_are_used_again() -> None:
    loader = DataLoader(D.Squares(200, width=5000), 1, num_workers=1)
    iterator = iter(loader)
    for _index, _rows in iterator:
        mapped = len(iterator._workers[0].receiver.mappings.arrays) if iterator._workers else 0
        assert mapped <= 6  # two ahead, one being written, the last two of the loop


def test_sampler_and_batch_sampler() -> None:
    data = D.Squares(10)
    loader = DataLoader(data, batch_sampler=[[1, 2], [3]], num_workers=2)
    assert [b[0].tolist() for b in loader] == [[1, 2], [3]]
    loader = DataLoader(data, sampler=[4, 2, 0], batch_size=2, num_workers=2)
    assert [b[0].tolist() for b in loader] == [[4, 2], [0]]
    assert [i for i, _ in DataLoader(data, None, sampler=[4, 2], num_workers=1)] == [4, 2]


def test_more_workers_than_batches_and_no_batches() -> None:
    assert len(list(DataLoader(D.Squares(2), 2, num_workers=3))) == 1
    assert list(DataLoader(D.Squares(0), 2, num_workers=2)) == []


def test_tasks_larger_than_a_pipe() -> None:
    loader = DataLoader(D.Squares(60000, width=10), 60000, num_workers=2, prefetch_factor=4)
    (index, rows), = list(loader)
    assert index.tolist() == list(range(60000))
    assert tuple(rows.shape) == (60000, 10)
