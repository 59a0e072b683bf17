"""Calling a module with other parameters than its own, where PyTorch used to have it."""

from facula.autograd.func import functional_call

__all__ = ["functional_call"]
