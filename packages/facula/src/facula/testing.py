"""PyTorch's `torch.testing`: comparing tensors in tests."""

from facula.core.testing.compare import assert_close

__all__ = ["assert_close"]
