"""Data sets, their mixtures, and random splits."""

from __future__ import annotations

import pytest

import facula.core as F
from facula.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Letters(Dataset):
    """A data set that counts how it is asked."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, []

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, index):
        self.asked.append(index)
        return self.text[index]

    def __getitems__(self, indices):
        self.asked.append(tuple(indices))
        return [self.text[i] for i in indices]


def test_tensor_dataset() -> None:
    data = TensorDataset(F.arange(6).reshape(3, 2), F.arange(3))
    assert len(data) == 3
    x, y = data[-1]
    assert x.tolist() == [4, 5]
    assert y.item() == 2
    assert [t.tolist() for t in data[1:]] == [[[2, 3], [4, 5]], [1, 2]]
    for bad in ((), (F.zeros(2), F.zeros(3)), (F.zeros(()),)):
        with pytest.raises(ValueError, match="TensorDataset"):
            TensorDataset(*bad)


def test_stack() -> None:
    assert StackDataset("ab", "cd")[0] == ("a", "c")
    assert StackDataset(x="ab", y="cd").__getitems__([1, 0]) == [
        {"x": "b", "y": "d"}, {"x": "a", "y": "c"}]
    assert len(StackDataset(x="ab")) == 2
    letters = Letters("abc")
    assert StackDataset(letters, "xyz").__getitems__([2, 0]) == [("c", "z"), ("a", "x")]
    assert letters.asked == [(2, 0)]
    for args, kwargs in (((), {}), (("a",), {"x": "a"}), (("a", "bc"), {})):
        with pytest.raises(ValueError, match="StackDataset"):
            StackDataset(*args, **kwargs)


def test_concat() -> None:
    data = ConcatDataset(["abc", "", "de"])
    assert [data[i] for i in range(5)] == list("abcde")
    assert [data[i] for i in range(-5, 0)] == list("abcde")
    assert data.cumulative_sizes == [3, 3, 5]
    for index in (5, -6):
        with pytest.raises(IndexError, match="length is 5"):
            data[index]
    with pytest.raises(ValueError, match="no data sets"):
        ConcatDataset([])
    assert isinstance(Letters("a") + Letters("b"), ConcatDataset)
    assert "".join((Letters("ab") + Letters("c"))[i] for i in range(3)) == "abc"


def test_chain() -> None:
    class Two(IterableDataset):
        def __iter__(self):
            return iter((1, 2))

        def __len__(self):
            return 2

    chained = Two() + Two()
    assert isinstance(chained, ChainDataset)
    assert list(chained) == [1, 2, 1, 2]
    assert len(chained) == 4
    with pytest.raises(ValueError, match="use ChainDataset"):
        ConcatDataset([Two()])
    with pytest.raises(TypeError, match="ConcatDataset"):
        list(ChainDataset([object()]))


def test_subset() -> None:
    letters = Letters("abcd")
    part = Subset(letters, [3, 1])
    assert part[0] == "d"
    assert part.__getitems__([1, 0]) == ["b", "d"]
    assert letters.asked == [3, (1, 3)]

    class Upper(Subset):
        def __getitem__(self, index):
            return super().__getitem__(index).upper()

    assert Upper(letters, [3, 1]).__getitems__([0]) == ["D"]


def test_missing_methods_say_so() -> None:
    with pytest.raises(NotImplementedError, match="has no __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="has no __iter__"):
        iter(IterableDataset())


@pytest.mark.parametrize(("lengths", "sizes"), [
    ([7, 3], [7, 3]), ([10], [10]), ([0, 10], [0, 10]), ([0.5, 0.5], [5, 5]),
    ([1 / 3, 1 / 3, 1 / 3], [4, 3, 3]), ([0.25, 0.25, 0.5], [3, 2, 5]), ([1.0], [10]),
    ([0.1] * 10, [1] * 10),
])
def test_random_split(lengths, sizes) -> None:
    parts = random_split(range(10), lengths, generator=F.Generator().manual_seed(0))
    assert [len(p) for p in parts] == sizes
    assert sorted(i for p in parts for i in p) == list(range(10))
    again = random_split(range(10), lengths, generator=F.Generator().manual_seed(0))
    assert [list(p) for p in parts] == [list(p) for p in again]


@pytest.mark.parametrize("lengths", [[5, 4], [0.5, 0.6], [-1, 11], [0.5, 9.5], [1.5, -0.5]])
def test_random_split_refuses(lengths) -> None:
    with pytest.raises(ValueError, match="random_split"):
        random_split(range(10), lengths)
