"""PyTorch's `torch.utils`: data loading (`facula.data`), checkpointing, an old name for files."""

from facula.utils import checkpoint, data, model_zoo

__all__ = ["checkpoint", "data", "model_zoo"]
