"""The sampler for several processes under PyTorch's module name for it."""

from facula.data.distributed import DistributedSampler

__all__ = ["DistributedSampler"]
