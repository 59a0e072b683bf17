"""Automatic differentiation for facula's tensors."""
