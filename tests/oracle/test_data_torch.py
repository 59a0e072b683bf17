"""The data package against PyTorch's: the same batches, lengths, collations and messages' types."""

from __future__ import annotations

import collections
import inspect

import numpy as np
import pytest

import facula
from facula import data

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")
theirs = torch.utils.data

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """Tensors of both libraries as (dtype name, nested lists); containers with their types."""
    if isinstance(value, (torch.Tensor, facula.Tensor)):
        return str(value.dtype).split(".")[-1], value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


@pytest.mark.parametrize("samples", [
    [1, 2], [1.5, 2.5], [True, False], ["a", "b"], [b"a", b"b"], [(1, 2.0), (3, 4.0)],
    [[1, [2, "x"]], [3, [4, "y"]]], [{"a": 1, "b": (2,)}, {"a": 3, "b": (4,)}],
    [Point(1, 2.0), Point(3, 4.0)], [np.float32(1), np.float32(2)], [np.int8(1), np.int8(2)],
    [np.bool_(True)], [np.float64(1)], [np.ones((2, 3), np.int16)] * 3, [np.array(5)],
    [collections.OrderedDict(z=1, a=2)], [1, 2.5],
], ids=str)
def test_collate_and_convert(samples) -> None:
    assert plain(data.default_collate(samples)) == plain(theirs.default_collate(samples))
    assert plain(data.default_convert(samples)) == plain(theirs.default_convert(samples))


@pytest.mark.parametrize("options", [
    {}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None},
    {"sampler": [3, 1, 1]}, {"batch_sampler": [[0, 2], [1]]},
    {"batch_size": 2, "collate_fn": list}, {"batch_size": 4, "num_workers": 2},
    {"batch_size": 100}, {"batch_size": 7, "drop_last": True},
])
def test_loaders(options) -> None:
    array = np.arange(14, dtype=np.float32).reshape(7, 2)
    labels = np.arange(7)
    ours = data.DataLoader(data.TensorDataset(
        facula.from_numpy(array), facula.from_numpy(labels)), **options)
    other = theirs.DataLoader(theirs.TensorDataset(
        torch.from_numpy(array), torch.from_numpy(labels)), **options)
    assert len(ours) == len(other)
    assert [plain(b) for b in ours] == [plain(b) for b in other]


@pytest.mark.parametrize("n", [0, 1, 5, 8])
@pytest.mark.parametrize("drop_last", [False, True])
def test_distributed_shares(n: int, drop_last: bool) -> None:
    for rank in range(4):
        arguments = {"num_replicas": 4, "rank": rank, "shuffle": False, "drop_last": drop_last}
        if n == 0 and not drop_last:
            continue  # PyTorch divides by zero
        assert list(data.DistributedSampler(range(n), **arguments)) == list(
            theirs.DistributedSampler(range(n), **arguments))


@pytest.mark.filterwarnings("ignore:Length of split")
@pytest.mark.parametrize("fractions", [[0.5, 0.5], [0.1, 0.2, 0.7], [1 / 3] * 3, [0.9, 0.1], [1]])
@pytest.mark.parametrize("n", [1, 10, 11, 1797])
def test_sizes_of_splits(fractions, n: int) -> None:
    assert [len(p) for p in data.random_split(range(n), fractions)] == [
        len(p) for p in theirs.random_split(range(n), fractions)]


@pytest.mark.parametrize("name", [
    "Dataset", "IterableDataset", "TensorDataset", "StackDataset", "ConcatDataset", "ChainDataset",
    "Subset", "random_split", "Sampler", "SequentialSampler", "RandomSampler",
    "SubsetRandomSampler", "WeightedRandomSampler", "BatchSampler", "DistributedSampler",
    "DataLoader", "get_worker_info", "default_collate", "default_convert",
])
def test_every_parameter_of_pytorch_is_taken(name: str) -> None:
    def names(value) -> list[str]:
        return [p.name for p in inspect.signature(value).parameters.values()
                if p.name not in ("args", "kwargs", "arrays", "self")]

    wanted, given = names(getattr(theirs, name)), names(getattr(data, name))
    assert given[:len(wanted)] == wanted


@pytest.mark.parametrize("options", [
    {"num_workers": -1}, {"timeout": -1}, {"prefetch_factor": 2}, {"persistent_workers": True},
    {"batch_size": 0}, {"sampler": [0], "shuffle": True}, {"batch_sampler": [[0]], "shuffle": True},
    {"batch_size": None, "drop_last": True},
])
def test_the_same_arguments_are_refused_with_the_same_type(options) -> None:
    with pytest.raises(ValueError) as want:  # noqa: PT011  (the type is what is asked)
        theirs.DataLoader([1, 2], **options)
    with pytest.raises(type(want.value), match="DataLoader"):
        data.DataLoader([1, 2], **options)
