"""PyTorch's `torch.utils`: `facula.utils.data` is `facula.data`."""

from facula.utils import data

__all__ = ["data"]
