"""Datasets, samplers and the data loader."""

from facula.data.collate import collate, default_collate, default_collate_fn_map, default_convert
from facula.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from facula.data.distributed import DistributedSampler
from facula.data.info import WorkerInfo, get_worker_info
from facula.data.loader import DataLoader
from facula.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "Dataset", "IterableDataset", "TensorDataset", "StackDataset", "ConcatDataset",
    "ChainDataset", "Subset", "random_split",
    "Sampler", "SequentialSampler", "RandomSampler", "SubsetRandomSampler",
    "WeightedRandomSampler", "BatchSampler", "DistributedSampler",
    "DataLoader", "get_worker_info", "WorkerInfo",
    "collate", "default_collate", "default_convert", "default_collate_fn_map",
]
