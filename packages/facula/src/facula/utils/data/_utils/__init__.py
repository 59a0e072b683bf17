"""PyTorch's private rooms that programs reach into: the making of batches."""

from facula.utils.data._utils import collate as collate
