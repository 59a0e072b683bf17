"""Datasets, transforms and models for pictures."""

from facula.vision import datasets, transforms

__all__ = ["datasets", "transforms"]
