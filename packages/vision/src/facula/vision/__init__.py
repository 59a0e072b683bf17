"""Datasets, transforms and models for pictures."""

from facula.vision import datasets, io, transforms

__all__ = ["datasets", "io", "transforms"]
