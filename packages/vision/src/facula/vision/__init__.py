"""Datasets, transforms and models for pictures."""

from facula.vision import datasets, io, models, transforms

__all__ = ["datasets", "io", "models", "transforms"]
