"""Automatic differentiation for facula's tensors."""

__all__: list[str] = []
