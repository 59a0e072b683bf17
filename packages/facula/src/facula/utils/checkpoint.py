"""Checkpointing under PyTorch's name for it: the functions of `facula.autograd.checkpoint`."""

from facula.autograd.checkpoint import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
