"""PyTorch's `torch.utils`: `facula.utils.data` is `facula.data`, and checkpointing."""

from facula.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
